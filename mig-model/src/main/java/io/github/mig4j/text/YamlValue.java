package io.github.mig4j.text;

import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A YAML value as sigs.k8s.io/yaml converts it to JSON, and where it is. */
public sealed interface YamlValue {
  /** Where it is in the file. */
  LineColumn at();

  /** The kind of value and, if it is short, the value, for messages. */
  String kind();

  record Null(LineColumn at) implements YamlValue {
    @Override
    public String kind() {
      return "null";
    }
  }

  record Bool(LineColumn at, boolean value) implements YamlValue {
    @Override
    public String kind() {
      return "the boolean " + value;
    }
  }

  /** A whole number; its text is kept as it is written, since octal and hexadecimal numbers surprise. */
  record Int(LineColumn at, String text, BigInteger value) implements YamlValue {
    @Override
    public String kind() {
      return "the number " + text;
    }
  }

  record Decimal(LineColumn at, String text, double value) implements YamlValue {
    @Override
    public String kind() {
      return "the number " + text;
    }
  }

  record Text(LineColumn at, String value) implements YamlValue {
    @Override
    public String kind() {
      return "the text " + Quoted.of(value);
    }
  }

  record Sequence(LineColumn at, List<YamlValue> items) implements YamlValue {
    @Override
    public String kind() {
      return "a list";
    }
  }

  record Mapping(LineColumn at, Map<String, Entry> entries) implements YamlValue {
    @Override
    public String kind() {
      return "a map";
    }
  }

  /** A value and the location of its key; if the map has the key twice, of the last. */
  record Entry(LineColumn keyAt, YamlValue value) {}

  /** The value as maps, lists, texts, numbers and booleans, such as a JSON mapper reads. */
  default @Nullable Object plain() {
    if (this instanceof Mapping map) {
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      map.entries.forEach((key, entry) -> fields.put(key, entry.value.plain()));
      return fields;
    }
    if (this instanceof Sequence list) {
      return list.items.stream().map(YamlValue::plain).toList();
    }
    if (this instanceof Text text) {
      return text.value;
    }
    if (this instanceof Bool bool) {
      return bool.value;
    }
    if (this instanceof Decimal number) {
      return number.value;
    }
    return this instanceof Int number ? number.value : null;
  }

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

  /** Whether a leading zero makes this number octal, so that it is not the number it seems to be. */
  default boolean isOctalSurprise() {
    return this instanceof Int number
        && number.text.matches("[-+]?0[0-7_]+")
        && number.value.abs().compareTo(BigInteger.valueOf(7)) > 0;
  }
}
