package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.util.Objects;

/** Somebody else changed the same object, or asked the same node for something else. */
public final class MigConflictException extends MigException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes a conflict that a second look would not change.
   *
   * @param message subject, verdict, value and remedy
   */
  public MigConflictException(String message) {
    super(message);
    Objects.requireNonNull(message, "message");
  }

  /**
   * Makes a conflict over an object's version, which a second look may resolve.
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
