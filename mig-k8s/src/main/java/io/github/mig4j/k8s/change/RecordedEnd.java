package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.lint.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What earlier looks have recorded on the node of the end of a change. */
record RecordedEnd(ApplyRun.Task task, ApplyPlan plan, List<Finding> findings) {

  /** The end; empty if no look has recorded one that still holds. */
  Optional<Look> look() {
    Optional<VerifiedRecord> verified = VerifiedRecord.read(plan.node(), plan.kind())
        .filter(record -> record.key().equals(plan.key())
            && record.content().equals(plan.contentHash())
            && showsEvidence());
    if (verified.isPresent()) {
      return Optional.of(verified(verified.get()));
    }
    return plan.isInForce(settings())
        ? Optional.empty()
        : FailureRecord.read(plan.node())
            .filter(record -> record.isOf(plan.kind(), plan.recordedName()))
            .filter(record -> record.recovery() == (task.goal() == ApplyGoal.Recover.RECOVER))
            .flatMap(this::failedBefore);
  }

  private boolean showsEvidence() {
    ApplyTracker.Start start = new ApplyTracker.Start(
        Prompt.NOTHING,
        ChangeRecord.Proof.OFFER,
        Optional.empty(),
        System.nanoTime(),
        ApplyTracker.MIN_LOG_INTERVAL,
        Optional.empty());
    return new ApplyTracker(
            settings(), task.options().timings(), plan, start, (phase, at, text) -> {})
        .showsEvidence(plan.node());
  }

  private Look verified(VerifiedRecord record) {
    MigNodeStatus now = status();
    return new Look.Done(
        record.byState()
            ? new ApplyOutcome.VerifiedByStateOnly(now, record.key(), record.basis(), findings)
            : new ApplyOutcome.Verified(now, record.key(), record.basis(), findings),
        Instant.parse(record.since()));
  }

  /** The failure of the last attempt, while it is too early for another. */
  private Optional<Look> failedBefore(FailureRecord record) {
    Optional<Duration> rest = RetryPause.left(record, settings().clock().instant());
    return rest.filter(Duration::isZero).isPresent()
        ? Optional.empty()
        : Optional.of(new Look.Failed(MigChangeException.of(record, status()).retryIn(rest)));
  }

  private MigSettings settings() {
    return task.cluster().settings();
  }

  private MigNodeStatus status() {
    return StatusReader.read(plan.node(), settings(), plan.offer());
  }
}
