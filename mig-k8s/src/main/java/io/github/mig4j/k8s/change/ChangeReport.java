package io.github.mig4j.k8s.change;

import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/** Reports one change of a node to the client's {@code MigListener}. */
final class ChangeReport {

  private final Cluster cluster;
  private final String node;
  private final long startNanos = System.nanoTime();
  private long previousNanos = startNanos;

  ChangeReport(Cluster cluster, String node) {
    this.cluster = cluster;
    this.node = node;
  }

  void reached(String config, ApplyPhase phase, long nanos, String detail) {
    Duration since = Duration.ofNanos(Math.max(0, nanos - previousNanos));
    previousNanos = nanos;
    cluster.report(new MigEvent.PhaseReached(
        node, config, phase.name().toLowerCase(Locale.ROOT), since, detail));
  }

  void ended(String config, ApplyOutcome outcome) {
    report(config, of(outcome), outcome.toString());
  }

  void ended(String config, Throwable failure) {
    report(
        config, of(failure), Objects.requireNonNullElse(failure.getMessage(), failure.toString()));
  }

  private void report(String config, MigEvent.Outcome outcome, String detail) {
    cluster.report(new MigEvent.ChangeEnded(
        node, config, outcome, Duration.ofNanos(System.nanoTime() - startNanos), detail));
  }

  private static MigEvent.Outcome of(ApplyOutcome outcome) {
    return outcome instanceof ApplyOutcome.Verified
        ? MigEvent.Outcome.VERIFIED
        : MigEvent.Outcome.VERIFIED_BY_STATE;
  }

  private static MigEvent.Outcome of(Throwable e) {
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
