package io.github.mig4j.plan;

import io.github.mig4j.plan.Covering.Column;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Searches the cheapest integer choice of columns of a {@link Covering} by branch and bound.
 *
 * <p>It takes the integer part of the {@link LinearRelaxation}, solves the relaxation for the
 * remaining needs, and repeats this until all needs are covered. If the cost is above the bound of
 * the {@link DualPrices}, it goes back on this path step by step and completes each step in every
 * way. From the first step this is exhaustive. The effort is limited, so the cost of the result can
 * be above the lower bound; the result has both.
 */
final class BranchAndBound {

  /** The result of a search. */
  static final class Result {
    /** The number of uses of each column. */
    final long[] times;

    /** The lower bound of the cost of any choice. */
    final long lowerBound;

    private Result(long[] times, long lowerBound) {
      this.times = times;
      this.lowerBound = lowerBound;
    }
  }

  private static final double EPSILON = 1e-7;

  /** Above this remaining need, one step uses a column several times. */
  private static final long MAX_SINGLE_STEPS = 64;

  /** The maximum length of a path; a longer one cannot be searched exhaustively. */
  private static final int MAX_DEPTH = 500;

  /** One point of the path gets this fraction of the effort. */
  private static final long EFFORT_SHARES = 8;

  private final Covering covering;
  private final List<Column> columns;
  private final LinearRelaxation relaxation;
  private final DualPrices prices;
  private final int[][] giving;
  private final boolean[] onlyGiven;
  private final Map<Remaining, Long> seen = new HashMap<>();

  private final long[] times;
  private long[] best;
  private long bestCost;
  private long lowerBound;
  private final long share;
  private long effortLeft;
  private long stepsLeft;
  private boolean complete;

  /**
   * Creates a search.
   *
   * @param known the number of uses of each column in a choice that covers all needs
   * @param effort the maximum number of steps
   */
  BranchAndBound(Covering covering, long[] known, long effort) {
    this.covering = covering;
    this.columns = covering.columns();
    this.relaxation = new LinearRelaxation(covering);
    relaxation.solve(covering.needs());
    this.prices = DualPrices.of(covering, relaxation.prices());
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
    this.effortLeft = effort;
    this.share = Math.max(1, effort / EFFORT_SHARES);
    this.times = new long[columns.size()];
    this.best = known;
    this.bestCost = costOf(known);
    this.lowerBound = prices.bound(covering.needs());
  }

  private long costOf(long[] taken) {
    return IntStream.range(0, taken.length)
        .mapToLong(c -> taken[c] * columns.get(c).cost)
        .sum();
  }

  /**
   * Searches the cheapest choice.
   *
   * @param alsoFrom one more choice to complete, in addition to those of the path
   */
  Result search(long[] alsoFrom) {
    List<long[]> path = path();
    for (int i = path.size() - 1; i >= 0; i--) {
      completeFrom(path.get(i));
    }
    completeFrom(alsoFrom);
    completeFrom(new long[columns.size()]);
    return new Result(best, lowerBound);
  }

  /**
   * The path from the integer part of the relaxation to a choice that covers all needs, or to the
   * last one found.
   */
  private List<long[]> path() {
    List<long[]> path = new ArrayList<>();
    long[] taken = new long[columns.size()];
    boolean possible = true;
    while (possible && path.size() < MAX_DEPTH) {
      double[] fractions = relaxation.times();
      int largest = -1;
      boolean whole = false;
      for (int c = 0; c < fractions.length; c++) {
        long floor = (long) Math.floor(fractions[c] + EPSILON);
        taken[c] += floor;
        whole |= floor > 0;
        if (fractions[c] - floor > EPSILON
            && (largest < 0 || fractions[c] > fractions[largest] + EPSILON)) {
          largest = c;
        }
      }
      if (!whole) {
        if (largest < 0) {
          return path;
        }
        taken[largest]++;
      }
      path.add(taken.clone());
      possible = relaxation.solve(left(taken));
    }
    return path;
  }

  /** The remaining need of each row after a choice, negative for a surplus. */
  private long[] left(long[] taken) {
    long[] left = covering.surplus(taken);
    Arrays.setAll(left, row -> -left[row]);
    forgetSurplus(left);
    return left;
  }

