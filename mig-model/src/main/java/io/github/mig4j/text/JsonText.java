package io.github.mig4j.text;

import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes a value as JSON in one line, which YAML reads as the same value. */
public final class JsonText {

  private JsonText() {}

  /** The JSON text of a value. */
  public static String of(YamlValue value) {
    return ofPlain(value.plain());
  }

  /** The JSON text of a value of maps, lists, texts, numbers and booleans. */
  public static String ofPlain(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(e -> ScalarText.quoted(String.valueOf(e.getKey())) + ": " + ofPlain(e.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (value instanceof Collection<?> list) {
      return list.stream().map(JsonText::ofPlain).collect(Collectors.joining(", ", "[", "]"));
    }
    return value instanceof Number || value instanceof Boolean || value == null
        ? String.valueOf(value)
        : ScalarText.quoted(value.toString());
  }
}
