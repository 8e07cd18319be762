package io.github.mig4j.text;

/** A line of a text and a character in it, both from 1. */
public record LineColumn(int line, int column) {

  /** Where a text begins. */
  public static final LineColumn START = new LineColumn(1, 1);
}
