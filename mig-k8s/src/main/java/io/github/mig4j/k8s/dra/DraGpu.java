package io.github.mig4j.k8s.dra;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.immutables.value.Value;

/** A physical GPU, and its devices that the driver publishes. */
@Value.Immutable
public interface DraGpu extends JsonForm {

  /** How the driver offers MIG devices. */
  enum Form implements JsonName {
    /** The driver publishes existing MIG devices, which the MIG manager or an admin has created. */
    STATIC,
    /**
     * The driver publishes every possible MIG device and creates it when it is claimed; counters prevent
     * overlapping claims (KEP-4815, feature gate DynamicMIG of the driver).
     */
    PARTITIONABLE
  }

  /** {@return the GPU's UUID, e.g. {@code GPU-4f1c…}; empty if no device has this attribute} */
  Optional<String> uuid();

  /**
   * {@return the address on the PCI bus: domain, bus, device and function, e.g. {@code
   * 0000:53:00.0}; empty if no device has this attribute}
   */
  Optional<String> pciBusId();

  /** {@return the product name as NVML prints it, e.g. {@code NVIDIA H100 80GB HBM3}} */
  @Value.Redacted
  Optional<String> product();

  /** {@return the model; empty if the product is not in the catalogue or names several} */
  Optional<GpuModel> model();

  /** {@return how the driver offers its MIG devices; static for a GPU without MIG devices} */
  Form form();

  /** {@return the published devices of the GPU, in the order in which the scheduler tries them} */
  @Value.Redacted
  List<DraDevice> devices();

  /**
   * {@return how many more devices of each profile can be allocated, if all are of that profile;
   * counts of at least 1}
   */
  @Value.Redacted
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> room();

  /**
   * {@return the existing MIG devices as counts: the published ones, or the claimed ones of a
   * partitionable GPU}
   */
  default SortedMap<MigProfile, Integer> cutInto() {
    SortedMap<MigProfile, Integer> counts = new TreeMap<>();
    ExistingDevices.of(this).devices().stream()
        .flatMap(device -> device.profile().stream())
        .forEach(profile -> counts.merge(profile, 1, Integer::sum));
    return Collections.unmodifiableSortedMap(counts);
  }

  /**
   * {@return the layout of the existing MIG devices; empty if the model or a device's place is
   * unknown, or if such a layout is impossible according to the catalogue, which is then a {@link
   * io.github.mig4j.lint.Finding}}
   */
  default Optional<MigLayout> layout() {
    return ExistingDevices.of(this)
        .placedOn(this)
        .flatMap(result -> result instanceof PlacementResult.Placed placed
            ? Optional.of(placed.layout())
            : Optional.empty());
  }

  /** {@return whether the whole GPU can be allocated: it is published as a device that is free} */
  default boolean isFree() {
    return devices().stream()
        .anyMatch(device ->
            device.kind() == DraDevice.Kind.GPU && device.state() == DraDevice.State.FREE);
  }

  /**
   * {@return the GPU for a planner, with pinned instances for allocated devices; empty if its
   * model, its address or its layout is unknown, or not all of its node's slices exist}
   */
  default Optional<PlanGpu> toPlanGpu() {
    boolean isTold = pciBusId().isPresent()
        && devices().stream().noneMatch(device -> device.state() == DraDevice.State.UNKNOWN);
    return model().filter(known -> isTold).flatMap(this::toPlanGpu);
  }

  private Optional<PlanGpu> toPlanGpu(GpuModel known) {
    Optional<PlanGpu> gpu =
        known.supportsMig() ? layout().map(PlanGpu::of) : Optional.of(PlanGpu.of(known));
    return gpu.map(it -> {
      // A tainted device is as unavailable as an allocated one.
      PlanGpu pinning = it.pinning(ExistingDevices.of(this).devices().stream()
          .filter(DraGpu::isGone)
          .flatMap(device -> device.placement().stream())
          .toList());
      boolean whole = devices().stream()
          .filter(device -> device.kind() == DraDevice.Kind.GPU || form() == Form.PARTITIONABLE)
          .anyMatch(device -> device.kind() == DraDevice.Kind.GPU
              ? isGone(device)
              : device.state() == DraDevice.State.TAINTED);
      return whole ? pinning.pinned() : pinning;
    });
  }

  private static boolean isGone(DraDevice device) {
    return !device.claims().isEmpty() || device.state() == DraDevice.State.TAINTED;
  }

  /** Builds a {@link DraGpu}. */
  final class Builder extends ImmutableDraGpu.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("uuid", uuid())
        .and("pciBusId", pciBusId())
        .and("product", product())
        .and("model", model().map(GpuModel::id))
        .and("form", form())
        .and("free", isFree())
        .and("room", room())
        .and("cutInto", cutInto())
        .and("devices", devices())
        .map();
  }
}
