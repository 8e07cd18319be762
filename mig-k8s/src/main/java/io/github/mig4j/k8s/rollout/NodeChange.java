package io.github.mig4j.k8s.rollout;

import io.github.mig4j.k8s.change.ApplyEvent;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.change.MigFailedException;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.rollout.RolloutRecord.Content;
import io.github.mig4j.k8s.rollout.RolloutState.Requested;
import io.github.mig4j.k8s.rollout.RolloutState.Task;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The change of one node, or its rollback, and what its result means for the rollout. */
record NodeChange(Cluster cluster, RolloutOptions options, Consumer<ApplyEvent> steps) {

  private static final Logger LOG = LoggerFactory.getLogger(NodeChange.class);

  /** How often a node is tried while the API server does not answer. */
  private static final int MAX_ATTEMPTS = 6;

  private static final Duration RETRY_INTERVAL = Duration.ofSeconds(5);

  /** The result of a change. */
  sealed interface Result {
    /** Records it in the state. */
    void record(RolloutState state, Task task);

    /** The configuration is in force. */
    record Succeeded() implements Result {
      @Override
      public void record(RolloutState state, Task task) {
        state.succeeded(task);
      }
    }

    /** Nothing was changed. */
    record Skipped(String reason) implements Result {
      @Override
      public void record(RolloutState state, Task task) {
        state.skipped(task, reason);
      }
    }

    /** The change failed. */
    record Failed(String reason, Requested requested) implements Result {
      @Override
      public void record(RolloutState state, Task task) {
        state.failed(task, reason, requested);
      }
    }
  }

  /**
   * Changes the node.
   *
   * @throws MigClusterException if the API server answers 403, which is the same for every node
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   * @throws InterruptedException if the thread is interrupted
   */
  Result run(Task task) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return attempt(task);
      } catch (MigClusterException unanswered) {
        if (unanswered.forbidden().isPresent()) {
          throw unanswered;
        }
        LOG.warn(
            "node={} attempt={} unanswered=\"{}\"", task.node(), attempt, unanswered.getMessage());
        if (attempt == MAX_ATTEMPTS) {
          return unanswered(task, unanswered.getMessage());
        }
        TimeUnit.NANOSECONDS.sleep(RETRY_INTERVAL.toNanos());
      }
    }
  }

  private Result attempt(Task task) {
    try {
      ApplyOutcome outcome = request(task)
          .disruption(options.disruption())
          .timings(options.timings())
          .onProgress(steps)
          .await(options.nodeDeadline());
      Optional<String> unhealthy =
          task.kind() == Task.Kind.ROLL_BACK ? Optional.empty() : unhealthy(outcome.status());
      return unhealthy.isEmpty() ? new Result.Succeeded() : failed(task, unhealthy.get());
    } catch (MigRefusedException refused) {
      // A finding says itself what it is about.
      return new Result.Skipped(
          refused.findings().isEmpty()
              ? String.valueOf(refused.getMessage())
              : String.join("; ", refused.reasons()));
    } catch (MigFailedException failed) {
      return failed(task, describe(failed.diagnosis()));
    } catch (MigDeadlineException late) {
      return failed(task, describe(late.diagnosis()) + "; " + late.getMessage());
    } catch (MigConflictException conflict) {
      return cluster.node(task.node()).isEmpty()
          ? new Result.Skipped("the node was deleted")
          : failed(task, conflict.getMessage());
    }
  }

  /** Why the health gate rejects a node; empty if it accepts it. */
  private Optional<String> unhealthy(MigNodeStatus status) {
    try {
      return options.healthGate().test(status)
          ? Optional.empty()
          : Optional.of("health gate rejected the node, which offers " + status.allocatable());
    } catch (RuntimeException e) {
      return Optional.of("health gate threw " + e);
    }
  }

  /**
   * A rollback that another process has started is only awaited.
   *
   * @throws MigConflictException if another client has given the node another configuration
   */
  private ApplyRequest request(Task task) {
    MigNode node = new MigNode(cluster, task.node());
    ChangeKind kind = task.content().kind();
    if (task.kind() == Task.Kind.APPLY) {
      return task.content().request(node);
    }
    String label = label(task);
    boolean undoes =
        task.content().isRequestedBy(label) || (kind == ChangeKind.LAYOUT && label.isEmpty());
    if (undoes) {
      return node.rollback(kind);
    }
    if (!isRolledBack(task, label)) {
      throw new MigConflictException(
          "Node %s: another client set %s=%s after the rollout changed it; apply the previous configuration by name"
              .formatted(task.node(), kind.label(cluster.settings()), label));
    }
    return node.follow(kind, label);
  }

  /** Whether the node has the label due to a rollback of the task's configuration. */
  private boolean isRolledBack(Task task, String label) {
    Map<String, String> recorded =
        cluster.view().node(task.node()).map(NodeFields::annotations).orElse(Map.of());
    String undone = recorded.getOrDefault(ChangeRecord.ROLLED_BACK_KEY, "");
    @Nullable String requested = recorded.get(task.content().kind().requestedKey());
    return task.content().isRequestedBy(undone)
        && requested != null
        && new Content(task.content().kind(), requested, requested).isRequestedBy(label);
  }

  private Result failed(Task task, @Nullable String reason) {
    boolean requested = task.content().isRequestedBy(label(task));
    return new Result.Failed(String.valueOf(reason), requested ? Requested.YES : Requested.NO);
  }

  /** As {@link #failed}; a node that cannot be read is assumed to have the new label. */
  private Result unanswered(Task task, @Nullable String reason) {
    try {
      return failed(task, reason);
    } catch (MigClusterException again) {
      // Only a node that this process has written is read with a request.
      return new Result.Failed(String.valueOf(reason), Requested.YES);
    }
  }

  private String label(Task task) {
    return cluster
        .view()
        .node(task.node())
        .map(node -> task.content().kind().requested(node, cluster.settings()))
        .orElse("");
  }

  private static String describe(Diagnosis diagnosis) {
    return diagnosis.code() + ": " + diagnosis.explanation();
  }
}
