package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Every state of a model as a set of placements, to find the possible changes of a GPU. Multisets of
 * instances have numbers, because a part of a legal state is a legal state.
 */
final class DefragmentationStates {

  /**
   * Instances that are cleared, and the instances that fit then. Two ways of one model are equal if
   * both have the same number of instances of each profile.
   *
   * @param away the number of the multiset that is cleared, and {@code awayBits} its placements
   * @param added the number of the multiset that fits, and {@code addedBits} its placements
   */
  record Way(int away, int added, long awayBits, long addedBits) {}

  /** What fits beside some placements: every multiset, and the placements of the maximal ones. */
  private record Fits(BitSet all, SortedMap<Integer, Long> maximal) {}

  private record FitsKey(long kept, long usable) {}

  private final Effort effort;
  private final List<Placement> placements;
  private final long[] states;

  /** The states in ascending order, and the multiset of each. */
  private final long[] sorted;

  private final int[] multisetOf;
  private final List<SortedMap<MigProfile, Integer>> multisets;

  /** By multiset: the multisets with one more instance. */
  private final List<int[]> larger = new ArrayList<>();

  private final Map<FitsKey, Fits> known = new HashMap<>();

  DefragmentationStates(GpuModel model, Effort effort) {
    this.effort = effort;
    Layouts layouts = Layouts.of(model);
    this.placements = layouts.placements();
    this.states = layouts.stateBits(Integer.MAX_VALUE);
    Map<SortedMap<MigProfile, Integer>, Integer> numbers = new LinkedHashMap<>();
    Map<Long, Integer> multisetOfState = new TreeMap<>();
    for (long state : states) {
      SortedMap<MigProfile, Integer> multiset = new TreeMap<>();
      placements(state).forEach(each -> multiset.merge(each.profile(), 1, Integer::sum));
      multisetOfState.put(state, numbers.computeIfAbsent(multiset, any -> numbers.size()));
    }
    multisets = List.copyOf(numbers.keySet());
    sorted = multisetOfState.keySet().stream().mapToLong(Long::longValue).toArray();
    multisetOf = multisetOfState.values().stream().mapToInt(Integer::intValue).toArray();
    for (SortedMap<MigProfile, Integer> multiset : multisets) {
      larger.add(model.profiles().stream()
          .map(profile -> {
            SortedMap<MigProfile, Integer> more = new TreeMap<>(multiset);
            more.merge(profile.profile(), 1, Integer::sum);
            return numbers.getOrDefault(more, -1);
          })
          .filter(number -> number >= 0)
          .mapToInt(Integer::intValue)
          .toArray());
    }
  }

  /** Whether all placements of a model are known, and few enough to list its states. */
  static boolean canList(GpuModel model) {
    return LayoutProblem.isPlaceable(model)
        && model.profiles().stream().mapToInt(p -> p.starts().size()).sum() <= Long.SIZE
        && !LayoutChoices.hasTooManyStates(model);
  }

  /** The instances of a multiset. */
  SortedMap<MigProfile, Integer> instances(int multiset) {
    return multisets.get(multiset);
  }

  /** The placements of some bits, by ascending start. */
  List<Placement> placements(long bits) {
    List<Placement> some = new ArrayList<>();
    for (long rest = bits; rest != 0; rest &= rest - 1) {
      some.add(placements.get(Long.numberOfTrailingZeros(rest)));
    }
    return some;
  }

  private long bits(List<Placement> some) {
    long bits = 0;
    for (Placement placement : some) {
      bits |= 1L << placements.indexOf(placement);
    }
    return bits;
  }

  /**
   * Finds every maximal multiset of instances of some profiles that fits beside all instances of a
   * GPU.
   */
  List<Way> waysToFill(PlanGpu gpu, Set<MigProfile> profiles) {
    long present = bits(gpu.layout().orElseThrow().placements());
    List<Way> ways = new ArrayList<>();
    fits(present, usable(profiles))
        .maximal()
        .forEach((number, where) -> ways.add(new Way(number(0), number, 0, where)));
    return ways;
  }

  /**
   * Finds every way to clear loose instances for a maximal multiset of instances of some profiles.
   * Ways that clear more instances than necessary are omitted. If the effort ends, more ways are
   * possible than found.
   */
  List<Way> waysToClear(PlanGpu gpu, Set<MigProfile> profiles) {
    long present = bits(gpu.layout().orElseThrow().placements());
    long usable = usable(profiles);
    List<Placement> loose = gpu.looseInstances();
    long[] looseBits = loose.stream().mapToLong(p -> bits(List.of(p))).toArray();
    Set<Long> seen = new HashSet<>();
    List<Way> ways = new ArrayList<>();
    for (int subset = 1; subset < 1 << looseBits.length; subset++) {
      long away = 0;
      for (int rest = subset; rest != 0; rest &= rest - 1) {
        away |= looseBits[Integer.numberOfTrailingZeros(rest)];
      }
      if (!effort.take(looseBits.length)) {
        return ways;
      }
      for (Map.Entry<Integer, Long> added :
          fits(present & ~away, usable).maximal().entrySet()) {
        int multisetAway = number(away);
        if (!lessIsEnough(present, away, usable, added.getKey())
            && seen.add((long) multisetAway << Integer.SIZE | added.getKey())) {
          ways.add(new Way(multisetAway, added.getKey(), away, added.getValue()));
        }
      }
    }
    return ways;
  }

  /** The number of the multiset of a state, of which every part is a state. */
  private int number(long bits) {
    return multisetOf[Arrays.binarySearch(sorted, bits)];
  }

  private boolean lessIsEnough(long present, long away, long usable, int added) {
    for (long rest = away; rest != 0; rest &= rest - 1) {
      long less = away & ~Long.lowestOneBit(rest);
      if (fits(present & ~less, usable).all().get(added)) {
        return true;
      }
    }
    return false;
  }

  private long usable(Set<MigProfile> profiles) {
    long usable = 0;
    for (int i = 0; i < placements.size(); i++) {
      if (profiles.contains(placements.get(i).profile())) {
        usable |= 1L << i;
      }
    }
    return usable;
  }

  private Fits fits(long kept, long usable) {
    return known.computeIfAbsent(
        new FitsKey(kept, usable),
        any -> effort.take(states.length)
            ? find(kept, usable)
            : new Fits(new BitSet(), new TreeMap<>()));
  }

  private Fits find(long kept, long usable) {
    BitSet all = new BitSet(multisets.size());
    SortedMap<Integer, Long> where = new TreeMap<>();
    for (long state : states) {
      long added = state & ~kept;
      if ((state & kept) == kept && added != 0 && (added & ~usable) == 0) {
        int number = number(added);
        if (!all.get(number)) {
          all.set(number);
          where.put(number, added);
        }
      }
    }
    where.keySet().removeIf(number -> {
      for (int more : larger.get(number)) {
        if (all.get(more)) {
          return true;
        }
      }
      return false;
    });
    return new Fits(all, where);
  }
}
