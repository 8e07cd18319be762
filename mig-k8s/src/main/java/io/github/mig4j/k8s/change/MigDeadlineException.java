package io.github.mig4j.k8s.change;

import io.github.mig4j.MigException;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The evidence did not come in time; the change may still be under way. */
public final class MigDeadlineException extends MigException {
  private static final long serialVersionUID = 2L;

  private final String waited;
  private final LastSeen lastSeen;
  private transient @Nullable ApplyOutcome rolledBack;

  /**
   * Says what was waited for, and then what keeps it.
   *
   * @param waited a sentence without its full stop
   */
  MigDeadlineException(String waited, MigNodeStatus status, Diagnosis diagnosis) {
    super(waited + ". " + diagnosis.explanation());
    this.waited = waited;
    this.lastSeen = new LastSeen(status, diagnosis);
  }

  /** The same, with a diagnosis that rests on more. */
  MigDeadlineException with(Diagnosis diagnosis) {
    return new MigDeadlineException(waited, lastSeen(), diagnosis);
  }

  /**
   * The node as it was last seen.
   *
   * @return its status; after deserialization only its name
   */
  public MigNodeStatus lastSeen() {
    return lastSeen.status();
  }

  /**
   * What keeps the change from coming about, as far as that can be told.
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
