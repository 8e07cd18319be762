package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which devices pods use and wait for, beside those that the nodes offer. The part of a GPU that no pod
 * waits for is cut in this proportion, so that the next pods find what the last ones asked for.
 */
final class DemandMix {

  private final SortedMap<MigProfile, Integer> used;
  private final SortedMap<MigProfile, Integer> waiting;
  private final SortedMap<MigProfile, Integer> offered;

  /**
   * The devices of some nodes.
   *
   * @param used those in use
   * @param waiting those that pods wait for
   * @param offered those in use and free
   */
  DemandMix(
      Map<MigProfile, Integer> used,
      Map<MigProfile, Integer> waiting,
      Map<MigProfile, Integer> offered) {
    this.used = new TreeMap<>(used);
    this.waiting = new TreeMap<>(waiting);
    this.offered = new TreeMap<>(offered);
  }

  /** Counts a change of what the nodes offer. */
  void replace(Map<MigProfile, Integer> before, Map<MigProfile, Integer> after) {
    before.forEach((profile, count) -> offered.merge(profile, -count, Integer::sum));
    after.forEach((profile, count) -> offered.merge(profile, count, Integer::sum));
  }

  /**
   * Whether the nodes offer too little of a profile of a model: less than pods wait for and half as many
   * again as they use.
   */
  boolean isShort(GpuModel model) {
    return model.profiles().stream().map(GpuInstanceProfile::profile).anyMatch(this::isShort);
  }

  private boolean isShort(MigProfile profile) {
    int wanted = waiting.getOrDefault(profile, 0) + used.getOrDefault(profile, 0) * 3 / 2;
    return offered.getOrDefault(profile, 0) < wanted;
  }

  /**
   * The layout with as many further devices as fit, each of the profile of which the nodes offer the
   * least for what pods ask for; the devices are counted as offered.
   */
  MigLayout filled(MigLayout layout) {
    MigLayout filled = layout;
    for (Optional<MigLayout> more = Optional.of(layout); more.isPresent(); more = next(filled)) {
      filled = more.get();
    }
    return filled;
  }

  private Optional<MigLayout> next(MigLayout layout) {
    List<MigProfile> scarceFirst = layout.gpu().profiles().stream()
        .map(GpuInstanceProfile::profile)
        .filter(profile -> asked(profile) > 0)
        .sorted(Comparator.comparingDouble(this::scarcity)
            .reversed()
            .thenComparing(Comparator.naturalOrder()))
        .toList();
    for (MigProfile profile : scarceFirst) {
      SortedMap<MigProfile, Integer> more = new TreeMap<>(layout.devices());
      more.merge(profile, 1, Integer::sum);
      if (MigLayout.place(layout.gpu(), more) instanceof PlacementResult.Placed placed) {
        offered.merge(profile, 1, Integer::sum);
        return Optional.of(placed.layout());
      }
    }
    return Optional.empty();
  }

  /** The highest average of D'Hondt, which apportions seats to votes. */
  private double scarcity(MigProfile profile) {
    return (double) asked(profile) / (offered.getOrDefault(profile, 0) + 1);
  }

  /** Pods that wait count twice: what they ask for has become more frequent. */
  private int asked(MigProfile profile) {
    return used.getOrDefault(profile, 0) + 2 * waiting.getOrDefault(profile, 0);
  }
}
