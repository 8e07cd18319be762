package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.OptionalLong;

/** What the rules for the parts of a file share: how mig-parted reads a value, and what is reported. */
final class ConfigValues {

  private ConfigValues() {}

  /** Reports that a value is of another type than it must be. */
  static void wrongType(
      Findings findings, YamlPath path, YamlValue value, String subject, String expected) {
    findings.error(
        ConfigCode.WRONG_TYPE,
        path.at(value.at()),
        "%s must be %s, but was %s".formatted(subject, expected, value.kind()),
        "");
  }

  /** The whole number that mig-parted reads, or empty if it refuses the value. */
  static OptionalLong integer(Findings findings, YamlPath path, YamlValue value, String subject) {
    if (value instanceof YamlValue.Null) {
      findings.warning(
          ConfigCode.NULL_VALUE,
          path.at(value.at()),
          "%s has no value, which mig-parted reads as 0".formatted(subject),
          "write a number");
      return OptionalLong.of(0);
    }
    OptionalLong number = value.asInt64();
    if (number.isEmpty()) {
      wrongType(findings, path, value, subject, "a whole number");
    } else if (value.isOctalSurprise()) {
      findings.warning(
          ConfigCode.OCTAL_NUMBER,
          path.at(value.at()),
          "%s begins with 0, so YAML reads it as octal, which is %d"
              .formatted(text(value), number.getAsLong()),
          "write it without the 0");
    }
    return number;
  }

  /** The nearest number of 32 bits, after a warning if it is another number. */
  static int clamp(Findings findings, YamlPath path, YamlValue value, long number) {
    int nearest = (int) Math.max(Integer.MIN_VALUE, Math.min(number, Integer.MAX_VALUE));
    if (nearest != number) {
      findings.warning(
          ConfigCode.HUGE_NUMBER,
          path.at(value.at()),
          "%d is more than any node has, and is read as %d".formatted(number, nearest),
          "write a smaller number");
    }
    return nearest;
  }

  /** A number as it is written. */
  static String text(YamlValue number) {
    if (number instanceof YamlValue.Int some) {
      return some.text();
    }
    return number instanceof YamlValue.Decimal some ? some.text() : number.kind();
  }
}
