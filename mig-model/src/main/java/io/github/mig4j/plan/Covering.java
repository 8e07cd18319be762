package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * An integer covering problem. Each row needs an amount. Each column has a cost, can be used any
 * number of times, and each use adds to some rows and subtracts from others. The solution is the
 * cheapest choice of columns that meets the need of every row.
 *
 * <p>A demand is a row with a positive need. A limited supply is a row with a negative need, from
 * which columns subtract. A row with need zero passes amounts from some columns to others.
 */
final class Covering {

  /** The effect of one use of a column. */
  static final class Column {
    /** The rows that change, and the amount for each of them, negative for a subtraction. */
    final int[] rows;

    final int[] gains;

    /** Not negative. */
    final long cost;

    private Column(int[] rows, int[] gains, long cost) {
      this.rows = rows;
      this.gains = gains;
      this.cost = cost;
    }

    int gain(int row) {
      for (int i = 0; i < rows.length; i++) {
        if (rows[i] == row) {
          return gains[i];
        }
      }
      return 0;
    }

    /** Adds the amounts of several uses to the rows. */
    void addTo(long[] amounts, long times) {
      for (int i = 0; i < rows.length; i++) {
        amounts[rows[i]] += times * gains[i];
      }
    }

    /** The value of one use at given prices. */
    long value(long[] prices) {
      long value = 0;
      for (int i = 0; i < rows.length; i++) {
        value += prices[rows[i]] * gains[i];
      }
      return value;
    }
  }

  final List<Column> columns = new ArrayList<>();
  private long[] needs = new long[8];
  private int rows;
  private boolean complete = true;

  Covering() {}

  /** Copies a covering; additions to the copy do not change the original. */
  Covering(Covering other) {
    columns.addAll(other.columns);
    needs = other.needs.clone();
    rows = other.rows;
    complete = other.complete;
  }

  /** Adds a row and returns its index. */
  int addRow(long need) {
    if (rows == needs.length) {
      needs = Arrays.copyOf(needs, 2 * rows);
    }
    needs[rows] = need;
    return rows++;
  }

  void addNeed(int row, long more) {
    needs[row] += more;
  }

  /** Adds a column with gains by row, and returns its index. Gains of zero are omitted. */
  int addColumn(long cost, SortedMap<Integer, Integer> gains) {
    List<Map.Entry<Integer, Integer>> changed =
        gains.entrySet().stream().filter(each -> each.getValue() != 0).toList();
    columns.add(new Column(
        changed.stream().mapToInt(Map.Entry::getKey).toArray(),
        changed.stream().mapToInt(Map.Entry::getValue).toArray(),
        cost));
    return columns.size() - 1;
  }

  /**
   * Records that possible columns were not added, because there are too many. No lower bound is
   * known then.
   */
  void omitColumns() {
    complete = false;
  }

  /** Whether all possible columns were added. */
  boolean isComplete() {
    return complete;
  }

  /** The amount of each row above its need, negative for a shortage. */
  long[] surplus(long[] times) {
    long[] surplus = new long[rows];
    for (int row = 0; row < rows; row++) {
      surplus[row] = -needs[row];
    }
    for (int c = 0; c < times.length; c++) {
      if (times[c] != 0) {
        columns.get(c).addTo(surplus, times[c]);
      }
    }
    return surplus;
  }

  /** The cost of a number of uses of each column. */
  long cost(long[] times) {
    long cost = 0;
    for (int c = 0; c < times.length; c++) {
      cost += times[c] * columns.get(c).cost;
    }
    return cost;
  }

  int rows() {
    return rows;
  }

  long[] needs() {
    return Arrays.copyOf(needs, rows);
  }
}
