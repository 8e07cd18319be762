package io.github.mig4j;

import org.jspecify.annotations.Nullable;

/**
 * The root of every failure that this library reports by throwing.
 *
 * <p>Its message names what was wrong, the value, and what would be right. Misuse of the API, such
 * as a negative count, is an {@link IllegalArgumentException} or an {@link IllegalStateException}
 * instead.
 */
public abstract class MigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes a failure without a cause.
   *
   * @param message subject, verdict, value and remedy
   */
  protected MigException(String message) {
    super(message);
  }

  /**
   * Makes a failure that another one caused.
   *
   * @param message subject, verdict, value and remedy
   * @param cause what led to it, kept for its stack trace
   */
  protected MigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
