package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.util.Objects;

/** Another client changed the same object, or requested another change of the same node. */
public final class MigConflictException extends MigException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates a conflict that reading again does not resolve.
   *
   * @param message subject, verdict, value and remedy
   */
  public MigConflictException(String message) {
    super(message);
    Objects.requireNonNull(message, "message");
  }

  /**
   * Creates a conflict over an object's version, which reading again may resolve.
   *
   * @param message subject, verdict, value and remedy
   * @param cause the API server's answer
   */
  public MigConflictException(String message, Throwable cause) {
    super(message, cause);
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(cause, "cause");
  }
}
