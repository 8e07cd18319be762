package io.github.mig4j.fleet;

import io.github.mig4j.fleet.PlanCovering.Column;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Looks for the cheapest whole choice of columns of a {@link PlanCovering}: takes the cheapest
 * choice in fractions, rounds it down, and completes what is left by branch and bound with the
 * {@link PlanPrices} as the bound. Where that does not reach the bound, it rounds down further, in
 * the end to nothing, which makes the search exhaustive.
 *
 * <p>The effort is limited, so the answer may be dearer than the bound; it says both.
 */
final class PlanSearch {

  /** What was found. */
  static final class Answer {
    /** How often each column is taken. */
    final long[] times;

    /** No choice costs less. */
    final long lowerBound;

    private Answer(long[] times, long lowerBound) {
      this.times = times;
      this.lowerBound = lowerBound;
    }
  }

  /** Above this many instances rounding down to nothing would only waste the effort. */
  private static final long EXHAUSTIBLE = 60;

  private static final long[] ROUND_DOWN_FURTHER = {0, 1, 2, 4};

  /** A step that leaves more than this to do is taken several times at once. */
  private static final long FEW = 64;

  private final PlanCovering covering;
  private final List<Column> columns;
  private final PlanPrices prices;
  private final int[][] giving;
  private final boolean[] onlyGiven;
  private final long effort;
  private final Map<Remaining, Long> seen = new HashMap<>();

  private final long[] times;
  private long[] best;
  private long bestCost;
  private long lowerBound;
  private long steps;
  private long limit;
  private boolean complete;

  /**
   * Prepares a search.
   *
   * @param start how often each column is taken in a choice that covers all needs
   * @param effort how many steps of the search are made at most
   */
  PlanSearch(PlanCovering covering, long[] start, long effort) {
    this.covering = covering;
    this.columns = covering.columns();
    this.prices = PlanPrices.of(covering);
    this.giving = new int[covering.rows()][];
    this.onlyGiven = new boolean[covering.rows()];
    for (int row = 0; row < giving.length; row++) {
      int r = row;
      giving[row] = IntStream.range(0, columns.size())
          .filter(c -> columns.get(c).gain(r) > 0)
          .toArray();
      onlyGiven[row] =
          IntStream.range(0, columns.size()).noneMatch(c -> columns.get(c).gain(r) < 0);
    }
    this.effort = effort;
    this.times = new long[columns.size()];
    this.best = start;
    this.bestCost = costOf(start);
    this.lowerBound = prices.bound(covering.needs());
  }

  private long costOf(long[] taken) {
    return IntStream.range(0, taken.length)
        .mapToLong(c -> taken[c] * columns.get(c).cost)
        .sum();
  }

  Answer answer() {
    for (long further : ROUND_DOWN_FURTHER) {
      long[] rounded = IntStream.range(0, columns.size())
          .mapToLong(c -> Math.max(0, prices.floor(c) - further))
          .toArray();
      long taken = Arrays.stream(rounded).sum();
      if (bestCost > lowerBound && (further == 0 || taken > 0)) {
        searchFrom(rounded);
      }
    }
    long all = IntStream.range(0, columns.size()).mapToLong(prices::floor).sum();
    if (bestCost > lowerBound && all <= EXHAUSTIBLE) {
      searchFrom(new long[columns.size()]);
    }
    return new Answer(best, lowerBound);
  }

  private void searchFrom(long[] taken) {
    long[] left = covering.surplus(taken);
    Arrays.setAll(left, row -> -left[row]);
    forgetSurplus(left);
    System.arraycopy(taken, 0, times, 0, taken.length);
    seen.clear();
    steps = 0;
    limit = effort;
    complete = Arrays.stream(taken).allMatch(n -> n == 0);
    explore(left, costOf(taken));
    if (complete) {
      lowerBound = bestCost;
    }
  }

  /** Surplus of what no column takes is worth nothing, so that states with and without are one. */
  private void forgetSurplus(long[] left) {
    for (int row = 0; row < left.length; row++) {
      if (onlyGiven[row] && left[row] < 0) {
        left[row] = 0;
      }
    }
  }

  /** Some column must give to the dearest row that falls short; tries each, the best first. */
  private void explore(long[] left, long cost) {
    int row = dearestShortage(left);
    if (row < 0) {
      if (cost < bestCost) {
        best = times.clone();
        bestCost = cost;
      }
      return;
    }
    Long before = seen.get(new Remaining(left));
    if (before != null && before <= cost) {
      return;
    }
    if (steps++ >= limit) {
      complete = false;
      return;
    }
    seen.put(new Remaining(left), cost);
    for (Step step : stepsFor(row, left, cost)) {
      if (bestCost <= lowerBound || !mayImprove(step.left, step.cost)) {
        return;
      }
      times[step.column] += step.repeat;
      explore(step.left, step.cost);
      times[step.column] -= step.repeat;
    }
  }

  private int dearestShortage(long[] left) {
    int dearest = -1;
    for (int row = 0; row < left.length; row++) {
      if (left[row] > 0 && (dearest < 0 || prices.of(row) > prices.of(dearest))) {
        dearest = row;
      }
    }
    return dearest;
  }

  private List<Step> stepsFor(int row, long[] left, long cost) {
    return Arrays.stream(giving[row])
        .mapToObj(column -> step(column, row, left, cost))
        .filter(step -> mayImprove(step.left, step.cost))
        .sorted(Comparator.<Step>comparingLong(s -> s.atLeast).thenComparingInt(s -> s.column))
        .toList();
  }

  private Step step(int index, int row, long[] left, long cost) {
    Column column = columns.get(index);
    long repeat = 1;
    if (left[row] > FEW) {
      repeat = Math.max(1, left[row] / 2 / column.gain(row));
      complete = false;
    }
    long[] after = left.clone();
    column.addTo(after, -repeat);
    forgetSurplus(after);
    long costAfter = cost + repeat * column.cost;
    return new Step(
        index, repeat, after, costAfter, costAfter * prices.denominator() + prices.worth(after));
  }

  private boolean mayImprove(long[] left, long cost) {
    return cost + ceilDiv(prices.worth(left), prices.denominator()) < bestCost;
  }

  private static long ceilDiv(long a, long b) {
    return -Math.floorDiv(-a, b);
  }

  /** One branch. */
  private static final class Step {
    final int column;
    final long repeat;
    final long[] left;
    final long cost;

    /** What a plan costs that takes this step, in the unit of the prices. */
    final long atLeast;

    Step(int column, long repeat, long[] left, long cost, long atLeast) {
      this.column = column;
      this.repeat = repeat;
      this.left = left;
      this.cost = cost;
      this.atLeast = atLeast;
    }
  }

  /** What is still short or left over, as a key. */
  private static final class Remaining {
    private final long[] left;
    private final int hash;

    Remaining(long[] left) {
      this.left = left;
      this.hash = Arrays.hashCode(left);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Remaining that && Arrays.equals(left, that.left);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
