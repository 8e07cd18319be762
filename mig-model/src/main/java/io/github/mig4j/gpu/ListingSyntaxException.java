package io.github.mig4j.gpu;

import io.github.mig4j.MigException;

/** A text of which no row of any listing of nvidia-smi can be used; the message names the line. */
public final class ListingSyntaxException extends MigException {
  private static final long serialVersionUID = 1L;

  private final int line;

  ListingSyntaxException(int line, String problem) {
    super("Not a listing of 'nvidia-smi mig': line %d: %s".formatted(line, problem));
    this.line = line;
  }

  /** {@return the number of the line that explains why, from 1} */
  public int line() {
    return line;
  }
}
