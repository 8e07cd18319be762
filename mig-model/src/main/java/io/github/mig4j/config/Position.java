package io.github.mig4j.config;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** A line and a column, both from 1. */
record Position(int line, int column) {

  /** The line breaks that YAML 1.1 knows. */
  static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\n\r\u0085\u2028\u2029]");

  static final Position START = new Position(1, 1);

  static List<String> linesOf(String text) {
    return Arrays.asList(LINE_BREAK.split(text, -1));
  }

  /** Where a text's own lines and columns are found in the file that it comes from. */
  @FunctionalInterface
  interface Origin {
    Position of(Position inner);

    /** The text is the file. */
    Origin FILE = inner -> inner;
  }
}
