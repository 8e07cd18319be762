package io.github.mig4j.k8s.reconcile;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.time.format.TextStyle;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** How a policy file spells days and durations. */
final class PolicyWords {

  private static final Pattern DURATION =
      Pattern.compile("(?=[0-9])(?:[0-9]{1,4}h)?(?:[0-9]{1,6}m)?(?:[0-9]{1,6}s)?");

  private PolicyWords() {}

  /** E.g. {@code Sat}. */
  static String day(DayOfWeek day) {
    return day.getDisplayName(TextStyle.SHORT, Locale.ROOT);
  }

  /** A day by its name or its first three letters. */
  static Optional<DayOfWeek> day(String text) {
    return Stream.of(DayOfWeek.values())
        .filter(day -> day.name().equalsIgnoreCase(text) || day(day).equalsIgnoreCase(text))
        .findFirst();
  }

  /** E.g. {@code 1h30m}; the inverse of {@link #duration(String)} for whole seconds. */
  static String duration(Duration duration) {
    return duration.isZero() ? "0s" : duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  static Optional<Duration> duration(String text) {
    try {
      return DURATION.matcher(text).matches()
          ? Optional.of(Duration.parse("PT" + text.toUpperCase(Locale.ROOT)))
          : Optional.empty();
    } catch (DateTimeParseException | ArithmeticException e) {
      return Optional.empty();
    }
  }
}
