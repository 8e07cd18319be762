package io.github.mig4j.text;

import java.util.ArrayList;
import java.util.List;

/** Splits a text at the line breaks of YAML 1.1. */
public final class Lines {

  private Lines() {}

  /** The lines of a text without the breaks that end them. */
  public static List<String> of(String text) {
    return split(text, false);
  }

  /** The same lines, each with the break that ends it. */
  public static List<String> withBreaks(String text) {
    return split(text, true);
  }

  private static List<String> split(String text, boolean withBreaks) {
    List<String> lines = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      if (isBreak(text.charAt(i))) {
        int end = i;
        i += text.startsWith("\r\n", i) ? 1 : 0;
        lines.add(text.substring(start, withBreaks ? i + 1 : end));
        start = i + 1;
      }
    }
    lines.add(text.substring(start));
    return lines;
  }

  /** Whether a character ends a line, alone or with the next one. */
  static boolean isBreak(int c) {
    return c == '\n' || c == '\r' || c == '\u0085' || c == '\u2028' || c == '\u2029';
  }
}
