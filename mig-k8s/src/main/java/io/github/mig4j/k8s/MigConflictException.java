package io.github.mig4j.k8s;

import io.github.mig4j.MigException;

/** Somebody else changed the same object, or asked the same node for something else. */
public final class MigConflictException extends MigException {
  private static final long serialVersionUID = 1L;

  MigConflictException(String message) {
    super(message);
  }

  MigConflictException(String message, Throwable cause) {
    super(message, cause);
  }
}
