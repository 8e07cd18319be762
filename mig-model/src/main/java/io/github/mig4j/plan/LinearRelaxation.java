package io.github.mig4j.plan;

import io.github.mig4j.plan.Covering.Column;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link Covering} with fractional uses of columns: a linear program, solved by the dual simplex
 * method in floating point. For other needs of the same rows, it continues from the last solution,
 * which takes few steps if the needs are similar. Not thread-safe.
 *
 * <p>It raises the prices of the rows, from zero, until the value of the needs is maximal. The value
 * of no column exceeds its cost at any time, so the prices are valid also if the search is stopped.
 *
 * <p>The variables are first the surpluses of the rows, then the uses of the columns. The inverse of
 * the basis is stored by rows. Rows of the unit matrix are not stored, because most columns change
 * few rows.
 */
final class LinearRelaxation {

  /** The result of a search. */
  enum Result {
    SOLVED,
    IMPOSSIBLE,
    STOPPED
  }

  private static final double EPSILON = 1e-9;

  /** After this number of steps without gain, Bland's rule is used, which never cycles. */
  private static final int MAX_IDLE_STEPS = 40;

  /** Rounding errors are removed from the reduced costs after this number of steps. */
  private static final int STEPS_UNTIL_REFRESH = 100;

  /** The inverse has a number for each pair of rows; this limits it to 128 MB. */
  private static final int MAX_ROWS = 4_000;

  /** In place of a row of the unit matrix. */
  private static final double[] UNIT = {};

  private final int rows;
  private final List<Column> columns;
  private final int[][] columnsOfRow;
  private final int[][] gainsOfRow;

  /** By position in the basis: the variable, its value, and its row of the inverse. */
  private final int[] basic;

  private final double[] value;
  private final double[][] inverse;

  /** By variable: what the last row of the tableau has, and the position in the basis or -1. */
  private final double[] reduced;

  private final int[] position;

  /** By variable: the row of the leaving variable, valid for the touched variables only. */
  private final double[] pivotRow;

  private final int[] touched;
  private final boolean[] isTouched;
  private int touchedCount;
  private long work;

  LinearRelaxation(Covering covering) {
    rows = covering.rows();
    columns = covering.columns;
    int variables = rows + columns.size();
    int[] sizes = new int[rows];
    for (Column column : columns) {
      for (int row : column.rows) {
        sizes[row]++;
      }
    }
    columnsOfRow = new int[rows][];
    gainsOfRow = new int[rows][];
    for (int row = 0; row < rows; row++) {
      columnsOfRow[row] = new int[sizes[row]];
      gainsOfRow[row] = new int[sizes[row]];
    }
    for (int j = columns.size() - 1; j >= 0; j--) {
      Column column = columns.get(j);
      for (int i = 0; i < column.rows.length; i++) {
        int row = column.rows[i];
        columnsOfRow[row][--sizes[row]] = j;
        gainsOfRow[row][sizes[row]] = column.gains[i];
      }
    }
    basic = new int[rows];
    value = new double[rows];
    inverse = new double[rows][];
    Arrays.fill(inverse, UNIT);
    reduced = new double[variables];
    position = new int[variables];
    Arrays.fill(position, -1);
    for (int row = 0; row < rows; row++) {
      basic[row] = row;
      position[row] = row;
    }
    pivotRow = new double[variables];
    touched = new int[variables];
    isTouched = new boolean[variables];
  }

  /** Finds the cheapest choice for needs, within an effort. */
  Result solve(long[] needs, Effort effort) {
    if (rows > MAX_ROWS || !effort.take((long) rows + columns.size())) {
      return Result.STOPPED;
    }
    setNeeds(needs);
    int idle = 0;
    long most = 50L * (rows + columns.size());
    for (long step = 0; step < most; step++) {
      if (step % STEPS_UNTIL_REFRESH == 0) {
        refreshReducedCosts();
      }
      int leaving = leaving(idle > MAX_IDLE_STEPS);
      if (leaving < 0) {
        return Result.SOLVED;
      }
      readPivotRow(leaving);
      int entering = entering();
      if (entering < 0) {
        return Result.IMPOSSIBLE;
      }
      double gain = pivot(leaving, entering);
      idle = gain > EPSILON ? 0 : idle + 1;
      if (!effort.take(work)) {
        return Result.STOPPED;
      }
      work = 0;
    }
    return Result.STOPPED;
  }

  private void setNeeds(long[] needs) {
    for (int i = 0; i < rows; i++) {
      double[] row = inverse[i];
      if (row == UNIT) {
        value[i] = -needs[i];
      } else {
        double sum = 0;
        for (int k = 0; k < rows; k++) {
          sum -= row[k] * needs[k];
        }
        value[i] = sum;
        work += rows;
      }
    }
  }

  /** Computes the reduced costs from the basis. The reduced cost of a surplus is the row's price. */
  private void refreshReducedCosts() {
    Arrays.fill(reduced, 0, rows, 0);
    for (int i = 0; i < rows; i++) {
      long cost = basic[i] < rows ? 0 : columns.get(basic[i] - rows).cost;
      if (cost != 0) {
        double[] row = inverse[i];
        if (row == UNIT) {
          reduced[i] -= cost;
        } else {
          for (int k = 0; k < rows; k++) {
            reduced[k] -= cost * row[k];
          }
          work += rows;
        }
      }
    }
    for (int j = 0; j < columns.size(); j++) {
      Column column = columns.get(j);
      double left = column.cost;
      for (int i = 0; i < column.rows.length; i++) {
        left -= reduced[column.rows[i]] * column.gains[i];
      }
      reduced[rows + j] = left;
      work += column.rows.length;
    }
    for (int variable : basic) {
      reduced[variable] = 0;
    }
  }

