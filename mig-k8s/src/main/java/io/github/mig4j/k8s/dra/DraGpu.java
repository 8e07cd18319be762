package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.plan.PlanGpu;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.immutables.value.Value;

/** A physical GPU, and the devices that the driver publishes of it. */
@Value.Immutable
public interface DraGpu {

  /** How the driver offers MIG devices. */
  enum Form {
    /** MIG devices were made before, by the MIG manager or by hand; the driver publishes these. */
    STATIC,
    /**
     * The driver publishes whatever could be made and makes it when it is claimed; counters keep
     * claims apart (KEP-4815, feature gate DynamicMIG of the driver).
     */
    PARTITIONABLE
  }

  /**
   * The GPU's UUID.
   *
   * @return e.g. {@code GPU-4f1c…}, or empty if no device has it
   */
  Optional<String> uuid();

  /**
   * Where it is on the PCI bus.
   *
   * @return domain, bus, device and function, e.g. {@code 0000:53:00.0}; empty if no device has it
   */
  Optional<String> pciBusId();

  /**
   * The product name as NVML prints it.
   *
   * @return e.g. {@code NVIDIA H100 80GB HBM3}
   */
  Optional<String> product();

  /**
   * The model.
   *
   * @return the model, or empty if the product is not in the catalogue or names several
   */
  Optional<GpuModel> model();

  /**
   * How the driver offers its MIG devices.
   *
   * @return the form; static for a GPU without any
   */
  Form form();

  /**
   * What is published of it.
   *
   * @return devices in the order in which the scheduler tries them
   */
  List<DraDevice> devices();

  /**
   * How many devices of each profile claims could still be given, of that profile alone.
   *
   * @return counts of at least 1
   */
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> room();

  /**
   * The MIG devices that are there: the published ones, or of a partitionable GPU those that were
   * claimed.
   *
   * @return counts by profile; none if the GPU is not cut
   */
  default SortedMap<MigProfile, Integer> cutInto() {
    SortedMap<MigProfile, Integer> counts = new TreeMap<>();
    ExistingDevices.of(this).devices().stream()
        .flatMap(device -> device.profile().stream())
        .forEach(profile -> counts.merge(profile, 1, Integer::sum));
    return Collections.unmodifiableSortedMap(counts);
  }

  /**
   * The layout of the MIG devices that are there.
   *
   * @return the layout; empty if the model or a device's place is not known, or if the catalogue
   *     calls such a layout impossible, which is then a {@link io.github.mig4j.lint.Finding}
   */
  default Optional<MigLayout> layout() {
    return ExistingDevices.of(this)
        .placedOn(this)
        .flatMap(result -> result instanceof PlacementResult.Placed placed
            ? Optional.of(placed.layout())
            : Optional.empty());
  }

  /**
   * Whether the GPU can be had as a whole.
   *
   * @return true if it is published as a device and this is free
   */
  default boolean isFree() {
    return devices().stream()
        .anyMatch(device ->
            device.kind() == DraDevice.Kind.GPU && device.state() == DraDevice.State.FREE);
  }

  /**
   * The GPU as a planner sees it: how it is cut, with the instances pinned that claims hold.
   *
   * @return the GPU; empty if its model, its address or its layout is not known, or not all of its
   *     node's slices are there
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
      // What the driver has tainted is no more to be had than what is claimed.
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
}
