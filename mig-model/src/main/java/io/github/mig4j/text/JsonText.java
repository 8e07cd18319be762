package io.github.mig4j.text;

import java.util.Map;
import java.util.stream.Collectors;

/** Writes a value as JSON in one line, which YAML reads as the same value. */
public final class JsonText {

  private JsonText() {}

  /** The JSON text of a value. */
  public static String of(YamlValue value) {
    if (value instanceof YamlValue.Mapping map) {
      return map.entries().entrySet().stream()
          .map(JsonText::member)
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (value instanceof YamlValue.Sequence list) {
      return list.items().stream().map(JsonText::of).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof YamlValue.Text text) {
      return ScalarText.quoted(text.value());
    }
    if (value instanceof YamlValue.Bool bool) {
      return String.valueOf(bool.value());
    }
    if (value instanceof YamlValue.Decimal number) {
      return String.valueOf(number.value());
    }
    return value instanceof YamlValue.Int number ? number.value().toString() : "null";
  }

  private static String member(Map.Entry<String, YamlValue.Entry> member) {
    return ScalarText.quoted(member.getKey()) + ": " + of(member.getValue().value());
  }
}
