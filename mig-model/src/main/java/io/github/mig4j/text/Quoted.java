package io.github.mig4j.text;

import java.nio.charset.StandardCharsets;

/** Shows what a file contains in a message of one line, whatever it contains. */
public final class Quoted {
  private static final int LONGEST = 60;

  private Quoted() {}

  /** In single quotes; what cannot be printed is escaped, what is long is cut. */
  public static String of(String text) {
    StringBuilder shown = new StringBuilder("'");
    int length = text.codePointCount(0, text.length());
    text.codePoints().limit(LONGEST).forEach(c -> append(shown, c));
    if (length > LONGEST) {
      shown.append("…");
    }
    return shown.append("'").toString();
  }

  /** Refuses a text that no file can hold. */
  public static void requireUnicode(String subject, String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          "%s %s has half a surrogate pair, which no file can hold; remove it"
              .formatted(subject, of(text)));
    }
  }

  private static void append(StringBuilder shown, int c) {
    switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR -> shown.append("\\u%04X".formatted(c));
      default -> shown.appendCodePoint(c);
    }
  }
}
