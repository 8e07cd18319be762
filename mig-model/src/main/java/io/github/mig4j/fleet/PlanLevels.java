package io.github.mig4j.fleet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Meets a demand as far as a {@link PlanCovering} can, the more urgent before the less urgent, and
 * among the plans that do with the one that costs least.
 *
 * <p>Each priority is one search, in which leaving a device unmet costs more than everything else
 * together, and what was met of higher priorities must be met again.
 */
final class PlanLevels {

  /** How far a demand is met, and by what. */
  static final class Outcome {
    /** How often each column of the covering is taken. */
    final long[] times;

    /** How many of each item are not met; items that are met left out. */
    final Map<DemandItem, Integer> unmet;

    /** What no plan meets that meets the more urgent as far as this one. */
    final long unmetLowerBound;

    /** Any plan that meets as much costs at least this. */
    final long lowerBound;

    private Outcome(
        long[] times, Map<DemandItem, Integer> unmet, long unmetLowerBound, long lowerBound) {
      this.times = times;
      this.unmet = unmet;
      this.unmetLowerBound = unmetLowerBound;
      this.lowerBound = lowerBound;
    }
  }

  private final PlanCovering covering;
  private final List<DemandItem> kinds;
  private final long unmetCost;
  private final long effort;
  private final long[] required;

  /**
   * Prepares a covering whose first rows are the kinds of demand.
   *
   * @param kinds an item of each kind, by row
   * @param dearest more than any plan costs
   * @param effort how many steps a search makes at most
   */
  PlanLevels(PlanCovering covering, List<DemandItem> kinds, long dearest, long effort) {
    this.covering = covering;
    this.kinds = kinds;
    this.unmetCost = dearest;
    this.effort = effort;
    this.required = new long[kinds.size()];
  }

  Outcome meet(Demand demand) {
    Map<Integer, List<DemandItem>> byPriority = new TreeMap<>(Comparator.reverseOrder());
    for (DemandItem item : demand.items()) {
      byPriority.computeIfAbsent(item.priority(), any -> new ArrayList<>()).add(item);
    }
    return meet(byPriority.values());
  }

  private Outcome meet(Collection<List<DemandItem>> levels) {
    long[] times = new long[covering.columns().size()];
    Map<DemandItem, Integer> unmet = new LinkedHashMap<>();
    long unmetLowerBound = 0;
    long lowerBound = 0;
    for (List<DemandItem> level : levels) {
      long[] wanted = new long[kinds.size()];
      level.forEach(item -> wanted[kindOf(item)] += item.count());
      PlanSearch.Answer answer = new PlanSearch(withUnmet(wanted), concat(times, wanted), effort)
          .answer(concat(times, new long[wanted.length]));
      times = Arrays.copyOf(answer.times, times.length);
      long[] left = Arrays.copyOfRange(answer.times, times.length, answer.times.length);
      long leftLowerBound =
          Math.max(0, -Math.floorDiv(unmetCost - 1 - answer.lowerBound, unmetCost));
      long leftCount = Arrays.stream(left).sum();
      for (int kind = 0; kind < left.length; kind++) {
        required[kind] += wanted[kind] - left[kind];
      }
      unmetLowerBound += leftLowerBound;
      lowerBound = Math.max(answer.lowerBound - leftCount * unmetCost, costToMeetRequired());
      for (DemandItem item : level) {
        if (left[kindOf(item)] > 0) {
          unmet.put(item, (int) left[kindOf(item)]);
        }
      }
    }
    return new Outcome(times, unmet, unmetLowerBound, lowerBound);
  }

  private int kindOf(DemandItem item) {
    return IntStream.range(0, kinds.size())
        .filter(kind -> kinds.get(kind).isLike(item))
        .findFirst()
        .orElseThrow();
  }

  /** The covering with one more column for each kind, which leaves a device of it unmet. */
  private PlanCovering withUnmet(long[] wanted) {
    PlanCovering extended = withNeeds(wanted);
    for (int kind = 0; kind < wanted.length; kind++) {
      int limit = extended.addRow(-wanted[kind]);
      int[] gains = new int[extended.rows()];
      gains[kind] = 1;
      gains[limit] = -1;
      extended.addColumn(unmetCost, gains);
    }
    return extended;
  }

  private PlanCovering withNeeds(long[] wanted) {
    PlanCovering needing = new PlanCovering(covering);
    for (int kind = 0; kind < wanted.length; kind++) {
      needing.addNeed(kind, required[kind] + wanted[kind]);
    }
    return needing;
  }

  private long costToMeetRequired() {
    PlanCovering needing = withNeeds(new long[kinds.size()]);
    PlanRelaxation relaxation = new PlanRelaxation(needing);
    relaxation.solve(needing.needs());
    return PlanPrices.of(needing, relaxation.prices()).bound(needing.needs());
  }

  private static long[] concat(long[] first, long[] second) {
    long[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
