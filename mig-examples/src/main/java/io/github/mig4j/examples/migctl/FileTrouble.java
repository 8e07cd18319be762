package io.github.mig4j.examples.migctl;

import java.io.IOException;

/** A file that cannot be used; the message says which, and why. */
final class FileTrouble extends IOException {
  private static final long serialVersionUID = 1L;

  FileTrouble(String message) {
    super(message);
  }
}
