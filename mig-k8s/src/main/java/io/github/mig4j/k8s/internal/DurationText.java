package io.github.mig4j.k8s.internal;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/** Durations as messages and logs print them: {@code 200 ms}, {@code 1.5 s}, {@code 45 min}. */
public final class DurationText {

  private static final long MINUTE = 60;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  private DurationText() {}

  /**
   * Prints a duration in its two largest units, e.g. {@code 1 h 30 min}. What is smaller is rounded
   * down; below a minute that is a tenth of a second, below a second a millisecond.
   *
   * @param duration any duration; a negative one begins with a minus sign
   * @return the text
   */
  public static String of(Duration duration) {
    if (duration.isNegative()) {
      return "-" + of(duration.negated());
    }
    long seconds = duration.toSeconds();
    if (seconds >= DAY) {
      return text(seconds, DAY, "d", HOUR, "h");
    }
    if (seconds >= HOUR) {
      return text(seconds, HOUR, "h", MINUTE, "min");
    }
    if (seconds >= MINUTE) {
      return text(seconds, MINUTE, "min", 1, "s");
    }
    if (seconds >= 1) {
      return tenths(duration) + " s";
    }
    if (duration.isZero()) {
      return "0 s";
    }
    return duration.toMillis() > 0 ? duration.toMillis() + " ms" : duration.toNanos() + " ns";
  }

  private static String text(
      long seconds, long large, String largeUnit, long small, String smallUnit) {
    long rest = seconds % large / small;
    return (seconds / large + " " + largeUnit) + (rest == 0 ? "" : " " + rest + " " + smallUnit);
  }

  private static String tenths(Duration duration) {
    return BigDecimal.valueOf(duration.toMillis(), 3)
        .setScale(1, RoundingMode.DOWN)
        .stripTrailingZeros()
        .toPlainString();
  }
}
