package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.Node;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of an {@link ApplyRequest}: check, publish, label, follow. */
final class ApplyRun {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyRun.class);

  /** More than anybody waits, and little enough to count in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  /** How long to leave an API server alone that did not answer. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final Cluster cluster;
  private final String name;
  private final String config;
  private final ApplyRequest.Naming naming;
  private final ApplyTimings timings;
  private final OptionalInt statedGpus;
  private final Consumer<ApplyEvent> listener;
  private final long startNanos = System.nanoTime();

  ApplyRun(
      Cluster cluster,
      String name,
      String config,
      ApplyRequest.Naming naming,
      ApplyTimings timings,
      OptionalInt statedGpus,
      Consumer<ApplyEvent> listener) {
    this.cluster = cluster;
    this.name = name;
    this.config = config;
    this.naming = naming;
    this.timings = timings;
    this.statedGpus = statedGpus;
    this.listener = listener;
  }

  ApplyOutcome run(Duration deadline) {
    ApplyPlan plan = new NodeCheck(cluster, name, config, naming, statedGpus).requirePlan();
    step(
        ApplyPhase.CHECKED,
        System.nanoTime(),
        "%s as %s: %s".formatted(config, plan.key(), plan.expectation().resources()));
    Duration limit = deadline.compareTo(LONGEST) < 0 ? deadline : LONGEST;
    try (NodeWatch watch = new NodeWatch(cluster, name, limit)) {
      return follow(watch, request(plan, ApplyPhase.REQUESTED), limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "Interrupted while waiting for node %s; what was asked of it goes on there"
              .formatted(name));
    }
  }

  /** A request that was made: what was asked, and what tells whether it is done. */
  private record Request(ApplyPlan plan, ApplyTracker tracker, Node node) {}

  /** Publishes what is not published yet, and labels the node if it does not ask for it already. */
  private Request request(ApplyPlan plan, ApplyPhase phase) {
    if (!plan.document().config(plan.key()).equals(Optional.of(plan.content()))) {
      new MigConfigMap(cluster, plan.mapName()).addAlias(plan.key(), plan.content());
    }
    String label = cluster.settings().configLabel();
    Node before = plan.node();
    boolean asked = plan.key().equals(Cluster.labels(before).get(label));
    Node after = asked ? before : cluster.onLatestVersion(() -> label(before, label, plan.key()));
    long now = System.nanoTime();
    step(phase, now, asked ? "the node asks for it already" : label + "=" + plan.key());
    ApplyTracker tracker = new ApplyTracker(
        cluster.settings(),
        timings,
        plan.key(),
        plan.expectation(),
        before,
        sameness(plan, before, label),
        now,
        this::step);
    return new Request(plan, tracker, after);
  }

  private Node label(Node before, String label, String key) {
    Node now = cluster.requireNode(name);
    String asked = Cluster.labels(now).getOrDefault(label, "");
    if (asked.equals(key)) {
      // Somebody wants the same, or the answer to our own request was lost.
      return now;
    }
    if (!asked.equals(Cluster.labels(before).getOrDefault(label, ""))) {
      throw new MigConflictException(
          "Node %s was asked for '%s' by somebody else just now. Agree on who labels the node and apply again"
              .formatted(name, asked));
    }
    return cluster.label(now, label, key);
  }

  /** Only a name that carries the content's hash tells for sure what was in force. */
  private static ApplyTracker.Sameness sameness(ApplyPlan plan, Node before, String label) {
    return Cluster.labels(before)
            .getOrDefault(label, "")
            .matches(".*-" + plan.content().contentHash() + "(-r[0-9]+)?")
        ? ApplyTracker.Sameness.SAME
        : ApplyTracker.Sameness.UNKNOWN;
  }

  private ApplyOutcome follow(NodeWatch watch, Request first, Duration limit)
      throws InterruptedException {
    Request request = first;
    Node node = first.node;
    boolean lookedOnceMore = false;
    while (true) {
      long now = System.nanoTime();
      ApplyTracker.Decision decision;
      try {
        decision = request.tracker.observe(node, now);
      } catch (MigFailedException failed) {
        request = retry(request, node, now - startNanos, failed);
        node = request.node;
        continue;
      }
      if (decision instanceof ApplyTracker.Decision.Done done) {
        return done.outcome();
      }
      ApplyTracker.Decision.Wait wait = (ApplyTracker.Decision.Wait) decision;
      long left = limit.toNanos() - (now - startNanos);
      if (left <= 0 && lookedOnceMore) {
        ApplyPlan plan = request.plan;
        Node last = node;
        return wait.meanwhile()
            .orElseThrow(() -> deadlinePassed(limit, plan, last, wait.missing()));
      }
      lookedOnceMore = left <= 0;
      node = next(watch, Math.min(left, wait.untilNanos() - now), limit, request.plan, node);
    }
  }

  /**
   * The node as it is next. Where nothing is told in time it is read, so that no verdict rests on a
   * watch that is behind; what a watch tells of the time before the request is read again as well.
   */
  private Node next(NodeWatch watch, long patienceNanos, Duration limit, ApplyPlan plan, Node last)
      throws InterruptedException {
    Optional<Node> told = watch.next(patienceNanos);
    while (told.isEmpty() || !asksFor(told.get(), plan.key())) {
      try {
        return cluster.node(name).orElseThrow(() -> NodeWatch.deleted(name));
      } catch (MigClusterException unanswered) {
        LOG.info("node={} config={} waiting=\"{}\"", name, config, message(unanswered));
        if (System.nanoTime() - startNanos >= limit.toNanos()) {
          throw deadlinePassed(limit, plan, last, List.of(message(unanswered)));
        }
        told = watch.next(PAUSE.toNanos());
      }
    }
    return told.get();
  }

  private static String message(MigClusterException e) {
    return String.valueOf(e.getMessage());
  }

  private boolean asksFor(Node node, String key) {
    return key.equals(Cluster.labels(node).get(cluster.settings().configLabel()));
  }

  /**
   * Asks again under the other name, if the manager failed without work, as it does for as long as
   * the kubelet has not refreshed the mounted ConfigMap; it does not try the same value again.
   */
  private Request retry(Request request, Node node, long sinceStart, MigFailedException failed) {
    boolean quick =
        !request.tracker.sawWork() && sinceStart < timings.propagation().toNanos();
    if (request.plan.isExact(config) || !quick) {
      throw failed;
    }
    ApplyPlan plan = request.plan;
    String first = plan.content().contentName(config);
    String other = plan.key().equals(first) ? plan.content().retryName(config, 2) : first;
    return request(
        new ApplyPlan(
            node, plan.mapName(), plan.document(), plan.content(), plan.expectation(), other),
        ApplyPhase.RETRIED);
  }

  private MigDeadlineException deadlinePassed(
      Duration limit, ApplyPlan plan, Node node, List<String> missing) {
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s. The change may still be under way: apply again to go on waiting, or read the log of the node's MIG manager pod"
            .formatted(name, limit, plan.expectation().resources(), String.join(", ", missing)),
        StatusReader.read(node, cluster.settings()));
  }

  private void step(ApplyPhase phase, long nanos, String detail) {
    LOG.info("node={} config={} phase={} detail=\"{}\"", name, config, phase, detail);
    listener.accept(new ApplyEvent(name, phase, Duration.ofNanos(nanos - startNanos), detail));
  }
}
