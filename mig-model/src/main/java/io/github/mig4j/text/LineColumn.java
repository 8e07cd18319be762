package io.github.mig4j.text;

/**
 * A line and a column of a text, both from 1.
 *
 * @param line the line
 * @param column the character in that line
 */
public record LineColumn(int line, int column) {

  /** Where a text begins. */
  public static final LineColumn START = new LineColumn(1, 1);
}
