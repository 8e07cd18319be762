package io.github.mig4j;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions of this library.
 *
 * <p>The message names the problem, the value and the remedy. Misuse of the API, such as a negative
 * count, throws an {@link IllegalArgumentException} or an {@link IllegalStateException} instead.
 */
public abstract class MigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates an exception with subject, verdict, value and remedy, and without a cause. */
  protected MigException(String message) {
    super(message);
  }

  /** Creates an exception with subject, verdict, value, remedy and cause. */
  protected MigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * {@return how long to wait before the same call can succeed; empty if a repetition has the same
   * result until its cause is removed}
   */
  public Optional<Duration> retryAfter() {
    return Optional.empty();
  }
}
