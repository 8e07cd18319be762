package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The arithmetic of a plan: rows that must not fall short, and columns, each of which can be taken
 * any number of times, at a cost, to give to some rows and take from others. Wanted is the cheapest
 * choice of columns.
 *
 * <p>A wish is a row that needs something, a limited supply is one with a negative need from which
 * columns take, and what some columns make for others to use is a row that needs nothing.
 */
final class Covering {

  /** What taking a column once changes. */
  static final class Column {
    /** The rows that it changes, and what it gives to each of them, negative for what it takes. */
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

    /** Adds what some uses give to each row. */
    void addTo(long[] amounts, long times) {
      for (int i = 0; i < rows.length; i++) {
        amounts[rows[i]] += times * gains[i];
      }
    }

    /** What one use of this column is worth. */
    long value(long[] prices) {
      long value = 0;
      for (int i = 0; i < rows.length; i++) {
        value += prices[rows[i]] * gains[i];
      }
      return value;
    }
  }

  private final List<Column> columns = new ArrayList<>();
  private long[] needs = new long[8];
  private int rows;

  Covering() {}

  /** A copy to be extended; what is added to it does not show here. */
  Covering(Covering other) {
    columns.addAll(other.columns);
    needs = other.needs.clone();
    rows = other.rows;
  }

  /** Adds a row; answers its index. */
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

  /** Adds a column from a gain for each row, of which those that are zero do not count. */
  int addColumn(long cost, int[] gainByRow) {
    int[] changed = new int[gainByRow.length];
    int[] gains = new int[gainByRow.length];
    int n = 0;
    for (int row = 0; row < gainByRow.length; row++) {
      if (gainByRow[row] != 0) {
        changed[n] = row;
        gains[n++] = gainByRow[row];
      }
    }
    columns.add(new Column(Arrays.copyOf(changed, n), Arrays.copyOf(gains, n), cost));
    return columns.size() - 1;
  }

  /** By how much each row is more than covered, negative where it falls short. */
  long[] surplus(long[] times) {
    long[] surplus = new long[rows];
    for (int row = 0; row < rows; row++) {
      surplus[row] = -needs[row];
    }
    for (int c = 0; c < times.length; c++) {
      columns.get(c).addTo(surplus, times[c]);
    }
    return surplus;
  }

  int rows() {
    return rows;
  }

  long[] needs() {
    return Arrays.copyOf(needs, rows);
  }

  List<Column> columns() {
    return columns;
  }
}
