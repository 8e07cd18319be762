package io.github.mig4j.k8s.change;

import io.github.mig4j.MigException;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Seen;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.FailureRecord;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reports one change of a node to the log, the client's {@code MigListener} and the request's listener. */
final class ChangeReport {

  private static final Logger LOG = LoggerFactory.getLogger(ChangeReport.class);

  private final Cluster cluster;
  private final String node;
  private final Consumer<ApplyEvent> listener;
  private long beganNanos;
  private long previousNanos;

  /** A change that begins at this time of the process. */
  ChangeReport(ApplyRun.Task task, long nanos) {
    this.cluster = task.cluster();
    this.node = task.node();
    this.listener = task.options().listener();
    this.beganNanos = nanos;
    this.previousNanos = nanos;
  }

  /** Continues to count where the looks that have written this record stopped. */
  void resume(Timeline times, ChangeRecord record) {
    @Nullable FailureRecord undone = record.undoes();
    beganNanos =
        times.nanos(undone != null && undone.began() != null ? undone.began() : record.since());
    @Nullable Seen seen = record.seen();
    previousNanos = times.nanos(
        seen == null
            ? record.since()
            : seen.phaseSince() == null ? seen.stageSince() : seen.phaseSince());
  }

  /** When the last phase was reached, or the change began. */
  long previousNanos() {
    return previousNanos;
  }

  /** Reports that the change has reached a phase at this time of the process. */
  void reached(String config, ApplyPhase phase, long nanos, String detail) {
    LOG.info("node={} config={} phase={} detail=\"{}\"", node, config, phase, detail);
    Duration since = Duration.ofNanos(Math.max(0, nanos - previousNanos));
    previousNanos = nanos;
    cluster.report(new MigEvent.PhaseReached(node, config, phase.toJson(), since, detail));
    listener.accept(new ApplyEvent(node, phase, Duration.ofNanos(nanos - beganNanos), detail));
  }

  /** Reports that the change has reached its goal, this long after it began. */
  void ended(String config, ApplyOutcome outcome, Duration time) {
    report(config, of(outcome), outcome.toString(), time);
  }

  /** Reports that the change has ended otherwise, this long after it began. */
  void ended(String config, RuntimeException e, Duration time) {
    report(config, of(e), Objects.requireNonNullElse(e.getMessage(), e.toString()), time);
  }

  /** Reports a look that wrote nothing, unless the one before it had the same answer. */
  static void refused(ApplyLook.Subject subject, String config, MigException e) {
    if (subject.cluster().memory().isNews(key(subject), String.valueOf(e.getMessage()))) {
      subject
          .cluster()
          .report(new MigEvent.ChangeEnded(
              subject.node(), config, of(e), Duration.ZERO, String.valueOf(e.getMessage())));
    }
  }

  /** Takes note of a look that is neither refused nor a conflict. */
  static void accepted(ApplyLook.Subject subject) {
    subject.cluster().memory().forget(key(subject));
  }

  private static String key(ApplyLook.Subject subject) {
    return subject.node() + " " + subject.goal();
  }

  private void report(String config, MigEvent.Outcome outcome, String detail, Duration time) {
    cluster.report(new MigEvent.ChangeEnded(node, config, outcome, time, detail));
  }

  private static MigEvent.Outcome of(ApplyOutcome outcome) {
    return outcome instanceof ApplyOutcome.Verified
        ? MigEvent.Outcome.VERIFIED
        : MigEvent.Outcome.VERIFIED_BY_STATE;
  }

  private static MigEvent.Outcome of(RuntimeException e) {
    if (e instanceof MigRefusedException) {
      return MigEvent.Outcome.REFUSED;
    } else if (e instanceof MigConflictException) {
      return MigEvent.Outcome.CONFLICT;
    } else if (e instanceof MigFailedException) {
      return MigEvent.Outcome.FAILED;
    } else if (e instanceof MigDeadlineException) {
      return MigEvent.Outcome.DEADLINE;
    } else if (e instanceof MigClusterException) {
      return MigEvent.Outcome.UNANSWERED;
    }
    return e instanceof CancellationException ? MigEvent.Outcome.CANCELLED : MigEvent.Outcome.ERROR;
  }
}
