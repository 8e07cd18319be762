package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.node.MigNodeStatus;

/**
 * The operator reported that it could not apply the configuration. Remove the cause before you apply it
 * again.
 */
public final class MigFailedException extends MigChangeException {
  private static final long serialVersionUID = 3L;

  /**
   * Says what happened, and then why.
   *
   * @param verdict a sentence without its full stop
   */
  MigFailedException(String verdict, MigNodeStatus status, Diagnosis diagnosis) {
    super(verdict, status, diagnosis);
  }
}
