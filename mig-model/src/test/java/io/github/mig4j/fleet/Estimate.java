package io.github.mig4j.fleet;

import java.util.Locale;

/** A mean and half the width of its 95 % confidence interval. */
record Estimate(double mean, double half) {

  static Estimate of(double[] values) {
    double mean = 0;
    for (double value : values) {
      mean += value / values.length;
    }
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    double error = Math.sqrt(squares / (values.length - 1) / values.length);
    return new Estimate(mean, studentT(values.length - 1) * error);
  }

  /** The difference of two policies for the same arrivals. */
  static Estimate ofDifferences(double[] one, double[] other) {
    double[] differences = one.clone();
    for (int i = 0; i < one.length; i++) {
      differences[i] -= other[i];
    }
    return of(differences);
  }

  /** The 97.5 % quantile of Student's t, by its expansion about the normal one. */
  private static double studentT(int degrees) {
    double z = 1.959964;
    return z
        + (z * z * z + z) / (4.0 * degrees)
        + (5 * Math.pow(z, 5) + 16 * z * z * z + 3 * z) / (96.0 * degrees * degrees);
  }

  boolean isBelowZero() {
    return mean + half < 0;
  }

  /** In per cent. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.1f ± %.1f", 100 * mean, 100 * half);
  }

  String signed() {
    return String.format(Locale.ROOT, "%+.2f ± %.2f", 100 * mean, 100 * half);
  }
}
