package io.github.mig4j.k8s;

import io.github.mig4j.MigException;

/** The evidence did not come in time; the change may still be under way. */
public final class MigDeadlineException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient MigNodeStatus lastSeen;

  MigDeadlineException(String message, MigNodeStatus lastSeen) {
    super(message);
    this.lastSeen = lastSeen;
  }

  /**
   * The node as it was last seen.
   *
   * @return its status
   */
  public MigNodeStatus lastSeen() {
    return lastSeen;
  }
}
