package io.github.mig4j.text;

import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes values so that all readers of YAML 1.1, YAML 1.2 and Go read them alike: a text that one of
 * them could read as a number, a date or a boolean is quoted.
 */
public final class YamlOutput {
  /** YAML reads a longer key only behind a question mark. */
  private static final int LONGEST_SIMPLE_KEY = 1000;

  private YamlOutput() {}

  /** A key of a map and its colon; those of a long key are on two lines, the second with these blanks. */
  public static String key(String key, String indentation) {
    String text = text(key);
    return text.length() > LONGEST_SIMPLE_KEY ? "? " + text + "\n" + indentation + ":" : text + ":";
  }

  /** A text: plain if every reader reads it as this text, otherwise in double quotes. */
  public static String text(String text) {
    return isPlain(text) ? text : quoted(text);
  }

  private static boolean isPlain(String text) {
    return text.matches("[A-Za-z0-9][A-Za-z0-9._+,/-]*")
        && text.chars().anyMatch(Character::isLetter)
        && GoScalar.resolve(LineColumn.START, text, GoScalar.PLAIN)
            .filter(YamlValue.Text.class::isInstance)
            .isPresent();
  }

  /** A text in double quotes, with escapes. */
  public static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints().forEach(c -> {
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\t' -> quoted.append("\\t");
        default -> {
          boolean shown = YamlText.isLegal(c) && !Lines.isBreak(c);
          quoted.append(shown ? Character.toString(c) : "\\u%04X".formatted(c));
        }
      }
    });
    return quoted.append('"').toString();
  }

  /**
   * A value of maps, lists, texts, numbers and booleans, in one line that is JSON too, but for keys that
   * are too long for YAML.
   */
  public static String json(@Nullable Object value) {
    if (value instanceof YamlValue yaml) {
      return json(yaml.plain());
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(e -> flowKey(quoted(String.valueOf(e.getKey()))) + ": " + json(e.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (value instanceof Collection<?> list) {
      return list.stream().map(YamlOutput::json).collect(Collectors.joining(", ", "[", "]"));
    }
    return value instanceof Number || value instanceof Boolean || value == null
        ? String.valueOf(value)
        : quoted(value.toString());
  }

  private static String flowKey(String quoted) {
    return quoted.length() > LONGEST_SIMPLE_KEY ? "? " + quoted : quoted;
  }
}
