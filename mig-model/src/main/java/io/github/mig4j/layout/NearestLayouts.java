package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;

/** Ranks every multiset of GPU instances that fits by its distance from the request. */
final class NearestLayouts {

  /** Limits the work for invented GPUs; known GPUs have far fewer multisets. */
  private static final int MAX_CHOICES_COMPARED = 200_000;

  private final GpuModel gpu;
  private final SortedMap<MigProfile, Integer> requested = new TreeMap<>();
  private long lost;

  NearestLayouts(
      GpuModel gpu, SortedMap<MigProfile, Integer> anywhere, List<MigLayout.Start> fixed) {
    this.gpu = gpu;
    SortedMap<MigProfile, Integer> offered = new TreeMap<>();
    anywhere.forEach((name, count) -> request(name, count, offered));
    fixed.forEach(start -> request(start.profile(), 1, offered));
    requested.putAll(ComputeInstances.gpuInstances(offered));
  }

  private void request(MigProfile name, int count, SortedMap<MigProfile, Integer> offered) {
    List<MigProfile> meant = gpu.profile(name).isPresent() ? List.of(name) : gpu.suggestions(name);
    if (meant.isEmpty()) {
      lost += count;
    } else {
      offered.merge(meant.get(0), count, MigLayout::saturatedSum);
    }
  }

  List<MigLayout> nearest(int limit) {
    if (!gpu.supportsMig() || !gpu.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable)) {
      return List.of();
    }
    return Layouts.of(gpu)
        .multisets()
        .limit(MAX_CHOICES_COMPARED)
        .filter(instances -> !instances.isEmpty())
        .map(this::distanceOf)
        .sorted()
        .limit(limit)
        .map(distance -> MigLayout.place(gpu, distance.to).orElseThrow())
        .toList();
  }

  private Distance distanceOf(SortedMap<MigProfile, Integer> instances) {
    return new Distance(
        instances,
        changed(instances),
        Math.abs(sum(instances, MigProfile::memoryGb) - sum(requested, MigProfile::memoryGb)),
        Math.abs(sum(instances, MigProfile::gpuSlices) - sum(requested, MigProfile::gpuSlices)),
        sum(instances, name -> name.suffix().isEmpty() || requested.containsKey(name) ? 0 : 1));
  }

  /** Counts an instance that is replaced by another once. */
  private long changed(SortedMap<MigProfile, Integer> instances) {
    Set<MigProfile> all = new HashSet<>(requested.keySet());
    all.addAll(instances.keySet());
    long removed = lost;
    long added = 0;
    for (MigProfile name : all) {
      int difference = instances.getOrDefault(name, 0) - requested.getOrDefault(name, 0);
      added += Math.max(0, difference);
      removed += Math.max(0, -difference);
    }
    return Math.max(added, removed);
  }

  private static long sum(Map<MigProfile, Integer> instances, ToIntFunction<MigProfile> amount) {
    return instances.entrySet().stream()
        .mapToLong(e -> (long) amount.applyAsInt(e.getKey()) * e.getValue())
        .sum();
  }

  /**
   * The distance of a multiset from the request; the comparison goes from the first number to the
   * last.
   */
  private record Distance(
      SortedMap<MigProfile, Integer> to,
      long changed,
      long memory,
      long computeSlices,
      long attributesNotRequested)
      implements Comparable<Distance> {

    private static final Comparator<Distance> ORDER = Comparator.comparingLong(Distance::changed)
        .thenComparingLong(Distance::memory)
        .thenComparingLong(Distance::computeSlices)
        .thenComparingLong(Distance::attributesNotRequested)
        .thenComparing(distance -> distance.to.toString());

    @Override
    public int compareTo(Distance other) {
      return ORDER.compare(this, other);
    }
  }
}