  /** The position of the variable that is most below zero; -1 if all needs are covered. */
  private int leaving(boolean blandsRule) {
    int best = -1;
    for (int i = 0; i < rows; i++) {
      if (value[i] < -EPSILON
          && (best < 0 || (blandsRule ? basic[i] < basic[best] : value[i] < value[best]))) {
        best = i;
      }
    }
    work += rows;
    return best;
  }

  /** Computes the row of the leaving variable, for all variables where it is not zero. */
  private void readPivotRow(int leaving) {
    for (int i = 0; i < touchedCount; i++) {
      isTouched[touched[i]] = false;
      pivotRow[touched[i]] = 0;
    }
    work += touchedCount;
    touchedCount = 0;
    double[] row = inverse[leaving];
    if (row == UNIT) {
      readPivotRow(leaving, 1);
    } else {
      for (int k = 0; k < rows; k++) {
        if (row[k] != 0) {
          readPivotRow(k, row[k]);
        }
      }
      work += rows;
    }
  }

  private void readPivotRow(int row, double factor) {
    add(row, factor);
    int[] some = columnsOfRow[row];
    int[] gains = gainsOfRow[row];
    for (int i = 0; i < some.length; i++) {
      add(rows + some[i], -factor * gains[i]);
    }
    work += some.length + 1;
  }

  private void add(int variable, double amount) {
    if (!isTouched[variable]) {
      isTouched[variable] = true;
      touched[touchedCount++] = variable;
    }
    pivotRow[variable] += amount;
  }

  /** The variable whose reduced cost is the first to become zero; -1 if there is none. */
  private int entering() {
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < touchedCount; i++) {
      int variable = touched[i];
      if (position[variable] < 0 && pivotRow[variable] < -EPSILON) {
        double ratio = Math.max(0, reduced[variable]) / -pivotRow[variable];
        if (ratio < least - EPSILON || (ratio < least + EPSILON && variable < best)) {
          least = ratio;
          best = variable;
        }
      }
    }
    return best;
  }

  /** Swaps two variables, and returns how much the value of the needs gains. */
  private double pivot(int leaving, int entering) {
    double pivot = pivotRow[entering];
    double step = reduced[entering] / pivot;
    double gain = step * value[leaving];
    for (int i = 0; i < touchedCount; i++) {
      if (position[touched[i]] < 0) {
        reduced[touched[i]] -= step * pivotRow[touched[i]];
      }
    }
    reduced[entering] = 0;
    reduced[basic[leaving]] = -step;

    double[] column = basisColumn(entering);
    double[] old = inverse[leaving];
    double[] row = old == UNIT ? new double[rows] : old;
    if (old == UNIT) {
      row[leaving] = 1;
      inverse[leaving] = row;
    }
    int[] filled = new int[rows];
    int count = 0;
    for (int k = 0; k < rows; k++) {
      if (row[k] != 0) {
        row[k] /= pivot;
        filled[count++] = k;
      }
    }
    value[leaving] /= pivot;
    for (int i = 0; i < rows; i++) {
      if (i != leaving && Math.abs(column[i]) > 1e-12) {
        value[i] -= column[i] * value[leaving];
        subtract(i, column[i], row, filled, count);
      }
    }
    work += 2L * rows;
    position[basic[leaving]] = -1;
    basic[leaving] = entering;
    position[entering] = leaving;
    return gain;
  }

  private void subtract(int target, double factor, double[] row, int[] filled, int count) {
    double[] changed = inverse[target];
    if (changed == UNIT) {
      changed = new double[rows];
      changed[target] = 1;
      inverse[target] = changed;
      work += rows;
    }
    for (int n = 0; n < count; n++) {
      int k = filled[n];
      changed[k] -= factor * row[k];
      if (Math.abs(changed[k]) < 1e-13) {
        changed[k] = 0;
      }
    }
    work += count;
  }

  /** The column of a variable in terms of the basis. */
  private double[] basisColumn(int variable) {
    double[] result = new double[rows];
    for (int i = 0; i < rows; i++) {
      double[] row = inverse[i];
      if (variable < rows) {
        result[i] = row == UNIT ? (i == variable ? 1 : 0) : row[variable];
      } else if (row != UNIT) {
        Column column = columns.get(variable - rows);
        double sum = 0;
        for (int n = 0; n < column.rows.length; n++) {
          sum -= row[column.rows[n]] * column.gains[n];
        }
        result[i] = sum;
        work += column.rows.length;
      }
    }
    if (variable >= rows) {
      Column column = columns.get(variable - rows);
      for (int n = 0; n < column.rows.length; n++) {
        if (inverse[column.rows[n]] == UNIT) {
          result[column.rows[n]] = -column.gains[n];
        }
      }
    }
    work += rows;
    return result;
  }

  /** The price of each row. */
  double[] prices() {
    double[] prices = new double[rows];
    for (int row = 0; row < rows; row++) {
      prices[row] = position[row] < 0 ? reduced[row] : 0;
    }
    return prices;
  }

  /** The number of uses of each column, as a fraction. */
  double[] times() {
    double[] times = new double[columns.size()];
    for (int i = 0; i < rows; i++) {
      if (basic[i] >= rows) {
        times[basic[i] - rows] = Math.max(0, value[i]);
      }
    }
    return times;
  }
}
