package io.github.mig4j.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Splits a text at the line breaks of YAML 1.1. */
public final class Lines {

  private static final Pattern BREAK = Pattern.compile("\r\n|[\n\r\u0085\u2028\u2029]");

  private Lines() {}

  /** The lines of a text without the breaks that end them. */
  public static List<String> of(String text) {
    return Arrays.asList(BREAK.split(text, -1));
  }

  /** The same lines, each with the break that ends it. */
  public static List<String> withBreaks(String text) {
    List<String> lines = new ArrayList<>();
    Matcher lineBreak = BREAK.matcher(text);
    int start = 0;
    while (lineBreak.find()) {
      lines.add(text.substring(start, lineBreak.end()));
      start = lineBreak.end();
    }
    lines.add(text.substring(start));
    return lines;
  }
}
