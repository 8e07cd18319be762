package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.SharingPlan;
import io.github.mig4j.k8s.check.StatedGpus;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.Diagnoser;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.OperatorLogs;
import io.github.mig4j.k8s.diagnosis.PluginPods;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeWatch;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.lint.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of an {@link ApplyRequest}: check, make room, publish, label, follow. */
final class ApplyRun {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyRun.class);

  /** Longer than every real deadline, and short enough to count in nanoseconds. */
  private static final Duration MAX_DEADLINE = Duration.ofDays(3650);

  /** How often the time before a retry is doubled. */
  private static final int MAX_DOUBLINGS = 5;

  /** How long to wait after a read that the API server did not answer. */
  private static final Duration READ_INTERVAL = Duration.ofSeconds(2);

  private final Cluster cluster;
  private final Cluster withoutRepetition;
  private final String name;
  private final ApplyGoal goal;
  private final ApplyOptions options;
  private final ApplyTimings timings;
  private final long clockNanos;
  private final long startNanos = System.nanoTime();
  private final ChangeReport report;
  private String config = "";
  private Recorded recorded = new Recorded(ChangeRecord.Proof.OFFER, Optional.empty());
  private int retries;
  private boolean published;

  /** What the node's record has of the evidence. */
  private record Recorded(ChangeRecord.Proof proof, Optional<Long> stableSinceNanos) {}

  ApplyRun(Cluster cluster, String name, ApplyGoal goal, ApplyOptions options) {
    this(cluster, name, goal, options, System.nanoTime());
  }

  /** The times of events count from {@code clockNanos}, so that a rollback continues to count. */
  private ApplyRun(
      Cluster cluster, String name, ApplyGoal goal, ApplyOptions options, long clockNanos) {
    this.cluster = cluster;
    this.withoutRepetition = cluster.withoutRepetition();
    this.name = name;
    this.goal = goal;
    this.options = options;
    this.timings = options.timings();
    this.clockNanos = clockNanos;
    this.report = new ChangeReport(cluster, name);
  }

  ApplyOutcome run(Duration deadline) {
    return report.ended(() -> config, () -> runToEnd(deadline));
  }

  private ApplyOutcome runToEnd(Duration deadline) {
    Duration limit = deadline.compareTo(MAX_DEADLINE) < 0 ? deadline : MAX_DEADLINE;
    NodeCheck check = new NodeCheck(
        new NodeCheck.Request(cluster, name, goal, options.gpus(), options.disruption()));
    config = check.name();
    ApplyPlan plan = check.requirePlan();
    String key = printed(plan.key());
    step(
        ApplyPhase.CHECKED,
        System.nanoTime(),
        "%s: %s"
            .formatted(
                key.equals(config) ? key : "%s as %s".formatted(config, key),
                plan.offer().resources()));
    NodeClaim claim = new NodeClaim(cluster, plan, goal, limit);
    try {
      return with(check.findings(), change(plan, claim, limit));
    } catch (InterruptedException e) {
      CancellationException cancelled = new CancellationException(
          "Interrupted while waiting for node %s; the change continues there".formatted(name));
      release(claim, cancelled);
      Thread.currentThread().interrupt();
      throw cancelled;
    } catch (MigChangeException failed) {
      release(claim, failed);
      rollBack(plan, claim, failed, limit);
      throw failed;
    } catch (RuntimeException failed) {
      release(claim, failed);
      throw inTime(failed, plan, limit);
    }
  }

  private static ApplyOutcome with(List<Finding> findings, ApplyOutcome outcome) {
    return outcome instanceof ApplyOutcome.VerifiedByStateOnly byState
        ? new ApplyOutcome.VerifiedByStateOnly(
            byState.status(), byState.config(), byState.reason(), findings)
        : new ApplyOutcome.Verified(
            outcome.status(),
            outcome.config(),
            ((ApplyOutcome.Verified) outcome).basis(),
            findings);
  }

  /** A wait for the API server that ended with the time of the change is no failure of the API server. */
  private RuntimeException inTime(RuntimeException failed, ApplyPlan plan, Duration limit) {
    return failed instanceof MigClusterException
            && failed.getCause() instanceof TimeoutException
            && left(limit).isZero()
        ? deadlinePassed(
            limit,
            plan,
            List.of("the API server has not sent the state of the node or its pods yet"),
            Diagnosis.of(status(plan.node(), plan), List.of()),
            status(plan.node(), plan))
        : failed;
  }

  /** No label means what the operator gives to all nodes. */
  private static String printed(String key) {
    return key.isEmpty() ? "operator default" : key;
  }

  private ApplyOutcome change(ApplyPlan checked, NodeClaim claim, Duration limit)
      throws InterruptedException {
    boolean inForce = checked.isInForce(cluster.settings());
    boolean makesRoom = !inForce
        && !checked.isRequested(cluster.settings())
        && !goal.keepsPods(status(checked.node()));
    ApplyPlan plan = makesRoom ? makeRoom(checked, claim, limit) : checked;
    try (NodeWatch watch = new NodeWatch(cluster, name, limit)) {
      if (goal == ApplyGoal.Recover.RECOVER) {
        // The watch runs already, so that no state of the new process is missed.
        recover(plan, claim, limit);
      }
      ApplyOptions.Gate gate = inForce ? ApplyOptions.Gate.OPEN : options.gate();
      ApplyOutcome outcome =
          follow(watch, claim, request(plan, claim, gate, ApplyPhase.REQUESTED), limit);
      succeed(claim);
      return outcome;
    }
  }

  /** The change is verified, whatever becomes of its record, which ends by itself. */
  private void succeed(NodeClaim claim) {
    try {
      claim.succeed();
    } catch (MigClusterException e) {
      LOG.warn("node={} config={} record=left reason=\"{}\"", name, config, e.getMessage());
    }
  }

  /** What is left of the whole time, if that is less than a part of the change may take. */
  private Duration within(Duration limit, Duration part) {
    Duration left = left(limit);
    return left.compareTo(part) < 0 ? left : part;
  }

  /** What is left of the whole time, never less than nothing. */
  private Duration left(Duration limit) {
    Duration left = limit.minusNanos(System.nanoTime() - startNanos);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Keeps pods away and evicts them, as far as that is allowed. */
  private ApplyPlan makeRoom(ApplyPlan plan, NodeClaim claim, Duration limit)
      throws InterruptedException {
    claim.requireFree(plan.node());
    if (options.disruption() == Disruption.NONE || options.disruption() == Disruption.IGNORE_PODS) {
      return plan;
    }
    Node cordoned = claim.cordon();
    step(ApplyPhase.CORDONED, System.nanoTime(), "no new pod comes to the node");
    if (options.disruption() == Disruption.DRAIN) {
      List<String> evicted = new Drain(cluster, name).run(within(limit, timings.drain()));
      step(
          ApplyPhase.DRAINED,
          System.nanoTime(),
          evicted.isEmpty() ? "no pod used the GPUs" : "evicted " + String.join(", ", evicted));
    }
    List<Pod> started =
        plan.disturbsPods() ? new GpuClaims(cluster).using(cluster.podsOnNode(name)) : List.of();
    if (!started.isEmpty()) {
      throw new MigRefusedException(
          "Config '%s' on node %s".formatted(config, name),
          List.of("pods began to use its GPUs just before it was cordoned: %s; try again"
              .formatted(GpuPods.names(started))));
    }
    return plan.on(cordoned);
  }

  /** What another client has left on the node is this one's to undo. */
  private void recover(ApplyPlan plan, NodeClaim claim, Duration limit)
      throws InterruptedException {
    boolean managerActs = plan.kind() == ChangeKind.LAYOUT && !plan.isInForce(cluster.settings());
    if (!managerActs) {
      if (Cluster.annotations(plan.node()).containsKey(ChangeRecord.KEY)) {
        Node unused = claim.takeOver();
      }
      return;
    }
    ManagerRestart restart = new ManagerRestart(cluster, name);
    List<Pod> pods = restart.requirePods();
    Node unused = claim.takeOver();
    String started = restart.run(pods, within(limit, timings.reaction()));
    step(ApplyPhase.RESTARTED, System.nanoTime(), started);
  }

  /** The claim's end must not hide why it ended. */
  private static void release(NodeClaim claim, Throwable why) {
    boolean interrupted = Thread.interrupted();
    try {
      claim.release();
    } catch (MigException | CancellationException e) {
      why.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The failure is thrown all the same, and says how the rollback ended. */
  private void rollBack(
      ApplyPlan plan, NodeClaim claim, MigChangeException failed, Duration limit) {
    if (!claim.changesNode() || options.onFailure() != ApplyOptions.OnFailure.ROLL_BACK) {
      return;
    }
    ApplyOptions again = options.with(ApplyOptions.OnFailure.STAY);
    step(ApplyPhase.ROLLING_BACK, System.nanoTime(), failed.diagnosis().toString());
    try {
      ApplyOutcome back = new ApplyRun(
              cluster,
              name,
              new ApplyGoal.RollBack(Optional.of(plan.kind())),
              plan.gpus().isEmpty() ? again : again.with(new StatedGpus.Each(plan.gpus())),
              clockNanos)
          .run(limit);
      String previous = printed(back.config());
      step(ApplyPhase.ROLLED_BACK, System.nanoTime(), previous + ": " + back.allocatable());
      failed.setRolledBack(previous, back);
    } catch (MigException | CancellationException e) {
      failed.setRollbackFailed(e);
    }
  }

  /** A request that was made: what was requested, and what decides whether it is done. */
  private record Request(ApplyPlan plan, ApplyTracker tracker, Node node) {
    Request on(Node later) {
      return new Request(plan, tracker, later);
    }
  }

  /**
   * Publishes what is not published yet, and labels the node. What is in force is only followed; what
   * the node requests already is claimed as well.
   */
  private Request request(
      ApplyPlan plan, NodeClaim claim, ApplyOptions.Gate gate, ApplyPhase phase) {
    if (plan.isUnpublished()) {
      plan.publish(cluster);
      published = true;
    }
    Node before = plan.node();
    boolean requested = plan.isRequested(cluster.settings());
    ChangeRecord.Proof proof = proof(plan);
    Node after = requested && plan.isInForce(cluster.settings())
        ? before
        : claim.request(before, plan.key(), gate, proof);
    if (options.gpus().areStated()) {
      after = claim.recordGpus(after);
    }
    long now = System.nanoTime();
    step(
        phase,
        now,
        requested
            ? "the node requests it already"
            : plan.kind().label(cluster.settings()) + "=" + plan.key());
    ApplyTracker.Prompt prompt = !requested
        ? ApplyTracker.Prompt.LABEL
        : goal == ApplyGoal.Recover.RECOVER
            ? ApplyTracker.Prompt.RESTART
            : ApplyTracker.Prompt.NOTHING;
    Optional<Duration> stableFor = prompt == ApplyTracker.Prompt.NOTHING
        ? claim.stableSince(before).map(this::since)
        : Optional.empty();
    ApplyTracker.Start start = new ApplyTracker.Start(prompt, proof, stableFor, now, failureLook());
    ApplyTracker tracker = new ApplyTracker(cluster.settings(), timings, plan, start, this::step);
    recorded = new Recorded(proof, tracker.evidenceSince());
    return new Request(plan, tracker, after);
  }

  /** The time since then by the clock of this process, which may be behind that of another. */
  private Duration since(Instant time) {
    Duration past = Duration.between(time, cluster.settings().clock().instant());
    return past.isNegative() ? Duration.ZERO : past;
  }

  /** Twice as long after each retry, since the kubelet may take a minute to refresh the file. */
  private Duration failureLook() {
    return ApplyTracker.MIN_LOG_INTERVAL.multipliedBy(1L << Math.min(retries, MAX_DOUBLINGS));
  }

  /** A change that continues needs the proof that it needed when it began. */
  private ChangeRecord.Proof proof(ApplyPlan plan) {
    String current =
        Cluster.labels(plan.node()).getOrDefault(plan.kind().label(cluster.settings()), "");
    boolean continues = NodeClaim.withoutRepetition(current).equals(plan.recordedName());
    return ChangeRecord.read(plan.node())
        .filter(record -> continues && record.isOf(plan.kind(), plan.recordedName()))
        .map(ChangeRecord::proof)
        .orElseGet(() -> plan.isOfferedBefore(cluster.settings())
            ? ChangeRecord.Proof.PAUSE_NEEDED
            : ChangeRecord.Proof.OFFER);
  }

  /** Only a change that depends on it is recorded; a later client sees less without it. */
  private void record(NodeClaim claim, ApplyTracker tracker, Node seen) {
    Recorded now = new Recorded(tracker.proof(), tracker.evidenceSince());
    if (!claim.isMade() || now.equals(recorded)) {
      return;
    }
    Optional<Instant> stableSince = now.stableSinceNanos()
        .map(nanos -> cluster.settings().clock().instant().minusNanos(System.nanoTime() - nanos));
    try {
      claim.record(seen, now.proof(), stableSince);
      recorded = now;
    } catch (MigException unwritten) {
      LOG.info(
          "node={} config={} proof={} unwritten=\"{}\"",
          name,
          config,
          now.proof(),
          unwritten.getMessage());
    }
  }

  private ApplyOutcome follow(NodeWatch watch, NodeClaim claim, Request first, Duration limit)
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
        ApplyPlan plan = request.plan;
        request = retry(request, claim, node, now - startNanos)
            .orElseThrow(() -> failed.with(diagnosis(plan, failed.lastSeen())));
        node = request.node;
        continue;
      } catch (MigDeadlineException late) {
        throw late.with(diagnosis(request.plan, late.lastSeen()));
      }
      if (decision instanceof ApplyTracker.Decision.Done done) {
        return done.outcome();
      }
      record(claim, request.tracker, node);
      if (decision instanceof ApplyTracker.Decision.Look look) {
        Optional<Request> after = look(look, request.on(node), claim, now - startNanos);
        if (after.isPresent()) {
          request = after.get();
          node = request.node;
          continue;
        }
        decision = look.meanwhile();
      }
      ApplyTracker.Decision.Wait wait = (ApplyTracker.Decision.Wait) decision;
      long left = limit.toNanos() - (now - startNanos);
      if (left <= 0 && lookedOnceMore) {
        ApplyPlan plan = request.plan;
        Node last = node;
        return wait.meanwhile()
            .orElseThrow(() -> deadlinePassed(
                limit,
                plan,
                wait.missing(),
                diagnosis(plan, status(last, plan)),
                status(last, plan)));
      }
      lookedOnceMore = left <= 0;
      node = next(watch, Math.min(left, wait.untilNanos() - now), limit, request.plan, node);
    }
  }

  /**
   * The next version of the node. Where the watch shows nothing in time the node is read, so that no
   * decision rests on a watch that is behind. A version from before the request is read again as well.
   */
  private Node next(NodeWatch watch, long waitNanos, Duration limit, ApplyPlan plan, Node last)
      throws InterruptedException {
    Optional<Node> seen = seen(watch, waitNanos, plan.node());
    while (seen.isEmpty() || !requests(seen.get(), plan)) {
      try {
        return withoutRepetition.node(name).orElseThrow(() -> NodeWatch.deleted(name));
      } catch (MigClusterException unanswered) {
        LOG.info("node={} config={} waiting=\"{}\"", name, config, message(unanswered));
        long left = limit.toNanos() - (System.nanoTime() - startNanos);
        if (left <= 0) {
          throw deadlinePassed(
              limit,
              plan,
              List.of(message(unanswered)),
              Diagnosis.of(status(last, plan), List.of()),
              status(last, plan));
        }
        seen = watch.next(Math.min(left, READ_INTERVAL.toNanos()));
      }
    }
    return seen.get();
  }

  /** The next version that is not the one on which the request was made. */
  private static Optional<Node> seen(NodeWatch watch, long waitNanos, Node known)
      throws InterruptedException {
    long end = System.nanoTime() + waitNanos;
    Optional<Node> seen = watch.next(waitNanos);
    while (seen.isPresent() && isSameVersion(seen.get(), known)) {
      seen = watch.next(end - System.nanoTime());
    }
    return seen;
  }

  private static boolean isSameVersion(Node one, Node other) {
    return one.getMetadata().getResourceVersion().equals(other.getMetadata().getResourceVersion());
  }

  private static String message(MigClusterException e) {
    return String.valueOf(e.getMessage());
  }

  private boolean requests(Node node, ApplyPlan plan) {
    return plan.on(node).isRequested(cluster.settings());
  }

  /**
   * Looks into the MIG manager's log for the end of the run for this request.
   *
   * @return how to continue; empty if the log shows nothing about it
   * @throws MigFailedException if the log shows that the run ended without success, and no other name
   *     of the configuration is worth a try
   */
  private Optional<Request> look(
      ApplyTracker.Decision.Look look, Request request, NodeClaim claim, long sinceStart) {
    MigNodeStatus status = status(request.node, request.plan);
    Diagnoser diagnoser = new Diagnoser(status, OperatorLogs.read(withoutRepetition, status));
    String key = request.plan.key();
    if (diagnoser.showsSuccessOf(key)) {
      return Optional.of(request).filter(known -> known.tracker.noteLoggedSuccess());
    }
    if (!diagnoser.showsFailureOf(key)) {
      return look.trust() == ApplyTracker.Trust.LASTED
          ? retry(request, claim, request.node, sinceStart)
          : Optional.empty();
    }
    // The manager writes a state before it writes that the run has ended.
    Optional<Node> latest = latest();
    if (latest.isEmpty() || !status(latest.get()).state().equals(status.state())) {
      return latest.map(request::on);
    }
    Optional<Request> again = request.tracker.isWithoutPrompt()
        ? request.plan.underOtherName().map(other -> again(other, claim, latest.get()))
        : retry(request, claim, latest.get(), sinceStart);
    return Optional.of(again.orElseThrow(() -> look.failure().with(diagnoser.diagnosis())));
  }

  /** The node now; empty if the API server does not answer. */
  private Optional<Node> latest() {
    try {
      return Optional.of(withoutRepetition.node(name).orElseThrow(() -> NodeWatch.deleted(name)));
    } catch (MigClusterException unanswered) {
      return Optional.empty();
    }
  }

  /**
   * Requests the same content by its other name, if the manager failed without work, as it does for as
   * long as the kubelet has not refreshed the mounted ConfigMap; it does not try the same value again.
   *
   * @return the new request; empty if there is no other name, or it would be of no use
   */
  private Optional<Request> retry(Request request, NodeClaim claim, Node node, long sinceStart) {
    // What was in force before is known to the manager, unless its alias was published just now.
    boolean mayBeUnknown = published || !(goal instanceof ApplyGoal.RollBack);
    boolean withoutWork = mayBeUnknown
        && request.tracker.failedWithoutWork()
        && sinceStart < timings.propagation().toNanos();
    return request
        .plan
        .underOtherName()
        .filter(other -> withoutWork)
        .map(other -> again(other, claim, node));
  }

  private Request again(ApplyPlan other, NodeClaim claim, Node node) {
    retries++;
    return request(other.on(node), claim, ApplyOptions.Gate.OPEN, ApplyPhase.RETRIED);
  }

  private MigDeadlineException deadlinePassed(
      Duration limit,
      ApplyPlan plan,
      List<String> missing,
      Diagnosis diagnosis,
      MigNodeStatus last) {
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s"
            .formatted(
                name, DurationText.of(limit), plan.offer().resources(), String.join(", ", missing)),
        last,
        diagnosis);
  }

  private Diagnosis diagnosis(ApplyPlan plan, MigNodeStatus last) {
    return plan instanceof SharingPlan sharing
        ? PluginPods.diagnosis(cluster, sharing.source().namespace(), name)
        : new Diagnoser(last, OperatorLogs.read(cluster, last)).diagnosis();
  }

  private MigNodeStatus status(Node node, ApplyPlan plan) {
    return StatusReader.read(node, cluster.settings(), plan.offer());
  }

  private MigNodeStatus status(Node node) {
    return MigNodeStatus.of(node, cluster.settings());
  }

  private void step(ApplyPhase phase, long nanos, String detail) {
    LOG.info("node={} config={} phase={} detail=\"{}\"", name, config, phase, detail);
    report.reached(config, phase, nanos, detail);
    options
        .listener()
        .accept(new ApplyEvent(name, phase, Duration.ofNanos(nanos - clockNanos), detail));
  }
}
