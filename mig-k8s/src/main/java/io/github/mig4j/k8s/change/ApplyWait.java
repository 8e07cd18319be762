package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.change.RequestedChange.Request;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.NodeWatch;
import io.github.mig4j.k8s.internal.PodWatch;
import io.github.mig4j.k8s.node.StatusReader;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a change again and again until it ends: after each change that a watch reports, and at the
 * time that the last look named.
 */
final class ApplyWait implements Sight, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyWait.class);

  /** Longer than every real deadline, and short enough to count in nanoseconds. */
  private static final Duration MAX_DEADLINE = Duration.ofDays(3650);

  /** How long to wait after a read that the API server did not answer. */
  private static final Duration READ_INTERVAL = Duration.ofSeconds(2);

  private final Cluster cluster;
  private final Cluster withoutRepetition;
  private final String name;
  private final ApplyRun run;
  private final Duration limit;
  private @Nullable PodWatch podsOfNode;
  private @Nullable PodWatch managerPods;
  private @Nullable NodeWatch nodeWatch;

  private ApplyWait(ApplyRun.Task task) {
    this.cluster = task.cluster();
    this.withoutRepetition = cluster.withoutRepetition();
    this.name = task.node();
    this.limit = task.limit();
    this.run = new ApplyRun(task, this);
  }

  /** Waits for the end of a change. */
  static ApplyOutcome until(Duration deadline, ApplyLook.Subject subject) {
    ApplyRun.Task task = new ApplyRun.Task(
        subject.cluster(),
        subject.node(),
        subject.goal(),
        subject.options(),
        ApplyRun.Memory.PROCESS,
        subject.cluster().identity(),
        ApplyTracker.shorter(deadline, MAX_DEADLINE));
    try (ApplyWait wait = new ApplyWait(task)) {
      return wait.run();
    }
  }

  private ApplyOutcome run() {
    try {
      Look look = run.look();
      while (true) {
        if (look instanceof Look.Done done) {
          return done.outcome();
        }
        if (look instanceof Look.Failed failed) {
          throw failed.failure();
        }
        look = look instanceof Look.Waiting waiting ? after(waiting) : run.look();
      }
    } catch (InterruptedException e) {
      CancellationException cancelled = new CancellationException(
          "Interrupted while waiting for node %s; the change continues there".formatted(name));
      run.cancel(cancelled);
      Thread.currentThread().interrupt();
      throw cancelled;
    }
  }

  private Look after(Look.Waiting waiting) throws InterruptedException {
    try {
      await(waiting);
    } catch (MigChangeException failed) {
      return run.fail(failed);
    } catch (RuntimeException failed) {
      run.cancel(failed);
      throw failed;
    }
    return run.look();
  }

  private void await(Look.Waiting waiting) throws InterruptedException {
    long nanos = waiting.untilNanos() - System.nanoTime();
    switch (waiting.awaited()) {
      case PODS_OF_NODE ->
        Objects.requireNonNull(podsOfNode, "podsOfNode").awaitChange(atMost(nanos, left()));
      case MANAGER_PODS ->
        Objects.requireNonNull(managerPods, "managerPods").awaitChange(atMost(nanos, left()));
      case NODE -> requested().see(next(requested().current(), nanos));
      case NODE_OR_NONE -> {
        Request request = requested().current();
        Optional<Node> later = seen(nodeWatch(), nanos, request.plan().node());
        if (later.isPresent() || System.nanoTime() < waiting.untilNanos()) {
          requested().see(afterRequest(later, request));
        }
      }
    }
  }

  private RequestedChange requested() {
    return run.active().requested();
  }

  private Duration left() {
    return run.active().left();
  }

  private interface Opening<T> {
    T open(Duration timeout) throws InterruptedException;
  }

  /** A watch that has no answer when the whole time has passed is no failure of the API server. */
  private <T> T opened(Opening<T> watch) throws InterruptedException {
    try {
      return watch.open(limit);
    } catch (MigClusterException failed) {
      if (failed.getCause() instanceof TimeoutException && left().isZero()) {
        throw run.active().deadlinePassedBefore();
      }
      throw failed;
    }
  }

  private static long atMost(long nanos, Duration limit) {
    return Math.min(nanos, limit.toNanos());
  }

  @Override
  public List<Pod> podsOfNode() throws InterruptedException {
    if (podsOfNode == null) {
      podsOfNode = opened(time -> new PodWatch(
          cluster,
          "node " + name,
          cluster.podsBoundTo(name),
          Optional.empty(),
          MigRole.DRAIN.roleName(),
          time));
    }
    return podsOfNode.pods();
  }

  @Override
  public List<Pod> managerPods(String namespace) throws InterruptedException {
    if (managerPods == null) {
      managerPods = opened(time -> new PodWatch(
          cluster,
          "the MIG manager",
          cluster.managerPodsIn(namespace),
          Optional.of(namespace),
          MigRole.RECOVER.roleName(),
          time));
    }
    return managerPods.pods();
  }

  @Override
  public void followNode() throws InterruptedException {
    close(podsOfNode);
    podsOfNode = null;
    if (nodeWatch == null) {
      nodeWatch = opened(time -> new NodeWatch(cluster, name, time));
    }
  }

  /**
   * The next version of the node. Where the watch shows nothing in time the node is read, so that no
   * decision rests on a watch that is behind. A version from before the request is read again as well.
   */
  private Node next(Request request, long waitNanos) throws InterruptedException {
    return afterRequest(seen(nodeWatch(), waitNanos, request.plan().node()), request);
  }

  private Node afterRequest(Optional<Node> reported, Request request) throws InterruptedException {
    NodeWatch watch = nodeWatch();
    ApplyPlan plan = request.plan();
    Optional<Node> seen = reported;
    while (seen.isEmpty() || !plan.on(seen.get()).isRequested(cluster.settings())) {
      try {
        return withoutRepetition.node(name).orElseThrow(() -> NodeWatch.deleted(name));
      } catch (MigClusterException unanswered) {
        if (unanswered.forbidden().isPresent()) {
          throw unanswered;
        }
        String message = String.valueOf(unanswered.getMessage());
        LOG.info("node={} config={} waiting=\"{}\"", name, plan.key(), message);
        Duration left = left();
        if (left.isZero()) {
          throw requested()
              .deadlinePassed(
                  List.of(message),
                  Diagnosis.of(
                      StatusReader.read(request.node(), cluster.settings(), plan.offer()),
                      List.of()));
        }
        seen = watch.next(atMost(READ_INTERVAL.toNanos(), left));
      }
    }
    return seen.get();
  }

  private NodeWatch nodeWatch() {
    return Objects.requireNonNull(nodeWatch, "nodeWatch");
  }

  /** The next version that is not the one on which the request was made. */
  private static Optional<Node> seen(NodeWatch watch, long waitNanos, Node known)
      throws InterruptedException {
    long end = System.nanoTime() + waitNanos;
    Optional<Node> seen = watch.next(waitNanos);
    while (seen.isPresent() && NodeFields.isSameVersion(seen.get(), known)) {
      seen = watch.next(end - System.nanoTime());
    }
    return seen;
  }

  @Override
  public void close() {
    close(podsOfNode);
    close(managerPods);
    if (nodeWatch != null) {
      nodeWatch.close();
    }
  }

  private static void close(@Nullable PodWatch watch) {
    if (watch != null) {
      watch.close();
    }
  }
}
