package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Meets a demand as far as a {@link Covering} can, the more urgent before the less urgent, and
 * among the plans that do with the one that costs least.
 *
 * <p>Each priority is one search, in which leaving a device unmet costs more than everything else
 * together, and of higher priorities no more may be left unmet than had to be. Which ones these are
 * stays open until the end.
 */
final class PrioritySearch {

  /** How far a demand is met, and by what. */
  static final class Outcome {
    /** How often each column of the covering is taken. */
    final long[] times;

    /** How many of each item are not met; items that are met left out. */
    final Map<DemandItem, Integer> unmet;

    /** What no plan meets that meets as many of the more urgent. */
    final long unmetLowerBound;

    /** Any plan that meets as many of each priority costs at least this. */
    final long lowerBound;

    private Outcome(
        long[] times, Map<DemandItem, Integer> unmet, long unmetLowerBound, long lowerBound) {
      this.times = times;
      this.unmet = unmet;
      this.unmetLowerBound = unmetLowerBound;
      this.lowerBound = lowerBound;
    }
  }

  private final DemandRows rows;
  private final int columns;
  private final long unmetCost;
  private final long effort;

  /** The items of the levels so far, and for all but the last how many may be left unmet. */
  private final List<List<DemandItem>> levels = new ArrayList<>();

  private final List<Long> allowances = new ArrayList<>();

  /** How often the columns are taken, first those of the plan, then one for each item so far. */
  private long[] times;

  /**
   * Prepares a covering.
   *
   * @param unmetCost more than any plan costs
   * @param effort how many steps a search makes at most
   */
  PrioritySearch(DemandRows rows, long unmetCost, long effort) {
    this.rows = rows;
    this.columns = rows.covering().columns().size();
    this.unmetCost = unmetCost;
    this.effort = effort;
    this.times = new long[columns];
  }

  Outcome meet(Demand demand) {
    Map<Integer, List<DemandItem>> byPriority = new TreeMap<>(Comparator.reverseOrder());
    for (DemandItem item : demand.items()) {
      byPriority.computeIfAbsent(item.priority(), any -> new ArrayList<>()).add(item);
    }
    long unmetLowerBound = 0;
    long lowerBound = 0;
    for (List<DemandItem> items : byPriority.values()) {
      levels.add(items);
      Covering covering = covering();
      long[] allUnmet =
          concat(times, items.stream().mapToLong(DemandItem::count).toArray());
      BranchAndBound.Result result =
          new BranchAndBound(covering, allUnmet, effort).search(concat(times, new long[items.size()]));
      times = result.times;
      useSurplus(covering);
      long left =
          Arrays.stream(times, times.length - items.size(), times.length).sum();
      allowances.add(left);
      unmetLowerBound += Math.max(0, -Math.floorDiv(unmetCost - 1 - result.lowerBound, unmetCost));
      lowerBound = Math.max(result.lowerBound - left * unmetCost, bound(covering()));
    }
    return new Outcome(Arrays.copyOf(times, columns), unmet(), unmetLowerBound, lowerBound);
  }

  /** With a column for each item that leaves one device of it unmet, at a price or an allowance. */
  private Covering covering() {
    Covering covering = new Covering(rows.covering());
    for (int level = 0; level < levels.size(); level++) {
      boolean allowed = level < allowances.size();
      int allowance = covering.addRow(allowed ? -allowances.get(level) : 0);
      for (DemandItem item : levels.get(level)) {
        int kind = rows.kindOf(item);
        covering.addNeed(kind, item.count());
        int limit = covering.addRow(-item.count());
        int[] gains = new int[covering.rows()];
        gains[kind] = 1;
        gains[limit] = -1;
        gains[allowance] = allowed ? -1 : 0;
        covering.addColumn(allowed ? 0 : unmetCost, gains);
      }
    }
    return covering;
  }

  /** Devices which are over meet what was left unmet after all, the most urgent first. */
  private void useSurplus(Covering covering) {
    long[] surplus = covering.surplus(times);
    int column = columns;
    for (List<DemandItem> items : levels) {
      for (DemandItem item : items) {
        int kind = rows.kindOf(item);
        long met = Math.min(times[column], Math.max(0, surplus[kind]));
        times[column++] -= met;
        surplus[kind] -= met;
      }
    }
  }

  private Map<DemandItem, Integer> unmet() {
    Map<DemandItem, Integer> unmet = new HashMap<>();
    int column = columns;
    for (List<DemandItem> items : levels) {
      for (DemandItem item : items) {
        int count = (int) times[column++];
        if (count > 0) {
          unmet.put(item, count);
        }
      }
    }
    return unmet;
  }

  private static long bound(Covering covering) {
    LinearRelaxation relaxation = new LinearRelaxation(covering);
    relaxation.solve(covering.needs());
    return DualPrices.of(covering, relaxation.prices()).bound(covering.needs());
  }

  private static long[] concat(long[] first, long[] second) {
    long[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
