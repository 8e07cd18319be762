package io.github.mig4j.node;

import io.github.mig4j.JsonForm;
import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuBoard;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.PciDeviceId;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A GPU of a node, with everything by which a configuration can select it.
 *
 * @param index its position by PCI address among the GPUs that NVML sees, from 0
 * @param deviceId its PCI device id; if it is not given, a filter for any board of the model
 *     matches
 * @param subsystem its PCI subsystem, device and vendor as one number of 32 bits, as {@code
 *     nvidia-smi --query-gpu=pci.sub_device_id} prints it, e.g. 0x16C010DE; mig-parted uses 0 if it
 *     is not known
 */
public record NodeGpu(
    int index, GpuModel model, Optional<PciDeviceId> deviceId, OptionalLong subsystem)
    implements JsonForm {

  /** More GPUs than any node has; a larger number in a label is not believed. */
  public static final int MAX_PER_NODE = 1024;

  public NodeGpu {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(deviceId, "deviceId");
    Objects.requireNonNull(subsystem, "subsystem");
    if (index < 0) {
      throw new IllegalArgumentException(
          "The index of a GPU counts from 0, but was %d".formatted(index));
    }
    if (subsystem.isPresent() && subsystem.getAsLong() >>> Integer.SIZE != 0) {
      throw new IllegalArgumentException(
          "A PCI subsystem is a number of 32 bits, but was 0x%X".formatted(subsystem.getAsLong()));
    }
  }

  /** {@return a GPU of which only the model is known} */
  public static NodeGpu of(int index, GpuModel model) {
    return new NodeGpu(index, model, Optional.empty(), OptionalLong.empty());
  }

  /**
   * {@return the GPUs of a node that has only one model, with indexes from 0}
   *
   * @param count the number of GPUs, from 1 to {@value #MAX_PER_NODE}
   */
  public static List<NodeGpu> several(GpuModel model, int count) {
    if (count < 1 || count > MAX_PER_NODE) {
      throw new IllegalArgumentException(
          "A node has from 1 to %d GPUs, but count was %d".formatted(MAX_PER_NODE, count));
    }
    return IntStream.range(0, count).mapToObj(index -> of(index, model)).toList();
  }

  /** {@return this GPU with its PCI device id, which distinguishes boards of one model} */
  public NodeGpu withDeviceId(PciDeviceId id) {
    Objects.requireNonNull(id, "id");
    return new NodeGpu(index, model, Optional.of(id), subsystem);
  }

  /**
   * {@return whether the indexes and the filters of an entry, where it has any, select this GPU}
   */
  public boolean isSelectedBy(MigConfigSpec entry) {
    Objects.requireNonNull(entry, "entry");
    return entry.devices().selects(index) && passes(entry.deviceFilters());
  }

  /** Whether another GPU differs in its index only. */
  boolean isOfKindOf(NodeGpu other) {
    return model.equals(other.model)
        && deviceId.equals(other.deviceId)
        && subsystem.equals(other.subsystem);
  }

  boolean passes(List<DeviceFilter> filters) {
    return filters.isEmpty() || ids().anyMatch(matchedBy(filters));
  }

  /** Whether the answer of {@link #passes} depends on which board of the model this is. */
  boolean isUndecided(List<DeviceFilter> filters) {
    return passes(filters) && !filters.isEmpty() && !ids().allMatch(matchedBy(filters));
  }

  private Predicate<PciDeviceId> matchedBy(List<DeviceFilter> filters) {
    return id -> filters.stream().anyMatch(filter -> filter.matches(id, subsystem));
  }

  private Stream<PciDeviceId> ids() {
    return deviceId.map(Stream::of).orElseGet(() -> model.boards().stream().map(GpuBoard::id));
  }

  /** Index and model, e.g. {@code GPU 0 (b200-180gb)}. */
  @Override
  public String toString() {
    return "GPU %d (%s)".formatted(index, model.id());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("index", index)
        .and("model", model.id())
        .and("deviceId", deviceId)
        .and("subsystem", subsystem)
        .map();
  }
}
