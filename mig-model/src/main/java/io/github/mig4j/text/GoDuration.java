package io.github.mig4j.text;

import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What Go's {@code time.ParseDuration} reads. */
public final class GoDuration {
  private static final Pattern PART =
      Pattern.compile("([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)");
  private static final Pattern FORM = Pattern.compile("[-+]?(?:0|(?:" + PART + ")+)");

  private static final Map<String, Long> NANOSECONDS = Map.of(
      "ns", 1L,
      "us", 1_000L,
      "µs", 1_000L,
      "μs", 1_000L,
      "ms", 1_000_000L,
      "s", 1_000_000_000L,
      "m", 60_000_000_000L,
      "h", 3_600_000_000_000L);

  private GoDuration() {}

  /** Whether the text is a duration, and one that 64 bits of nanoseconds hold. */
  public static boolean isDuration(String text) {
    if (text.length() > 100 || !FORM.matcher(text).matches()) {
      return false;
    }
    BigDecimal sum = BigDecimal.ZERO;
    Matcher parts = PART.matcher(text);
    while (parts.find()) {
      sum = sum.add(new BigDecimal(parts.group(1))
          .multiply(BigDecimal.valueOf(NANOSECONDS.getOrDefault(parts.group(2), 0L))));
    }
    return sum.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
  }
}
