package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Which devices pods use and wait for, beside those that the nodes offer. The part of a GPU that no pod
 * waits for is cut in this proportion, so that the next pods find what the last ones asked for.
 */
final class DemandMix {

  private final SortedMap<MigProfile, Integer> used;
  private final SortedMap<MigProfile, Integer> waiting;
  private final SortedMap<MigProfile, Integer> offered;

  private DemandMix(
      SortedMap<MigProfile, Integer> used,
      SortedMap<MigProfile, Integer> waiting,
      SortedMap<MigProfile, Integer> offered) {
    this.used = used;
    this.waiting = waiting;
    this.offered = offered;
  }

  /** What pods ask for, and what some nodes offer. */
  static DemandMix of(Collection<WaitingPod> pods, Collection<NodeCapacity> nodes) {
    return new DemandMix(
        sum(nodes.stream().map(node -> migDevices(node.used()))),
        sum(pods.stream().map(WaitingPod::devices)),
        sum(nodes.stream().map(node -> migDevices(node.status().allocatable()))));
  }

  /** The MIG devices among resources. */
  static SortedMap<MigProfile, Integer> migDevices(Map<String, Long> resources) {
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    resources.forEach((resource, count) -> MigProfile.ofResourceName(resource)
        .ifPresent(profile -> devices.merge(profile, count.intValue(), Integer::sum)));
    return devices;
  }

  static SortedMap<MigProfile, Integer> sum(Stream<? extends Map<MigProfile, Integer>> devices) {
    SortedMap<MigProfile, Integer> sum = new TreeMap<>();
    devices.forEach(
        each -> each.forEach((profile, count) -> sum.merge(profile, count, Integer::sum)));
    return sum;
  }

  /** Counts a change of what the nodes offer. */
  void replace(Map<MigProfile, Integer> before, Map<MigProfile, Integer> after) {
    before.forEach((profile, count) -> offered.merge(profile, -count, Integer::sum));
    after.forEach((profile, count) -> offered.merge(profile, count, Integer::sum));
  }

  /**
   * Whether the nodes offer too little of a profile of a model: less than what pods wait for plus one
   * and a half times what they use.
   */
  boolean isShort(GpuModel model) {
    return model.profiles().stream()
        .map(GpuInstanceProfile::profile)
        .anyMatch(profile -> offers(profile) < waits(profile) + uses(profile) * 3 / 2);
  }

  /** Takes the free devices of a node away if as many are free on others, beside those that pods wait for. */
  boolean spare(Map<MigProfile, Integer> devices) {
    boolean isSpare = devices.entrySet().stream().allMatch(each -> {
      MigProfile profile = each.getKey();
      return offers(profile) - uses(profile) >= 2 * each.getValue() + waits(profile);
    });
    if (isSpare) {
      replace(devices, Map.of());
    }
    return isSpare;
  }

  private int uses(MigProfile profile) {
    return used.getOrDefault(profile, 0);
  }

  private int waits(MigProfile profile) {
    return waiting.getOrDefault(profile, 0);
  }

  private int offers(MigProfile profile) {
    return offered.getOrDefault(profile, 0);
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
    return (double) asked(profile) / (offers(profile) + 1);
  }

  /** Pods that wait count twice: what they ask for has become more frequent. */
  private int asked(MigProfile profile) {
    return uses(profile) + 2 * waits(profile);
  }
}
