package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API server did not answer a request, or answered it with an error. */
public final class MigClusterException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable String forbidden;

  /**
   * Creates the failure of a request.
   *
   * @param message subject, verdict, value and remedy
   * @param cause the Kubernetes client's exception
   */
  public MigClusterException(String message, Throwable cause) {
    this(message, cause, null);
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(cause, "cause");
  }

  private MigClusterException(String message, Throwable cause, @Nullable String forbidden) {
    super(message, cause);
    this.forbidden = forbidden;
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
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(cause, "cause");
    return new MigClusterException(message, cause, what);
  }

  /**
   * The request that the API server answered with 403, if that is the failure.
   *
   * @return a verb and its object, e.g. {@code patch node gpu-node}; empty otherwise
   */
  public Optional<String> forbidden() {
    return Optional.ofNullable(forbidden);
  }
}
