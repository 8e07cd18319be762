package io.github.mig4j.k8s;

import io.github.mig4j.MigException;

/** The MIG manager reported that it could not apply the configuration. */
public final class MigFailedException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient MigNodeStatus lastSeen;

  MigFailedException(String message, MigNodeStatus lastSeen) {
    super(message);
    this.lastSeen = lastSeen;
  }

  /**
   * The node as it was when the failure was seen.
   *
   * @return its status
   */
  public MigNodeStatus lastSeen() {
    return lastSeen;
  }
}
