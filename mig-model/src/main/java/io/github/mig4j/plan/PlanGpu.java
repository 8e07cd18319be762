package io.github.mig4j.plan;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A GPU as input for a planner: its model, its current layout, and the instances that must stay.
 *
 * <p>A GPU with a pinned instance keeps its layout, because NVIDIA's MIG manager can only
 * repartition a whole GPU. A pinned instance runs a workload and meets no demand. The other
 * instances of the GPU can meet demand.
 */
public final class PlanGpu implements JsonForm {

  private final GpuModel model;
  private final Optional<MigLayout> layout;
  private final List<Placement> pinnedInstances;
  private final boolean pinned;

  private PlanGpu(
      GpuModel model, Optional<MigLayout> layout, List<Placement> pinnedInstances, boolean pinned) {
    this.model = model;
    this.layout = layout;
    this.pinnedInstances = pinnedInstances;
    this.pinned = pinned;
  }

  /**
   * Creates a GPU without MIG devices, which can be partitioned. A model without MIG only occupies
   * an index on its node.
   */
  public static PlanGpu of(GpuModel model) {
    Objects.requireNonNull(model, "model");
    return new PlanGpu(
        model,
        model.supportsMig() ? Optional.of(MigLayout.on(model).build()) : Optional.empty(),
        List.of(),
        false);
  }

  /** Creates a GPU with MIG devices, which can be repartitioned. */
  public static PlanGpu of(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    return new PlanGpu(layout.gpu(), Optional.of(layout), List.of(), false);
  }

  /**
   * Pins instances besides those pinned already.
   *
   * @param instances placements of the layout which run something
   * @throws IllegalArgumentException if one is not in the layout
   */
  public PlanGpu pinning(List<Placement> instances) {
    Objects.requireNonNull(instances, "instances");
    List<Placement> present = layout.map(MigLayout::placements).orElse(List.of());
    for (Placement instance : instances) {
      if (!present.contains(instance)) {
        throw new IllegalArgumentException(
            "%s has no instance %s to pin; it has %s".formatted(model.id(), instance, present));
      }
    }
    return new PlanGpu(
        model,
        layout,
        present.stream()
            .filter(p -> pinnedInstances.contains(p) || instances.contains(p))
            .toList(),
        pinned);
  }

  /** Pins instances as {@link #pinning(List)} does. */
  public PlanGpu pinning(Placement... instances) {
    Objects.requireNonNull(instances, "instances");
    return pinning(List.of(instances));
  }

  /**
   * Pins the whole GPU: its layout stays. Instances that are not pinned individually can still meet
   * demand.
   */
  public PlanGpu pinned() {
    return new PlanGpu(model, layout, pinnedInstances, true);
  }

  /** {@return the model} */
  public GpuModel model() {
    return model;
  }

  /** {@return the current layout, possibly without devices; empty if the GPU has no MIG} */
  public Optional<MigLayout> layout() {
    return layout;
  }

  /** {@return the pinned instances, which run a workload, by ascending start} */
  public List<Placement> pinnedInstances() {
    return pinnedInstances;
  }

  /** {@return whether the layout must stay: the GPU or one of its instances is pinned} */
  public boolean isPinned() {
    return pinned || !pinnedInstances.isEmpty();
  }

  /**
   * The layout of the instances in use: all if the GPU is pinned as a whole, else the pinned ones. Empty
   * if the model has no MIG or if its placements are not known.
   */
  Optional<MigLayout> running() {
    return layout
        .filter(any -> LayoutProblem.isPlaceable(model))
        .map(it -> MigLayout.on(model)
            .keeping(pinned ? it.placements() : pinnedInstances)
            .build());
  }

  boolean isPinnedWhole() {
    return pinned;
  }

  /** The instances that are not pinned. They can be used, moved or destroyed. */
  List<Placement> looseInstances() {
    return layout.map(MigLayout::placements).orElse(List.of()).stream()
        .filter(p -> !pinnedInstances.contains(p))
        .toList();
  }

  /** The number of loose instances by profile, without instances that compute instances share. */
  SortedMap<MigProfile, Integer> looseDevices() {
    SortedMap<MigProfile, Integer> loose = new TreeMap<>();
    looseInstances().forEach(p -> loose.merge(p.profile(), 1, Integer::sum));
    layout.ifPresent(it ->
        loose.replaceAll((name, n) -> Math.min(n, it.devices().getOrDefault(name, 0))));
    loose.values().removeIf(n -> n == 0);
    return loose;
  }

  /** Two GPUs are equal if all their parts are equal. */
  @Override
  public boolean equals(Object other) {
    return this == other
        || (other instanceof PlanGpu that
            && model.equals(that.model)
            && layout.equals(that.layout)
            && pinnedInstances.equals(that.pinnedInstances)
            && pinned == that.pinned);
  }

  @Override
  public int hashCode() {
    return Objects.hash(model.id(), layout, pinnedInstances, pinned);
  }

  /**
   * The layout and the pinned instances, e.g. {@code a30-24gb [2g.12gb@0:2], pinned [2g.12gb@0:2]}.
   */
  @Override
  public String toString() {
    String text = layout.map(MigLayout::toString).orElse(model.id());
    if (pinned) {
      return text + ", pinned";
    }
    return pinnedInstances.isEmpty() ? text : text + ", pinned " + pinnedInstances;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("model", model().id())
        .and("layout", layout())
        .and("pinned", isPinned())
        .and("pinnedInstances", pinnedInstances())
        .map();
  }
}
