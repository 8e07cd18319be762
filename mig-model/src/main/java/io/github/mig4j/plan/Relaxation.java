package io.github.mig4j.plan;

import io.github.mig4j.plan.Covering.Column;

/**
 * A {@link Covering} whose columns may be taken in fractions: a linear programme, solved by the
 * simplex method in floating point. Asked for other needs of the same rows, it goes on from where it
 * is, which takes few steps if they are similar. Not thread-safe.
 *
 * <p>What it finds are prices of the rows under which no column is worth more than it costs and the
 * needs are worth the most; the fractions come with them. All prices zero is a start, so that there
 * is no first phase. The tableau is the condensed one, in which a pivot swaps two variables.
 */
final class Relaxation {

  private static final double TINY = 1e-9;

  /** After so many steps without gain Bland's rule takes over, which never cycles. */
  private static final int PATIENCE = 40;

  private final int rows;
  private final int columns;
  private final double[][] cells;
  private final int[] basic;
  private final int[] other;

  /** Variables are numbered: first the prices of the rows, then the slacks of the columns. */
  Relaxation(Covering covering) {
    rows = covering.rows();
    columns = covering.columns().size();
    cells = new double[columns + 1][rows + 1];
    basic = new int[columns];
    other = new int[rows];
    for (int j = 0; j < columns; j++) {
      Column column = covering.columns().get(j);
      for (int i = 0; i < column.rows.length; i++) {
        cells[j][column.rows[i]] = column.gains[i];
      }
      cells[j][rows] = column.cost;
      basic[j] = rows + j;
    }
    for (int row = 0; row < rows; row++) {
      other[row] = row;
    }
  }

  /** Finds the cheapest choice for some needs; answers whether there is one. */
  boolean solve(long[] needs) {
    state(needs);
    int idle = 0;
    for (int step = 0; step < 50 * (rows + columns); step++) {
      int entering = entering(idle > PATIENCE);
      if (entering < 0) {
        return true;
      }
      int leaving = leaving(entering);
      if (leaving < 0) {
        return false;
      }
      double before = cells[columns][rows];
      pivot(leaving, entering);
      idle = cells[columns][rows] > before + TINY ? 0 : idle + 1;
    }
    return true;
  }

  /** Writes the row of the objective in terms of the variables that are not basic. */
  private void state(long[] needs) {
    double[] objective = cells[columns];
    for (int j = 0; j <= rows; j++) {
      objective[j] = j < rows && other[j] < rows ? -needs[other[j]] : 0;
    }
    for (int i = 0; i < columns; i++) {
      if (basic[i] < rows && needs[basic[i]] != 0) {
        for (int j = 0; j <= rows; j++) {
          objective[j] += needs[basic[i]] * cells[i][j];
        }
      }
    }
  }

  private int entering(boolean blandsRule) {
    int best = -1;
    for (int j = 0; j < rows; j++) {
      if (cells[columns][j] < -TINY
          && (best < 0
              || (blandsRule
                  ? other[j] < other[best]
                  : cells[columns][j] < cells[columns][best]))) {
        best = j;
      }
    }
    return best;
  }

  private int leaving(int entering) {
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < columns; i++) {
      if (cells[i][entering] > TINY) {
        double ratio = cells[i][rows] / cells[i][entering];
        if (ratio < least - TINY || (ratio < least + TINY && basic[i] < basic[best])) {
          least = ratio;
          best = i;
        }
      }
    }
    return best;
  }

  private void pivot(int r, int s) {
    double inverse = 1 / cells[r][s];
    for (int i = 0; i <= columns; i++) {
      if (i != r && cells[i][s] != 0) {
        double factor = cells[i][s] * inverse;
        for (int j = 0; j <= rows; j++) {
          if (j != s) {
            cells[i][j] -= cells[r][j] * factor;
          }
        }
        cells[i][s] = -factor;
      }
    }
    for (int j = 0; j <= rows; j++) {
      cells[r][j] *= inverse;
    }
    cells[r][s] = inverse;
    int swapped = basic[r];
    basic[r] = other[s];
    other[s] = swapped;
  }

  /** What each row is worth. */
  double[] prices() {
    double[] prices = new double[rows];
    for (int i = 0; i < columns; i++) {
      if (basic[i] < rows) {
        prices[basic[i]] = cells[i][rows];
      }
    }
    return prices;
  }

  /** How often each column is taken. */
  double[] times() {
    double[] times = new double[columns];
    for (int j = 0; j < rows; j++) {
      if (other[j] >= rows) {
        times[other[j] - rows] = Math.max(0, cells[columns][j]);
      }
    }
    return times;
  }
}
