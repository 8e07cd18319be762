package io.github.mig4j.plan;

import io.github.mig4j.plan.Covering.Column;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

  private static final Comparator<Step> BEST_FIRST =
      Comparator.comparingLong(Step::atLeast).thenComparingInt(Step::column);

  private static final double EPSILON = 1e-7;

  /** Above this remaining need, one step uses a column several times. */
  private static final long MAX_SINGLE_STEPS = 64;

  /** The maximum length of a path; a longer one cannot be searched exhaustively. */
  private static final int MAX_DEPTH = 500;

  /** One point of the path gets this fraction of the effort that is left. */
  private static final long EFFORT_SHARES = 4;

  /** A column that is compared with others costs this. */
  private static final long CELLS_PER_BRANCH = 60;

  private final Covering covering;
  private final List<Column> columns;
  private final LinearRelaxation relaxation;
  private final DualPrices prices;
  private final int[][] giving;
  private final boolean[] onlyGiven;
  /** By remaining need: the lowest cost at which it was reached. */
  private final Map<LongBuffer, Long> seen = new HashMap<>();

  private final long[] times;
  private final long[] known;
  private long[] best;
  private long bestCost;
  private long lowerBound;
  private final Effort effort;
  private final boolean solved;
  private Effort share;
  private boolean complete;

  /**
   * Creates a search.
   *
   * @param known the number of uses of each column in a choice that covers all needs
   * @param effort the maximum work, of which the relaxation gets half
   */
  BranchAndBound(Covering covering, long[] known, Effort effort) {
    this.covering = covering;
    this.columns = covering.columns;
    this.effort = effort;
    this.share = effort;
    this.known = known;
    this.best = known;
    this.bestCost = covering.cost(known);
    this.relaxation = new LinearRelaxation(covering);
    Effort half = effort.part(2);
    this.solved = relaxation.solve(covering.needs(), half) == LinearRelaxation.Result.SOLVED;
    effort.end(half);
    this.prices = DualPrices.of(covering, relaxation.prices());
    this.onlyGiven = new boolean[covering.rows()];
    Arrays.fill(onlyGiven, true);
    this.giving = giving();
    this.times = new long[columns.size()];
    this.lowerBound = covering.isComplete() ? prices.bound(covering.needs()) : 0;
  }

  /** The columns that add to each row. */
  private int[][] giving() {
    List<List<Integer>> columnsOfRow = new ArrayList<>();
    for (int row = 0; row < onlyGiven.length; row++) {
      columnsOfRow.add(new ArrayList<>());
    }
    for (int c = 0; c < columns.size(); c++) {
      Column column = columns.get(c);
      for (int i = 0; i < column.rows.length; i++) {
        if (column.gains[i] > 0) {
          columnsOfRow.get(column.rows[i]).add(c);
        } else {
          onlyGiven[column.rows[i]] = false;
        }
      }
    }
    return columnsOfRow.stream()
        .map(some -> some.stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
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
    if (effort.isExhausted() && best == known) {
      completeAtOnce(alsoFrom);
    }
    return new Result(best, lowerBound);
  }

  /**
   * Completes a choice in one way, with the best column for each shortage, as often as possible. This
   * takes no effort, so that an answer whose effort has ended is still useful.
   */
  private void completeAtOnce(long[] taken) {
    System.arraycopy(taken, 0, times, 0, taken.length);
    long[] left = left(taken);
    long cost = covering.cost(taken);
    for (int i = 0; i < MAX_DEPTH; i++) {
      int row = dearestShortage(left);
      if (row < 0) {
        keepIfBetter(cost);
        return;
      }
      List<Step> steps = steps(row, left, cost, left[row]);
      if (steps.isEmpty()) {
        return;
      }
      Comparator<Step> cheapest = Comparator.comparingDouble(step -> costPerGain(step, row));
      Step best = Collections.min(steps, cheapest.thenComparingLong(Step::atLeast));
      times[best.column] += best.repeat;
      left = after(best, left);
      cost = best.cost;
    }
  }

  private void keepIfBetter(long cost) {
    if (cost < bestCost) {
      best = times.clone();
      bestCost = cost;
    }
  }

  /**
   * The path from the integer part of the relaxation to a choice that covers all needs, or to the
   * last one found.
   */
  private List<long[]> path() {
    List<long[]> path = new ArrayList<>();
    long[] taken = new long[columns.size()];
    boolean possible = solved;
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
      Effort half = effort.part(2);
      possible = half.take(columns.size())
          && relaxation.solve(left(taken), half) == LinearRelaxation.Result.SOLVED;
      effort.end(half);
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
    if (bestCost <= lowerBound) {
      return;
    }
    System.arraycopy(taken, 0, times, 0, taken.length);
    seen.clear();
    share = effort.part(EFFORT_SHARES);
    complete = covering.isComplete()
        && bestCost <= maxCost()
        && Arrays.stream(taken).allMatch(n -> n == 0);
    explore(left(taken), covering.cost(taken), 0);
    effort.end(share);
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
      keepIfBetter(cost);
      return;
    }
    LongBuffer state = LongBuffer.wrap(left);
    Long before = seen.get(state);
    if (before != null && before <= cost) {
      return;
    }
    if (depth == MAX_DEPTH
        || !share.take(left.length + CELLS_PER_BRANCH * (1L + giving[row].length))) {
      complete = false;
      return;
    }
    seen.put(state, cost);
    boolean single = left[row] <= MAX_SINGLE_STEPS;
    complete &= single;
    List<Step> steps = steps(row, left, cost, single ? 0 : left[row] / 2);
    steps.sort(BEST_FIRST);
    for (Step step : steps) {
      if (!mayImprove(step)) {
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

  /** The highest cost that can be compared with the prices without an overflow. */
  private long maxCost() {
    return Long.MAX_VALUE / 4 / prices.denominator();
  }

  /** The steps that may improve the result, each once or as often as it covers a part of the need. */
  private List<Step> steps(int row, long[] left, long cost, long part) {
    long worth = prices.worth(left);
    List<Step> steps = new ArrayList<>();
    for (int column : giving[row]) {
      long repeat = repeat(columns.get(column), row, left, part);
      Step step = step(column, repeat, left, cost, worth);
      if (mayImprove(step)) {
        steps.add(step);
      }
    }
    return steps;
  }

  private Step step(int index, long repeat, long[] left, long cost, long worth) {
    Column column = columns.get(index);
    long after = worth;
    boolean possible = true;
    for (int i = 0; i < column.rows.length; i++) {
      int changed = column.rows[i];
      long now = left[changed] - repeat * column.gains[i];
      possible &= now <= 0 || giving[changed].length > 0;
      after += prices.of(changed) * (forgotten(changed, now) - left[changed]);
    }
    long costAfter = cost + repeat * column.cost;
    long atLeast = possible && costAfter <= maxCost()
        ? costAfter * prices.denominator() + after
        : Long.MAX_VALUE;
    return new Step(index, repeat, costAfter, atLeast);
  }

  /** How often a column can be used for a part of the remaining need, if its supply is sufficient. */
  private static long repeat(Column column, int row, long[] left, long part) {
    long repeat = part / column.gain(row);
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

  /**
   * One branch of the search.
   *
   * @param atLeast the lower bound of the cost of any choice with this step, in the unit of the prices
   */
  private record Step(int column, long repeat, long cost, long atLeast) {}

  /** Whether a better choice is possible: costs are integers, so it is cheaper by at least 1. */
  private boolean mayImprove(Step step) {
    return step.atLeast <= (Math.min(bestCost, maxCost()) - 1) * prices.denominator();
  }

  /** The cost of a step for each instance that it adds to a row. */
  private double costPerGain(Step step, int row) {
    Column column = columns.get(step.column);
    return (double) column.cost / column.gain(row);
  }
}
