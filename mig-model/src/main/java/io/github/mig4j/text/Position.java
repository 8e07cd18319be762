package io.github.mig4j.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line and a column, both from 1. */
public record Position(int line, int column) {

  /** The line breaks that YAML 1.1 knows. */
  static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\n\r\u0085\u2028\u2029]");

  /** Where a text begins. */
  public static final Position START = new Position(1, 1);

  /** The lines of a text without the breaks that end them. */
  public static List<String> linesOf(String text) {
    return Arrays.asList(LINE_BREAK.split(text, -1));
  }

  /** The same lines, each with the break that ends it. */
  public static List<String> linesWithBreaks(String text) {
    List<String> lines = new ArrayList<>();
    Matcher lineBreak = LINE_BREAK.matcher(text);
    int start = 0;
    while (lineBreak.find()) {
      lines.add(text.substring(start, lineBreak.end()));
      start = lineBreak.end();
    }
    lines.add(text.substring(start));
    return lines;
  }

  /** Where a text's own lines and columns are found in the file that it comes from. */
  @FunctionalInterface
  public interface Origin {
    /** The place in the file of a place in the text. */
    Position of(Position inner);

    /** The text is the file. */
    Origin FILE = inner -> inner;
  }
}
