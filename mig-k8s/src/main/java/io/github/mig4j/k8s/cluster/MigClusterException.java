package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API server did not answer a request, or answered it with an error. */
public final class MigClusterException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable String forbidden;
  private final @Nullable Duration retryAfter;

  /**
   * Creates the failure of a request.
   *
   * @param message subject, verdict, value and remedy
   * @param cause the Kubernetes client's exception
   */
  public MigClusterException(String message, Throwable cause) {
    this(message, Objects.requireNonNull(cause, "cause"), null, null);
  }

  private MigClusterException(
      String message,
      @Nullable Throwable cause,
      @Nullable String forbidden,
      @Nullable Duration retryAfter) {
    super(Objects.requireNonNull(message, "message"), cause);
    this.forbidden = forbidden;
    this.retryAfter = retryAfter;
  }

  /**
   * Creates the failure of a request that can succeed when it is repeated.
   *
   * @param message subject, verdict, value and remedy
   * @param cause the Kubernetes client's exception
   * @param retryAfter when to repeat it
   * @return the failure
   */
  public static MigClusterException temporary(
      String message, Throwable cause, Duration retryAfter) {
    Objects.requireNonNull(cause, "cause");
    Objects.requireNonNull(retryAfter, "retryAfter");
    return new MigClusterException(message, cause, null, retryAfter);
  }

  /**
   * Creates the failure of a request that the API server answered with 403.
   *
   * @param what a verb and its object
   * @param message subject, verdict, value and remedy
   * @param cause the Kubernetes client's exception
   * @return the failure
   */
  public static MigClusterException forbidden(String what, String message, Throwable cause) {
    Objects.requireNonNull(what, "what");
    Objects.requireNonNull(cause, "cause");
    return new MigClusterException(message, cause, what, null);
  }

  /**
   * Creates the failure of a watch that the API server would answer with 403.
   *
   * @param what the verbs and their object
   * @param message subject, verdict, value and remedy
   * @return the failure
   */
  public static MigClusterException forbidden(String what, String message) {
    Objects.requireNonNull(what, "what");
    return new MigClusterException(message, null, what, null);
  }

  /**
   * {@return when to repeat the request: the time that the API server asks for, or some seconds if
   * it did not answer or answered 410, 429 or 5xx; empty if it would answer the same, as with 401
   * and 403}
   */
  @Override
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /**
   * {@return the verb and the object of the request that the API server answered with 403, e.g.
   * {@code patch node gpu-node}; empty otherwise}
   */
  public Optional<String> forbidden() {
    return Optional.ofNullable(forbidden);
  }
}
