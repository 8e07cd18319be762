package io.github.mig4j.k8s.change;

import io.github.mig4j.MigException;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A change of a node that began and did not reach its goal. Its type says what happens next. */
public abstract sealed class MigChangeException extends MigException
    permits MigDeadlineException, MigFailedException {
  private static final long serialVersionUID = 1L;

  private final String verdict;
  private final LastSeen lastSeen;
  private String rollback = "";
  private transient @Nullable ApplyOutcome rolledBack;
  private @Nullable Duration retryAfter;

  MigChangeException(String verdict, MigNodeStatus status, Diagnosis diagnosis) {
    super(verdict + ". " + diagnosis.explanation());
    this.verdict = verdict;
    this.lastSeen = new LastSeen(status, diagnosis);
  }

  /** The failure that an earlier look has recorded. */
  static MigChangeException of(FailureRecord record, MigNodeStatus status) {
    Diagnosis diagnosis = new Diagnosis(RetryPause.code(record), record.explanation());
    MigChangeException failure = of(record.late(), record.verdict(), status, diagnosis);
    failure.rollback = record.rollback().isEmpty() ? "" : ". " + record.rollback();
    return failure;
  }

  private static MigChangeException of(
      boolean isLate, String verdict, MigNodeStatus status, Diagnosis diagnosis) {
    return isLate
        ? new MigDeadlineException(verdict, status, diagnosis)
        : new MigFailedException(verdict, status, diagnosis);
  }

  /** The same, with a diagnosis that rests on more. */
  MigChangeException with(Diagnosis diagnosis) {
    return of(this instanceof MigDeadlineException, verdict, lastSeen(), diagnosis);
  }

  /** What a later look must know of this failure of a plan, whose change began then. */
  FailureRecord record(ApplyPlan plan, ApplyGoal goal, Instant began, Instant now) {
    boolean recovery = goal == ApplyGoal.Recover.RECOVER;
    int before = FailureRecord.read(plan.node())
        .filter(record -> record.isOf(plan.kind(), plan.recordedName()))
        .filter(record -> record.recovery() == recovery)
        .map(FailureRecord::attempts)
        .orElse(0);
    return new FailureRecord(
        plan.kind(),
        plan.recordedName(),
        recovery,
        began.toString(),
        now.toString(),
        before + 1,
        diagnosis().code().toString(),
        verdict,
        diagnosis().explanation(),
        this instanceof MigDeadlineException,
        "");
  }

  MigChangeException retryIn(Optional<Duration> time) {
    retryAfter = time.orElse(null);
    return this;
  }

  /**
   * {@return when the same request can be made again, which is later with each failure in
   * succession; empty if a repetition has the same result until the cause is removed}
   */
  @Override
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** What happened, why, and how the rollback ended if there was one. */
  @Override
  public String getMessage() {
    return super.getMessage() + rollback;
  }

  /** {@return the node as it was last seen; after deserialization only its name} */
  public MigNodeStatus lastSeen() {
    return lastSeen.status();
  }

  /**
   * {@return why the change did not reach its goal, as far as that is known; after deserialization
   * without lines of the log}
   */
  public Diagnosis diagnosis() {
    return lastSeen.diagnosis();
  }

  /** {@return how the rollback ended, where it was requested and succeeded} */
  public Optional<ApplyOutcome> rolledBack() {
    return Optional.ofNullable(rolledBack);
  }

  void setRolledBack(String config, ApplyOutcome outcome) {
    rolledBack = outcome;
    rollback = ". The node was rolled back to '%s'".formatted(config);
  }

  void setRollbackFailed(RuntimeException why) {
    addSuppressed(why);
    rollback = ". The rollback failed too: " + why.getMessage();
  }
}
