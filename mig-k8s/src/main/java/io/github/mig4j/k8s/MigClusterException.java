package io.github.mig4j.k8s;

import io.github.mig4j.MigException;

/** The API server did not answer, or refused a request for a reason of its own. */
public final class MigClusterException extends MigException {
  private static final long serialVersionUID = 1L;

  MigClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
