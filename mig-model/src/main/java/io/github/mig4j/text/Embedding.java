package io.github.mig4j.text;

/** Maps the lines and columns of a text to those of the file in which the text is embedded. */
@FunctionalInterface
public interface Embedding {

  /** The text is the whole file. */
  Embedding NONE = inner -> inner;

  /** The line and column in the file of a line and column in the text. */
  LineColumn inFile(LineColumn inner);
}
