package io.github.mig4j.k8s.cluster;

import io.github.mig4j.MigException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Another client changed the same object, or requested another change of the same node. */
public final class MigConflictException extends MigException {
  private static final long serialVersionUID = 1L;

  /** Reading again resolves a conflict over an object's version. */
  private static final Duration VERSION = Duration.ofSeconds(1);

  /** Another client's change takes longer. */
  private static final Duration CHANGE = Duration.ofMinutes(1);

  private final @Nullable String by;

  /**
   * Creates a conflict that reading again does not resolve.
   *
   * @param message subject, verdict, value and remedy
   */
  public MigConflictException(String message) {
    this((String) null, message);
  }

  private MigConflictException(@Nullable String by, String message) {
    super(Objects.requireNonNull(message, "message"));
    this.by = by;
  }

  /**
   * A conflict with a client that has a record on the node.
   *
   * @param by the identity of the other client
   * @param message subject, verdict, value and remedy
   * @return the exception
   */
  public static MigConflictException with(String by, String message) {
    return new MigConflictException(Objects.requireNonNull(by, "by"), message);
  }

  /**
   * Creates a conflict over an object's version, which reading again may resolve.
   *
   * @param message subject, verdict, value and remedy
   * @param cause the API server's answer
   */
  public MigConflictException(String message, Throwable cause) {
    super(Objects.requireNonNull(message, "message"), Objects.requireNonNull(cause, "cause"));
    this.by = null;
  }

  /**
   * {@return the identity of the other client that changes the node; empty if no record of the node
   * names it}
   */
  public Optional<String> by() {
    return Optional.ofNullable(by);
  }

  /**
   * {@return when to try again: after a second for a conflict over an object's version; after a
   * minute where another client changes the node, which may take longer}
   */
  @Override
  public Optional<Duration> retryAfter() {
    return Optional.of(getCause() == null ? CHANGE : VERSION);
  }
}
