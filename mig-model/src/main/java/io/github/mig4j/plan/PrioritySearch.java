package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Meets as much of a demand as possible with a {@link Covering}, by descending priority, and at the
 * lowest cost.
 *
 * <p>Each priority is one search. In it, an unmet device costs more than everything else together,
 * and the number of unmet devices of each higher priority is limited to the result of its search.
 * Which devices of a higher priority are unmet can still change.
 */
final class PrioritySearch {

  /** The result: how often each column is used, and which devices are unmet. */
  static final class Outcome {
    /** The number of uses of each column of the covering. */
    final long[] times;

    /** The number of unmet devices by item, without items that are met. */
    final Map<DemandItem, Integer> unmet;

    /**
     * Every plan that meets as many devices of the higher priorities leaves at least this number
     * unmet.
     */
    final long unmetLowerBound;

    /** Every plan that meets as many devices of each priority costs at least this. */
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

  /**
   * The items by priority so far, and the allowed number of unmet devices for all priorities except
   * the last.
   */
  private final List<List<DemandItem>> levels = new ArrayList<>();

  private final List<Long> allowances = new ArrayList<>();

  /**
   * The number of uses: first of the columns of the plan, then of one column for each item so far.
   */
  private long[] times;

  /**
   * Creates a search.
   *
   * @param unmetCost the cost of an unmet device, which is more than the cost of any plan
   * @param effort the maximum number of steps of a search
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
      BranchAndBound.Result result = new BranchAndBound(covering, allUnmet, effort)
          .search(concat(times, new long[items.size()]));
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

  /**
   * The covering, with one more column for each item that leaves one of its devices unmet, at a
   * cost or within the allowed number.
   */
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

  /** Uses surplus devices for unmet ones, by descending priority. */
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
