package io.github.mig4j.text;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** A YAML value as it looks after sigs.k8s.io/yaml has made it JSON, and where it stands. */
public sealed interface YamlValue {
  /** Where it stands. */
  Position at();

  /** What it is, for messages. */
  String kind();

  record Null(Position at) implements YamlValue {
    @Override
    public String kind() {
      return "null";
    }
  }

  record Bool(Position at, boolean value) implements YamlValue {
    @Override
    public String kind() {
      return "the boolean " + value;
    }
  }

  /** Kept as written, since octal and hexadecimal numbers surprise. */
  record Int(Position at, String text, BigInteger value) implements YamlValue {
    @Override
    public String kind() {
      return "the number " + text;
    }
  }

  record Decimal(Position at, String text, double value) implements YamlValue {
    @Override
    public String kind() {
      return "the number " + text;
    }
  }

  record Text(Position at, String value) implements YamlValue {
    @Override
    public String kind() {
      return "the text " + Quoted.of(value);
    }
  }

  record Sequence(Position at, List<YamlValue> items) implements YamlValue {
    @Override
    public String kind() {
      return "a list";
    }
  }

  record Mapping(Position at, Map<String, Entry> entries) implements YamlValue {
    @Override
    public String kind() {
      return "a map";
    }
  }

  /** A value under its key; the key's place is that of the last one if it stands twice. */
  record Entry(Position keyAt, YamlValue value) {}

  /**
   * The number that Go reads into an int: JSON writes 7.0 as 7, so a float without fraction is one.
   */
  default OptionalLong asInt64() {
    if (this instanceof Int number && number.value.bitLength() < Long.SIZE) {
      return OptionalLong.of(number.value.longValue());
    }
    if (this instanceof Decimal number
        && number.value == Math.rint(number.value)
        && Math.abs(number.value) < 0x1p63) {
      return OptionalLong.of((long) number.value);
    }
    return OptionalLong.empty();
  }

  /** Whether a leading zero made this number octal and another than it seems. */
  default boolean isOctalSurprise() {
    return this instanceof Int number
        && number.text.matches("[-+]?0[0-7_]+")
        && number.value.abs().compareTo(BigInteger.valueOf(7)) > 0;
  }
}
