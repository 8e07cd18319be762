package io.github.mig4j.examples.migctl.console;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 90s}, {@code 0.5s}, {@code 10m}, {@code 1h30m} and ISO 8601. */
public final class DurationConverter implements ITypeConverter<Duration> {

  private static final Pattern SHORT = Pattern.compile(
      "(?=[0-9])(?:[0-9]{1,4}h)?(?:[0-9]{1,6}m)?(?:[0-9]{1,6}(?:\\.[0-9]{1,9})?s)?");

  @Override
  public Duration convert(String value) {
    Matcher form = SHORT.matcher(value);
    try {
      Duration duration =
          Duration.parse(form.matches() ? "PT" + value.toUpperCase(Locale.ROOT) : value);
      if (duration.isZero() || duration.isNegative()) {
        throw new TypeConversionException("'%s' is not a positive duration".formatted(value));
      }
      return duration;
    } catch (DateTimeParseException | ArithmeticException e) {
      throw new TypeConversionException(
          "'%s' is not a duration; write e.g. 90s, 10m or 1h30m".formatted(value));
    }
  }
}
