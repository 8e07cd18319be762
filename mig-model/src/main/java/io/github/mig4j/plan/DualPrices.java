package io.github.mig4j.plan;

import io.github.mig4j.plan.Covering.Column;
import java.util.List;

/**
 * Prices for the rows of a {@link Covering} under which no column is worth more than it costs.
 * What all needs are worth at such prices is therefore a lower bound of any plan's cost.
 *
 * <p>The {@link LinearRelaxation} only proposes the prices, in floating point. They are rounded to
 * fractions and held against every column in whole numbers, so that the bound is right even where
 * that arithmetic was not.
 */
final class DualPrices {

  private static final double MAX_ROUNDING_ERROR = 1e-5;
  private static final int MAX_DENOMINATOR = 5040;

  private final long[] price;
  private final long denominator;

  private DualPrices(long[] price, long denominator) {
    this.price = price;
    this.denominator = denominator;
  }

  /** The proposed prices, or all zero, which are always fair, if they are no simple fractions. */
  static DualPrices of(Covering covering, double[] proposed) {
    long[] needs = covering.needs();
    for (int denominator = 1; denominator <= MAX_DENOMINATOR; denominator++) {
      long[] price = rounded(proposed, denominator);
      if (price.length > 0
          && isFair(price, denominator, covering.columns())
          && isCountable(price, needs)) {
        return new DualPrices(price, denominator);
      }
    }
    return new DualPrices(new long[covering.rows()], 1);
  }

  /** The prices in units of 1/denominator; none if they are no such fractions. */
  private static long[] rounded(double[] proposed, int denominator) {
    long[] price = new long[proposed.length];
    for (int row = 0; row < price.length; row++) {
      double exact = proposed[row] * denominator;
      price[row] = Math.round(exact);
      if (Math.abs(exact - price[row]) > MAX_ROUNDING_ERROR) {
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

  /** What some needs are worth, in units of 1/{@link #denominator}. */
  long worth(long[] needs) {
    long worth = 0;
    for (int row = 0; row < price.length; row++) {
      worth += price[row] * needs[row];
    }
    return worth;
  }

  /** A lower bound of what covering some needs costs. */
  long bound(long[] needs) {
    return Math.max(0, -Math.floorDiv(-worth(needs), denominator));
  }

  long of(int row) {
    return price[row];
  }

  long denominator() {
    return denominator;
  }
}
