package io.github.mig4j.text;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;

/** Durations as messages and logs print them: {@code 1.5 s}, {@code 45 min}, {@code 1 h 30 min}. */
public final class DurationText {

  private static final int NANO_DIGITS = 9;
  private static final int MINUTES_OF_HOUR = 60;

  private DurationText() {}

  /** The text of a duration, to the millisecond. */
  public static String of(Duration duration) {
    if (duration.isNegative()) {
      return "-" + of(duration.negated());
    }
    StringBuilder text = new StringBuilder();
    add(text, duration.toHours(), "h");
    add(text, duration.toMinutes() % MINUTES_OF_HOUR, "min");
    BigDecimal seconds = BigDecimal.valueOf(
            duration.minusMinutes(duration.toMinutes()).toNanos(), NANO_DIGITS)
        .setScale(3, RoundingMode.HALF_UP)
        .stripTrailingZeros();
    if (seconds.signum() != 0 || text.isEmpty()) {
      add(text, seconds.toPlainString(), "s");
    }
    return text.toString();
  }

  private static void add(StringBuilder text, long count, String unit) {
    if (count > 0) {
      add(text, Long.toString(count), unit);
    }
  }

  private static void add(StringBuilder text, String count, String unit) {
    text.append(text.isEmpty() ? "" : " ").append(count).append(' ').append(unit);
  }
}
