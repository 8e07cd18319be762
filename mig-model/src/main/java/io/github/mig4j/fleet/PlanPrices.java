package io.github.mig4j.fleet;

import io.github.mig4j.fleet.PlanCovering.Column;
import java.util.List;

/**
 * Prices for the rows of a {@link PlanCovering} under which no column is worth more than it costs.
 * What all needs are worth at such prices is therefore a lower bound of any plan's cost (the
 * duality of linear programmes); these are the prices that make it the highest.
 *
 * <p>A simplex method in floating point only proposes the prices. They are then rounded to fractions
 * and held against every column in whole numbers, so that the bound is right even where the
 * arithmetic was not.
 */
final class PlanPrices {

  private static final double TINY = 1e-9;
  private static final double ROUNDED = 1e-5;
  private static final int MAX_DENOMINATOR = 5040;
  private static final int PATIENCE = 40;

  private final long[] price;
  private final long denominator;
  private final double[] fractions;

  private PlanPrices(long[] price, long denominator, double[] fractions) {
    this.price = price;
    this.denominator = denominator;
    this.fractions = fractions;
  }

  static PlanPrices of(PlanCovering covering) {
    Tableau tableau = new Tableau(covering);
    tableau.maximize();
    double[] proposed = tableau.prices();
    long[] needs = covering.needs();
    double[] fractions = tableau.columns();
    for (int denominator = 1; denominator <= MAX_DENOMINATOR; denominator++) {
      long[] price = rounded(proposed, denominator);
      if (price.length > 0
          && isFair(price, denominator, covering.columns())
          && isCountable(price, needs)) {
        return new PlanPrices(price, denominator, fractions);
      }
    }
    return new PlanPrices(new long[covering.rows()], 1, fractions);
  }

  /** The prices in units of 1/denominator; none if they are no such fractions. */
  private static long[] rounded(double[] proposed, int denominator) {
    long[] price = new long[proposed.length];
    for (int row = 0; row < price.length; row++) {
      double exact = proposed[row] * denominator;
      price[row] = Math.round(exact);
      if (Math.abs(exact - price[row]) > ROUNDED) {
        return new long[0];
      }
    }
    return price;
  }

  private static boolean isFair(long[] price, long denominator, List<Column> columns) {
    for (long each : price) {
      if (each < 0) {
        return false;
      }
    }
    for (Column column : columns) {
      if (column.value(price) > column.cost * denominator) {
        return false;
      }
    }
    return true;
  }

  /** Whether what the needs are worth is far from overflowing. */
  private static boolean isCountable(long[] price, long[] needs) {
    double worth = 0;
    for (int row = 0; row < price.length; row++) {
      worth += Math.abs((double) price[row] * needs[row]);
    }
    return worth < Long.MAX_VALUE / 4.0;
  }

  /** What the needs are worth, in units of 1/{@link #denominator}. */
  long worth(long[] needs) {
    long worth = 0;
    for (int row = 0; row < price.length; row++) {
      worth += price[row] * needs[row];
    }
    return worth;
  }

  /** A lower bound of what covering the needs costs. */
  long bound(long[] needs) {
    return Math.max(0, -Math.floorDiv(-worth(needs), denominator));
  }

  long of(int row) {
    return price[row];
  }

  long denominator() {
    return denominator;
  }

  /** How often the cheapest plan in fractions takes a column, rounded down. */
  long floor(int column) {
    return (long) Math.floor(fractions[column] + TINY * (1 + fractions[column]));
  }

  /**
   * The simplex method on the prices, for which all zero is a start, in the condensed form where
   * basic and other variables change places.
   */
  private static final class Tableau {
    private final int rows;
    private final int columns;
    private final double[][] cells;
    private final int[] basic;
    private final int[] other;

    /** Variables are numbered: first the prices of the rows, then the slacks of the columns. */
    Tableau(PlanCovering covering) {
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
      long[] needs = covering.needs();
      for (int row = 0; row < rows; row++) {
        cells[columns][row] = -needs[row];
        other[row] = row;
      }
    }

    /** Dantzig's choice as long as it gains, Bland's, which never cycles, where it does not. */
    void maximize() {
      int idle = 0;
      for (int step = 0; step < 50 * (rows + columns); step++) {
        int entering = entering(idle > PATIENCE);
        int leaving = entering < 0 ? -1 : leaving(entering);
        if (leaving < 0) {
          return;
        }
        double before = cells[columns][rows];
        pivot(leaving, entering);
        idle = cells[columns][rows] > before + TINY ? 0 : idle + 1;
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

    double[] prices() {
      double[] prices = new double[rows];
      for (int i = 0; i < columns; i++) {
        if (basic[i] < rows) {
          prices[basic[i]] = cells[i][rows];
        }
      }
      return prices;
    }

    double[] columns() {
      double[] fractions = new double[columns];
      for (int j = 0; j < rows; j++) {
        if (other[j] >= rows) {
          fractions[other[j] - rows] = Math.max(0, cells[columns][j]);
        }
      }
      return fractions;
    }
  }
}
