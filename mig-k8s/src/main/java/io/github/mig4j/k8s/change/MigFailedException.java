package io.github.mig4j.k8s.change;

import io.github.mig4j.MigException;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The MIG manager reported that it could not apply the configuration. */
public final class MigFailedException extends MigException {
  private static final long serialVersionUID = 2L;

  private final String failure;
  private final LastSeen lastSeen;
  private transient @Nullable ApplyOutcome rolledBack;

  /**
   * Says what failed, and then why.
   *
   * @param failure a sentence without its full stop
   */
  MigFailedException(String failure, MigNodeStatus status, Diagnosis diagnosis) {
    super(failure + ". " + diagnosis.explanation());
    this.failure = failure;
    this.lastSeen = new LastSeen(status, diagnosis);
  }

  /** The same failure, with a diagnosis that rests on more. */
  MigFailedException with(Diagnosis diagnosis) {
    return new MigFailedException(failure, lastSeen(), diagnosis);
  }

  /**
   * The node as it was when the failure was seen.
   *
   * @return its status; after deserialization only its name
   */
  public MigNodeStatus lastSeen() {
    return lastSeen.status();
  }

  /**
   * Why it failed, as far as that can be told.
   *
   * @return the diagnosis; after deserialization without lines of the log
   */
  public Diagnosis diagnosis() {
    return lastSeen.diagnosis();
  }

  /**
   * How the way back ended, where it was asked for and went well.
   *
   * @return the outcome of the rollback
   */
  public Optional<ApplyOutcome> rolledBack() {
    return Optional.ofNullable(rolledBack);
  }

  void setRolledBack(ApplyOutcome outcome) {
    rolledBack = outcome;
  }
}
