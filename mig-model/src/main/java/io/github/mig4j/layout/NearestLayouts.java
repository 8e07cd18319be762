package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.PlacementResult.Placed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Ranks every multiset of GPU instances that fits by its distance from the request. */
final class NearestLayouts {

  /** Limits the work for invented GPUs; known GPUs have far fewer states. */
  private static final int MAX_STATES_COMPARED = 200_000;

  private final GpuModel gpu;
  private final SortedMap<MigProfile, Integer> requested = new TreeMap<>();
  private final SortedMap<MigProfile, Integer> runningCounts = new TreeMap<>();
  private final List<MigLayout.Start> fixed = new ArrayList<>();
  private final List<MigLayout.Start> running;
  private long lost;

  NearestLayouts(
      GpuModel gpu,
      SortedMap<MigProfile, Integer> anywhere,
      List<MigLayout.Start> fixed,
      List<MigLayout.Start> running) {
    this.gpu = gpu;
    this.running = running;
    SortedMap<MigProfile, Integer> offered = new TreeMap<>();
    anywhere.forEach((name, count) -> request(name, count, offered));
    requested.putAll(ComputeInstances.gpuInstances(offered));
    for (MigLayout.Start start : fixed) {
      MigProfile meant = request(start.profile(), 1, requested);
      if (meant != null) {
        this.fixed.add(new MigLayout.Start(meant, start.start(), OptionalInt.empty()));
      }
    }
    running.forEach(start -> {
      requested.merge(start.profile(), 1, MigLayout::saturatedSum);
      runningCounts.merge(start.profile(), 1, MigLayout::saturatedSum);
    });
  }

  private @Nullable MigProfile request(
      MigProfile name, int count, SortedMap<MigProfile, Integer> offered) {
    List<MigProfile> meant = gpu.profile(name).isPresent() ? List.of(name) : gpu.suggestions(name);
    if (meant.isEmpty()) {
      lost += count;
      return null;
    }
    offered.merge(meant.get(0), count, MigLayout::saturatedSum);
    return meant.get(0);
  }

  List<MigLayout> nearest(int limit) {
    if (!gpu.supportsMig() || !gpu.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable)) {
      return List.of();
    }
    List<MigLayout.Start> all = joined(running, fixed);
    boolean possible = new PlacementSearch(gpu, new TreeMap<>(), all).result() instanceof Placed;
    return Layouts.of(gpu)
        .multisetsOfFirst(MAX_STATES_COMPARED)
        .filter(this::addsToWhatRuns)
        .map(this::distanceOf)
        .sorted(Distance.ORDER)
        .flatMap(
            distance -> (possible ? with(all, distance.to) : withMostStarts(distance.to)).stream())
        .limit(limit)
        .toList();
  }

  private boolean addsToWhatRuns(SortedMap<MigProfile, Integer> instances) {
    return !instances.equals(runningCounts)
        && runningCounts.entrySet().stream()
            .allMatch(e -> instances.getOrDefault(e.getKey(), 0) >= e.getValue());
  }

  /** A layout of these instances, of which some have their starts. */
  private Optional<MigLayout> with(
      List<MigLayout.Start> starts, SortedMap<MigProfile, Integer> instances) {
    SortedMap<MigProfile, Integer> anywhere = new TreeMap<>(instances);
    for (MigLayout.Start start : starts) {
      if (!anywhere.containsKey(start.profile())) {
        return Optional.empty();
      }
      anywhere.computeIfPresent(start.profile(), (name, left) -> left == 1 ? null : left - 1);
    }
    return new PlacementSearch(gpu, anywhere, starts).result() instanceof Placed placed
        ? Optional.of(placed.layout())
        : Optional.empty();
  }

  /** A layout with the starts of the request, one after the other, as far as they are possible. */
  private Optional<MigLayout> withMostStarts(SortedMap<MigProfile, Integer> instances) {
    List<MigLayout.Start> starts = running;
    Optional<MigLayout> found = with(starts, instances);
    for (MigLayout.Start start : fixed) {
      if (found.isEmpty()) {
        break;
      }
      List<MigLayout.Start> more = joined(starts, List.of(start));
      Optional<MigLayout> kept = with(more, instances);
      if (kept.isPresent()) {
        starts = more;
        found = kept;
      }
    }
    return found;
  }

  private static List<MigLayout.Start> joined(
      List<MigLayout.Start> some, List<MigLayout.Start> others) {
    return Stream.concat(some.stream(), others.stream()).toList();
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

  /** The distance of a multiset from the request, compared from the first number to the last. */
  private record Distance(
      SortedMap<MigProfile, Integer> to,
      long changed,
      long memory,
      long computeSlices,
      long attributesNotRequested) {

    static final Comparator<Distance> ORDER = Comparator.comparingLong(Distance::changed)
        .thenComparingLong(Distance::memory)
        .thenComparingLong(Distance::computeSlices)
        .thenComparingLong(Distance::attributesNotRequested)
        .thenComparing(distance -> distance.to.toString());
  }
}
