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

/** Ranks every choice of GPU instances that fits by how far it is from one that was asked for. */
final class NearestLayouts {

  /** More than any known GPU has by orders of magnitude; bounds the work on invented ones. */
  private static final int MOST_CHOICES = 200_000;

  private final GpuModel gpu;
  private final SortedMap<MigProfile, Integer> wanted = new TreeMap<>();
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
    anywhere.forEach((name, count) -> want(name, count, offered));
    wanted.putAll(ComputeInstances.gpuInstances(offered));
    for (MigLayout.Start start : fixed) {
      MigProfile meant = want(start.profile(), 1, wanted);
      if (meant != null) {
        this.fixed.add(new MigLayout.Start(meant, start.start(), OptionalInt.empty()));
      }
    }
    running.forEach(start -> {
      wanted.merge(start.profile(), 1, MigLayout::saturatedSum);
      runningCounts.merge(start.profile(), 1, MigLayout::saturatedSum);
    });
  }

  private @Nullable MigProfile want(
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
        .multisets()
        .limit(MOST_CHOICES)
        .filter(this::addsToWhatRuns)
        .map(this::distanceOf)
        .sorted()
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
      Integer left = anywhere.get(start.profile());
      if (left == null) {
        return Optional.empty();
      }
      if (left == 1) {
        anywhere.remove(start.profile());
      } else {
        anywhere.put(start.profile(), left - 1);
      }
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
        Math.abs(sum(instances, MigProfile::memoryGb) - sum(wanted, MigProfile::memoryGb)),
        Math.abs(sum(instances, MigProfile::gpuSlices) - sum(wanted, MigProfile::gpuSlices)),
        sum(instances, name -> name.suffix().isEmpty() || wanted.containsKey(name) ? 0 : 1));
  }

  /** An instance that gives way to another counts once. */
  private long changed(SortedMap<MigProfile, Integer> instances) {
    Set<MigProfile> all = new HashSet<>(wanted.keySet());
    all.addAll(instances.keySet());
    long removed = lost;
    long added = 0;
    for (MigProfile name : all) {
      int difference = instances.getOrDefault(name, 0) - wanted.getOrDefault(name, 0);
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

  /** How far a choice is from the request, compared from the first number to the last. */
  private record Distance(
      SortedMap<MigProfile, Integer> to,
      long changed,
      long memory,
      long computeSlices,
      long attributesNotAskedFor)
      implements Comparable<Distance> {

    private static final Comparator<Distance> ORDER = Comparator.comparingLong(Distance::changed)
        .thenComparingLong(Distance::memory)
        .thenComparingLong(Distance::computeSlices)
        .thenComparingLong(Distance::attributesNotAskedFor)
        .thenComparing(distance -> distance.to.toString());

    @Override
    public int compareTo(Distance other) {
      return ORDER.compare(this, other);
    }
  }
}
