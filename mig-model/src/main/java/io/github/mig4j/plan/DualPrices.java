package io.github.mig4j.plan;

import io.github.mig4j.plan.Covering.Column;
import java.util.Arrays;
import java.util.List;

/**
 * Prices for the rows of a {@link Covering} at which the value of no column exceeds its cost. The
 * value of all needs at such prices is therefore a lower bound of the cost of any plan.
 *
 * <p>The {@link LinearRelaxation} only proposes the prices, in floating point. They are rounded to
 * fractions and checked against every column in whole numbers. The bound is therefore correct even
 * if the floating-point result is not.
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

  /**
   * Returns the proposed prices if they are simple fractions and valid, otherwise prices of zero,
   * which are always valid.
   */
  static DualPrices of(Covering covering, double[] proposed) {
    long[] needs = covering.needs();
    for (int denominator = 1; denominator <= MAX_DENOMINATOR; denominator++) {
      long[] price = rounded(proposed, denominator);
      if (price.length > 0
          && isFair(price, denominator, covering.columns)
          && isCountable(price, needs)) {
        return new DualPrices(price, denominator);
      }
    }
    return new DualPrices(new long[covering.rows()], 1);
  }

  /** The prices in units of 1/denominator; empty if they are not such fractions. */
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
    return Arrays.stream(price).allMatch(each -> each >= 0)
        && columns.stream().allMatch(column -> column.value(price) <= column.cost * denominator);
  }

  /** Whether the value of the needs is far below an overflow. */
  private static boolean isCountable(long[] price, long[] needs) {
    double worth = 0;
    for (int row = 0; row < price.length; row++) {
      worth += Math.abs((double) price[row] * needs[row]);
    }
    return worth < Long.MAX_VALUE / 4.0;
  }

  /** The value of needs, in units of 1/{@link #denominator}. */
  long worth(long[] needs) {
    long worth = 0;
    for (int row = 0; row < price.length; row++) {
      worth += price[row] * needs[row];
    }
    return worth;
  }

  /** A lower bound of the cost to cover needs. */
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
