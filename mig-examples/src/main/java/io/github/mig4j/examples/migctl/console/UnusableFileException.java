package io.github.mig4j.examples.migctl.console;

import java.io.IOException;

/** A file that cannot be used; the message says which, and why. */
public final class UnusableFileException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnusableFileException(String message) {
    super(message);
  }
}
