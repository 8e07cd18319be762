package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/** Reports one change of a node to the client's {@code MigListener}. */
final class ChangeReport {

  private final Cluster cluster;
  private final String node;
  private long previousNanos = System.nanoTime();

  ChangeReport(Cluster cluster, String node) {
    this.cluster = cluster;
    this.node = node;
  }

  void reached(String config, ApplyPhase phase, long nanos, String detail) {
    Duration since = Duration.ofNanos(Math.max(0, nanos - previousNanos));
    previousNanos = nanos;
    cluster.report(new MigEvent.PhaseReached(node, config, phase.toJson(), since, detail));
  }

  /** Reports that the change has reached its goal, this long after it began. */
  void ended(String config, ApplyOutcome outcome, Duration time) {
    report(config, of(outcome), outcome.toString(), time);
  }

  /** Reports that the change has ended otherwise, this long after it began. */
  void ended(String config, RuntimeException e, Duration time) {
    report(config, of(e), Objects.requireNonNullElse(e.getMessage(), e.toString()), time);
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
