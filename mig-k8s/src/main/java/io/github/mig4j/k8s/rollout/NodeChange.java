package io.github.mig4j.k8s.rollout;

import io.fabric8.kubernetes.api.model.Node;
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
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.rollout.RolloutState.Asked;
import io.github.mig4j.k8s.rollout.RolloutState.Task;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The change of one node, forth or back, and what its end means for the rollout. */
final class NodeChange {

  private static final Logger LOG = LoggerFactory.getLogger(NodeChange.class);

  /** An API server that does not answer is asked again this often, at these intervals. */
  private static final int ATTEMPTS = 6;

  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final Cluster cluster;
  private final RolloutOptions options;
  private final Consumer<ApplyEvent> steps;

  NodeChange(Cluster cluster, RolloutOptions options, Consumer<ApplyEvent> steps) {
    this.cluster = cluster;
    this.options = options;
    this.steps = steps;
  }

  /** What came of it. */
  sealed interface End {
    /** Tells it to the course. */
    void tell(RolloutState course, Task task);

    /** The configuration is in force. */
    record Arrived() implements End {
      @Override
      public void tell(RolloutState course, Task task) {
        course.arrived(task);
      }
    }

    /** Nothing was changed. */
    record Skipped(String reason) implements End {
      @Override
      public void tell(RolloutState course, Task task) {
        course.skipped(task, reason);
      }
    }

    /** It failed. */
    record Failed(String reason, Asked asked) implements End {
      @Override
      public void tell(RolloutState course, Task task) {
        course.failed(task, reason, asked);
      }
    }
  }

  /**
   * Changes the node.
   *
   * @throws MigClusterException if that is forbidden, which no other node would change
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   * @throws InterruptedException if the thread is interrupted
   */
  End run(Task task) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return attempt(task);
      } catch (MigClusterException unanswered) {
        if (unanswered.forbidden().isPresent()) {
          throw unanswered;
        }
        LOG.warn(
            "node={} attempt={} waiting=\"{}\"", task.node(), attempt, unanswered.getMessage());
        if (attempt == ATTEMPTS) {
          return unanswered(task, unanswered.getMessage());
        }
        TimeUnit.NANOSECONDS.sleep(PAUSE.toNanos());
      }
    }
  }

  private End attempt(Task task) {
    try {
      ApplyOutcome outcome = request(task)
          .disruption(options.disruption())
          .timings(options.timings())
          .onProgress(steps)
          .await(options.nodeDeadline());
      Optional<String> objection =
          task.way() == Task.Way.BACK ? Optional.empty() : objection(outcome.status());
      return objection.isEmpty() ? new End.Arrived() : failed(task, objection.get());
    } catch (MigRefusedException refused) {
      return new End.Skipped(String.join("; ", refused.reasons()));
    } catch (MigFailedException failed) {
      return failed(task, describe(failed.diagnosis()));
    } catch (MigDeadlineException late) {
      return failed(task, describe(late.diagnosis()) + "; " + late.getMessage());
    } catch (MigConflictException conflict) {
      return cluster.node(task.node()).isEmpty()
          ? new End.Skipped("the node was deleted")
          : failed(task, conflict.getMessage());
    }
  }

  /** What the health gate has against a node. */
  private Optional<String> objection(MigNodeStatus status) {
    try {
      return options.healthGate().test(status)
          ? Optional.empty()
          : Optional.of("the health gate does not let it pass: " + status.allocatable());
    } catch (RuntimeException e) {
      return Optional.of("the health gate does not let it pass, for it throws " + e);
    }
  }

  /** A way back that was begun by another process is only followed. */
  private ApplyRequest request(Task task) {
    MigNode node = new MigNode(cluster, task.node());
    ChangeKind kind = task.content().kind();
    String config = task.content().config();
    if (task.way() == Task.Way.FORTH) {
      return kind == ChangeKind.LAYOUT ? node.apply(config) : node.share(config);
    }
    String label = label(task);
    boolean begun =
        !task.content().isAskedForBy(label) && (kind == ChangeKind.SHARING || !label.isEmpty());
    return begun ? node.follow(kind, label) : node.rollback(kind);
  }

  private End failed(Task task, @Nullable String reason) {
    boolean asked = task.content().isAskedForBy(label(task));
    return new End.Failed(String.valueOf(reason), asked ? Asked.YES : Asked.NO);
  }

  /** As {@link #failed}, by what was last seen where the node cannot be read. */
  private End unanswered(Task task, @Nullable String reason) {
    try {
      return failed(task, reason);
    } catch (MigClusterException again) {
      // Only a node that this process has written is read, and not looked up in what the watch
      // tells.
      return new End.Failed(String.valueOf(reason), Asked.YES);
    }
  }

  private String label(Task task) {
    Optional<Node> node = cluster.outlook().node(task.node());
    String key = task.content().kind().label(cluster.settings());
    return node.map(n -> Cluster.labels(n).getOrDefault(key, "")).orElse("");
  }

  private static String describe(Diagnosis diagnosis) {
    return diagnosis.code() + ": " + diagnosis.explanation();
  }
}
