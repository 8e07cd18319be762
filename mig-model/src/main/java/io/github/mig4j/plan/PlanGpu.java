package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One GPU as a planner sees it: its model, how it is cut now, and what of that must stay.
 *
 * <p>A GPU with a pinned instance keeps its layout, for NVIDIA's MIG manager can only cut a GPU anew
 * as a whole. A pinned instance runs something, so it meets no demand; the other instances of the
 * GPU do.
 */
public final class PlanGpu {

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
   * A GPU that is not cut yet, or that has no MIG and only counts as an index of its node.
   *
   * @param model the model
   * @return a GPU that is free to be cut
   */
  public static PlanGpu of(GpuModel model) {
    Objects.requireNonNull(model, "model");
    return new PlanGpu(
        model,
        model.supportsMig() ? Optional.of(MigLayout.on(model).build()) : Optional.empty(),
        List.of(),
        false);
  }

  /**
   * A GPU with MIG devices.
   *
   * @param layout how it is cut now
   * @return a GPU that is free to be cut anew
   */
  public static PlanGpu of(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    return new PlanGpu(layout.gpu(), Optional.of(layout), List.of(), false);
  }

  /**
   * Pins instances besides those pinned already.
   *
   * @param instances placements of the layout which run something
   * @return the changed GPU
   * @throws IllegalArgumentException if one is not in the layout
   */
  public PlanGpu pinning(List<Placement> instances) {
    Objects.requireNonNull(instances, "instances");
    List<Placement> present = layout.map(MigLayout::placements).orElse(List.of());
    for (Placement instance : instances) {
      if (!present.contains(instance)) {
        throw new IllegalArgumentException("%s has no instance %s to be pinned; it has %s"
            .formatted(model.id(), instance, present));
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

  /**
   * Pins instances besides those pinned already.
   *
   * @param instances placements of the layout which run something
   * @return the changed GPU
   * @throws IllegalArgumentException if one is not in the layout
   */
  public PlanGpu pinning(Placement... instances) {
    Objects.requireNonNull(instances, "instances");
    return pinning(List.of(instances));
  }

  /**
   * Pins the whole GPU: its layout stays. Instances that are not pinned one by one still meet
   * demand.
   *
   * @return the changed GPU
   */
  public PlanGpu pinned() {
    return new PlanGpu(model, layout, pinnedInstances, true);
  }

  /**
   * The model.
   *
   * @return the model
   */
  public GpuModel model() {
    return model;
  }

  /**
   * How the GPU is cut now.
   *
   * @return a layout, without devices if it is not cut; empty if the GPU has no MIG
   */
  public Optional<MigLayout> layout() {
    return layout;
  }

  /**
   * The instances which run something.
   *
   * @return placements of the layout, by ascending start
   */
  public List<Placement> pinnedInstances() {
    return pinnedInstances;
  }

  /**
   * Whether the layout must stay.
   *
   * @return true if the GPU or one of its instances is pinned
   */
  public boolean isPinned() {
    return pinned || !pinnedInstances.isEmpty();
  }

  boolean isPinnedWhole() {
    return pinned;
  }

  /** The instances which may be used, moved or destroyed. */
  List<Placement> looseInstances() {
    return layout.map(MigLayout::placements).orElse(List.of()).stream()
        .filter(p -> !pinnedInstances.contains(p))
        .toList();
  }

  /** How many loose instances there are by profile; those that compute instances share left out. */
  SortedMap<MigProfile, Integer> looseDevices() {
    SortedMap<MigProfile, Integer> loose = new TreeMap<>();
    looseInstances().forEach(p -> loose.merge(p.profile(), 1, Integer::sum));
    layout.ifPresent(it ->
        loose.replaceAll((name, n) -> Math.min(n, it.devices().getOrDefault(name, 0))));
    loose.values().removeIf(n -> n == 0);
    return loose;
  }

  /** Two GPUs are equal if they agree in everything. */
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

  /** The layout and what is pinned, e.g. {@code a30-24gb [2g.12gb@0:2], pinned [2g.12gb@0:2]}. */
  @Override
  public String toString() {
    String text = layout.map(MigLayout::toString).orElse(model.id());
    if (pinned) {
      return text + ", pinned";
    }
    return pinnedInstances.isEmpty() ? text : text + ", pinned " + pinnedInstances;
  }
}
