package io.github.mig4j.text;

/** Quotes any part of a file so that it can be shown in a message of one line. */
public final class Quoted {
  private static final int MAX_CHARACTERS_SHOWN = 60;

  private Quoted() {}

  /** The text in single quotes; what cannot be printed is escaped, and a long text is cut. */
  public static String of(String text) {
    StringBuilder shown = new StringBuilder("'");
    int length = text.codePointCount(0, text.length());
    text.codePoints().limit(MAX_CHARACTERS_SHOWN).forEach(c -> append(shown, c));
    if (length > MAX_CHARACTERS_SHOWN) {
      shown.append("…");
    }
    return shown.append("'").toString();
  }

  /** The text without quotes and in its full length; what cannot be printed is escaped. */
  public static String printable(String text) {
    int end = 0;
    while (end < text.length() && isPrintable(text.codePointAt(end))) {
      end += Character.charCount(text.codePointAt(end));
    }
    if (end >= text.length()) {
      return text;
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints().forEach(c -> append(shown, c));
    return shown.toString();
  }

  /** Whether a file can contain a text: every surrogate is one of a pair. */
  public static boolean isUnicode(String text) {
    return isPlain(text)
        || text.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE);
  }

  /** Refuses a text that no file can contain. */
  public static void requireUnicode(String subject, String text) {
    if (!isUnicode(text)) {
      throw new IllegalArgumentException(
          "%s %s has half a surrogate pair, which no file can contain; remove it"
              .formatted(subject, of(text)));
    }
  }

  private static void append(StringBuilder shown, int c) {
    shown.append(isPrintable(c) ? Character.toString(c) : "\\u%04X".formatted(c));
  }

  /** Whether a text has only the letters, digits, marks and blanks of ASCII, which nothing hides or replaces. */
  public static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
        return false;
      }
    }
    return true;
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR -> c == ' ';
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR -> false;
      default -> true;
    };
  }
}
