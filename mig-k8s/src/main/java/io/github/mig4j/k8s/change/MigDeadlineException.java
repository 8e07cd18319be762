package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.node.MigNodeStatus;

/**
 * The evidence did not come in time. The change may still be under way: the same request continues to
 * wait for it.
 */
public final class MigDeadlineException extends MigChangeException {
  private static final long serialVersionUID = 3L;

  /**
   * Says what happened, and then why.
   *
   * @param verdict a sentence without its full stop
   */
  MigDeadlineException(String verdict, MigNodeStatus status, Diagnosis diagnosis) {
    super(verdict, status, diagnosis);
  }
}
