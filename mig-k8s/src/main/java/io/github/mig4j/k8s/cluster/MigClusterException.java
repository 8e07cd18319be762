package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API server did not answer, or refused a request for a reason of its own. */
public final class MigClusterException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable String forbidden;

  /**
   * Makes a failure of a request.
   *
   * @param message subject, verdict, value and remedy
   * @param cause what the Kubernetes client says
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
   * Makes a failure of a request that is not allowed.
   *
   * @param what a verb and its object
   * @param cause what the Kubernetes client says
   * @return the failure
   */
  public static MigClusterException forbidden(String what, Throwable cause) {
    Objects.requireNonNull(what, "what");
    Objects.requireNonNull(cause, "cause");
    return new MigClusterException(
        "Not allowed to %s. Grant the verb in RBAC to the user of this client".formatted(what),
        cause,
        what);
  }

  /**
   * What the client may not do, if that is the reason.
   *
   * @return a verb and its object, e.g. {@code patch node gpu-node}; empty otherwise
   */
  public Optional<String> forbidden() {
    return Optional.ofNullable(forbidden);
  }
}
