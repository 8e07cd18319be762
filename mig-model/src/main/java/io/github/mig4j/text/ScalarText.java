package io.github.mig4j.text;

/**
 * Writes texts so that all readers of YAML 1.1, YAML 1.2 and Go read them alike: what one of them
 * could read as a number, a date or a boolean is quoted.
 */
public final class ScalarText {
  private ScalarText() {}

  /** Plain if every reader reads it as this text, otherwise in double quotes. */
  public static String of(String text) {
    return isPlain(text) ? text : quoted(text);
  }

  private static boolean isPlain(String text) {
    return text.matches("[A-Za-z0-9][A-Za-z0-9._+,/-]*")
        && text.chars().anyMatch(Character::isLetter)
        && GoScalar.resolve(LineColumn.START, text, GoScalar.PLAIN)
            .filter(YamlValue.Text.class::isInstance)
            .isPresent();
  }

  /** In double quotes, with escapes. */
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
}