  /** Sets the surplus of rows from which no column subtracts to zero, because it has no value. */
  private void forgetSurplus(long[] left) {
    for (int row = 0; row < left.length; row++) {
      left[row] = forgotten(row, left[row]);
    }
  }

  private long forgotten(int row, long left) {
    return onlyGiven[row] ? Math.max(0, left) : left;
  }

  /** Completes a choice in every way within the effort, unless the best result is known already. */
  private void completeFrom(long[] taken) {
    if (bestCost <= lowerBound || effortLeft == 0) {
      return;
    }
    System.arraycopy(taken, 0, times, 0, taken.length);
    seen.clear();
    stepsLeft = Math.min(share, effortLeft);
    effortLeft -= stepsLeft;
    complete = Arrays.stream(taken).allMatch(n -> n == 0);
    explore(left(taken), costOf(taken), 0);
    effortLeft += stepsLeft;
    if (complete) {
      lowerBound = bestCost;
    }
  }

  /**
   * Tries each column that adds to the row with a shortage and the highest price, the best column
   * first.
   */
  private void explore(long[] left, long cost, int depth) {
    int row = dearestShortage(left);
    if (row < 0) {
      if (cost < bestCost) {
        best = times.clone();
        bestCost = cost;
      }
      return;
    }
    Remaining state = new Remaining(left);
    Long before = seen.get(state);
    if (before != null && before <= cost) {
      return;
    }
    if (stepsLeft == 0 || depth == MAX_DEPTH) {
      complete = false;
      return;
    }
    stepsLeft--;
    seen.put(state, cost);
    for (Step step : stepsFor(row, left, cost)) {
      if (!step.mayImprove()) {
        return;
      }
      times[step.column] += step.repeat;
      explore(after(step, left), step.cost, depth + 1);
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
    long worth = prices.worth(left);
    List<Step> steps = new ArrayList<>();
    for (int column : giving[row]) {
      Step step = step(column, row, left, cost, worth);
      if (step.mayImprove()) {
        steps.add(step);
      }
    }
    steps.sort(Comparator.<Step>comparingLong(s -> s.atLeast).thenComparingInt(s -> s.column));
    return steps;
  }

  private Step step(int index, int row, long[] left, long cost, long worth) {
    Column column = columns.get(index);
    long repeat = left[row] > MAX_SINGLE_STEPS ? repeat(column, row, left) : 1;
    long after = worth;
    boolean possible = true;
    for (int i = 0; i < column.rows.length; i++) {
      int changed = column.rows[i];
      long now = left[changed] - repeat * column.gains[i];
      possible &= now <= 0 || giving[changed].length > 0;
      after += prices.of(changed) * (forgotten(changed, now) - left[changed]);
    }
    long costAfter = cost + repeat * column.cost;
    long atLeast = possible ? costAfter * prices.denominator() + after : Long.MAX_VALUE;
    return new Step(index, repeat, costAfter, atLeast);
  }

  /** Covers half of the remaining need in one step, if the column's supply is sufficient. */
  private long repeat(Column column, int row, long[] left) {
    complete = false;
    long repeat = left[row] / 2 / column.gain(row);
    for (int i = 0; i < column.rows.length; i++) {
      if (column.gains[i] < 0) {
        repeat = Math.min(repeat, left[column.rows[i]] / column.gains[i]);
      }
    }
    return Math.max(1, repeat);
  }

  private long[] after(Step step, long[] left) {
    long[] after = left.clone();
    columns.get(step.column).addTo(after, -step.repeat);
    forgetSurplus(after);
    return after;
  }

  /** One branch of the search. */
  private final class Step {
    final int column;
    final long repeat;
    final long cost;

    /** The lower bound of the cost of any choice with this step, in the unit of the prices. */
    final long atLeast;

    Step(int column, long repeat, long cost, long atLeast) {
      this.column = column;
      this.repeat = repeat;
      this.cost = cost;
      this.atLeast = atLeast;
    }

    /**
     * Whether a better choice is possible. Costs are integers, so a better choice is cheaper by at
     * least 1.
     */
    boolean mayImprove() {
      return atLeast <= (bestCost - 1) * prices.denominator();
    }
  }

  /** The remaining needs as a key. */
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
