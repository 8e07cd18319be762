package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.check.StatedGpus;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.diagnosis.Diagnoser;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.OperatorLogs;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeWatch;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One execution of an {@link ApplyRequest}: check, make room, publish, label, follow. */
final class ApplyRun {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyRun.class);

  /** More than anybody waits, and little enough to count in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(3650);

  /** How long to leave an API server alone that did not answer. */
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private final Cluster cluster;
  private final Cluster impatient;
  private final String name;
  private final ApplyGoal goal;
  private final ApplyOptions options;
  private final ApplyTimings timings;
  private final long startNanos = System.nanoTime();
  private String config = "";
  private StatedGpus gpus = StatedGpus.Nothing.NOTHING;
  private ApplyGoal.Naming naming = ApplyGoal.Naming.EXACT;

  ApplyRun(Cluster cluster, String name, ApplyGoal goal, ApplyOptions options) {
    this.cluster = cluster;
    this.impatient = cluster.withoutRepetition();
    this.name = name;
    this.goal = goal;
    this.options = options;
    this.timings = options.timings();
  }

  ApplyOutcome run(Duration deadline) {
    Duration limit = deadline.compareTo(LONGEST) < 0 ? deadline : LONGEST;
    ApplyGoal.Wanted wanted = goal.resolve(cluster, name);
    config = wanted.config();
    naming = wanted.naming();
    ApplyPlan plan = new NodeCheck(
            cluster, name, goal, wanted, options.gpus(), options.disruption())
        .requirePlan();
    if (goal == ApplyGoal.WholeGpus.WHOLE_GPUS && !plan.offer().devices().isEmpty()) {
      throw new MigRefusedException(
          "Config '%s' on node %s".formatted(config, name),
          List.of("it switches MIG on, so it does not give whole GPUs; mend it in ConfigMap "
              + plan.mapName()));
    }
    gpus = new StatedGpus.Each(List.copyOf(plan.offer().gpus().keySet()));
    step(
        ApplyPhase.CHECKED,
        System.nanoTime(),
        "%s as %s: %s".formatted(config, plan.key(), plan.offer().resources()));
    NodeClaim claim = new NodeClaim(
        cluster, name, recordedName(plan), List.copyOf(plan.offer().gpus().keySet()), limit);
    try {
      return change(plan, claim, limit);
    } catch (InterruptedException e) {
      CancellationException cancelled = new CancellationException(
          "Interrupted while waiting for node %s; what was asked of it goes on there"
              .formatted(name));
      release(claim, cancelled);
      Thread.currentThread().interrupt();
      throw cancelled;
    } catch (MigFailedException failed) {
      release(claim, failed);
      rollBack(claim, failed, limit).ifPresent(failed::setRolledBack);
      throw failed;
    } catch (MigDeadlineException late) {
      release(claim, late);
      rollBack(claim, late, limit).ifPresent(late::setRolledBack);
      throw late;
    } catch (RuntimeException failed) {
      release(claim, failed);
      throw failed;
    }
  }

  private ApplyOutcome change(ApplyPlan plan, NodeClaim claim, Duration limit)
      throws InterruptedException {
    boolean inForce = plan.isInForce(cluster.settings());
    boolean takes =
        !inForce && !plan.isAskedFor(cluster.settings()) && !goal.takesNothing(status(plan.node()));
    if (takes) {
      plan = makeRoom(plan, claim, limit);
    }
    try (NodeWatch watch = new NodeWatch(cluster, name, limit)) {
      if (goal == ApplyGoal.Again.AGAIN) {
        // Under the eyes of the watch, so that no state of the fresh process is missed.
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
    Duration left = limit.minusNanos(System.nanoTime() - startNanos);
    return left.compareTo(part) < 0 ? left : part;
  }

  /** The name in the change's record, which the second name of a repetition is not. */
  private String recordedName(ApplyPlan plan) {
    return naming == ApplyGoal.Naming.EXACT ? config : plan.content().contentName(config);
  }

  /** Keeps pods away and evicts them, as far as that is allowed; otherwise refuses a busy node. */
  private ApplyPlan makeRoom(ApplyPlan plan, NodeClaim claim, Duration limit)
      throws InterruptedException {
    claim.requireFree(plan.node());
    if (options.disruption() == Disruption.NONE) {
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
    List<Pod> slippedIn = GpuPods.using(cluster.podsOnNode(name));
    if (!slippedIn.isEmpty()) {
      throw new MigRefusedException(
          "Config '%s' on node %s".formatted(config, name),
          List.of("pods came to use its GPUs just before it was cordoned: %s; try again"
              .formatted(GpuPods.names(slippedIn))));
    }
    return plan.on(cordoned);
  }

  /** What another client has left on the node is this one's to take back. */
  private void recover(ApplyPlan plan, NodeClaim claim, Duration limit)
      throws InterruptedException {
    if (plan.isInForce(cluster.settings())) {
      if (Cluster.annotations(plan.node()).containsKey(ChangeRecord.KEY)) {
        Node unused = claim.takeOver();
      }
      return;
    }
    ManagerRestart restart = new ManagerRestart(cluster, name);
    List<Pod> pods = restart.requirePods();
    Node unused = claim.takeOver();
    String fresh = restart.run(pods, within(limit, timings.reaction()));
    step(ApplyPhase.RESTARTED, System.nanoTime(), fresh);
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

  private Optional<ApplyOutcome> rollBack(NodeClaim claim, MigException failed, Duration limit) {
    if (!claim.changesNode() || options.onFailure() != ApplyOptions.OnFailure.ROLL_BACK) {
      return Optional.empty();
    }
    try {
      ApplyOutcome back = new ApplyRun(
              cluster,
              name,
              ApplyGoal.Previous.PREVIOUS,
              options.with(ApplyOptions.OnFailure.STAY).with(gpus))
          .run(limit);
      step(
          ApplyPhase.ROLLED_BACK,
          System.nanoTime(),
          back.status().config().orElse("") + ": " + back.allocatable());
      return Optional.of(back);
    } catch (MigException | CancellationException e) {
      failed.addSuppressed(e);
      return Optional.empty();
    }
  }

  /** A request that was made: what was asked, and what tells whether it is done. */
  private record Request(ApplyPlan plan, ApplyTracker tracker, Node node) {}

  /**
   * Publishes what is not published yet, and asks the node for it. What is in force is only
   * followed; what the node asks for already is claimed as well.
   */
  private Request request(
      ApplyPlan plan, NodeClaim claim, ApplyOptions.Gate gate, ApplyPhase phase) {
    if (!plan.document().config(plan.key()).equals(Optional.of(plan.content()))) {
      new MigConfigMap(cluster, plan.mapName()).addAlias(plan.key(), plan.content());
    }
    String label = cluster.settings().configLabel();
    Node before = plan.node();
    boolean asked = plan.isAskedFor(cluster.settings());
    Node after =
        asked && plan.isInForce(cluster.settings()) ? before : claim.ask(before, plan.key(), gate);
    long now = System.nanoTime();
    step(phase, now, asked ? "the node asks for it already" : label + "=" + plan.key());
    ApplyTracker.Prompt prompt = !asked
        ? ApplyTracker.Prompt.LABEL
        : goal == ApplyGoal.Again.AGAIN ? ApplyTracker.Prompt.RESTART : ApplyTracker.Prompt.NOTHING;
    ApplyTracker tracker =
        new ApplyTracker(cluster.settings(), timings, plan, prompt, now, this::step);
    return new Request(plan, tracker, after);
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
        request = retry(request, claim, node, now - startNanos)
            .orElseThrow(() -> failed.with(diagnosis(failed.lastSeen())));
        node = request.node;
        continue;
      } catch (MigDeadlineException late) {
        throw late.with(diagnosis(late.lastSeen()));
      }
      if (decision instanceof ApplyTracker.Decision.Done done) {
        return done.outcome();
      }
      if (decision instanceof ApplyTracker.Decision.Doubt doubt) {
        Optional<Request> again = retry(request, claim, node, now - startNanos);
        if (again.isPresent()) {
          request = again.get();
          node = request.node;
          continue;
        }
        requireAnotherRunsFailure(doubt.failure(), request.plan.key());
        decision = doubt.meanwhile();
      }
      ApplyTracker.Decision.Wait wait = (ApplyTracker.Decision.Wait) decision;
      long left = limit.toNanos() - (now - startNanos);
      if (left <= 0 && lookedOnceMore) {
        ApplyPlan plan = request.plan;
        Node last = node;
        return wait.meanwhile()
            .orElseThrow(() -> deadlinePassed(
                limit, plan, wait.missing(), diagnosis(status(last, plan)), status(last, plan)));
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
    Optional<Node> told = told(watch, patienceNanos, plan.node());
    while (told.isEmpty() || !asksFor(told.get(), plan.key())) {
      try {
        return impatient.node(name).orElseThrow(() -> NodeWatch.deleted(name));
      } catch (MigClusterException unanswered) {
        LOG.info("node={} config={} waiting=\"{}\"", name, config, message(unanswered));
        if (System.nanoTime() - startNanos >= limit.toNanos()) {
          throw deadlinePassed(
              limit,
              plan,
              List.of(message(unanswered)),
              Diagnosis.of(status(last, plan), List.of()),
              status(last, plan));
        }
        long left = limit.toNanos() - (System.nanoTime() - startNanos);
        told = watch.next(Math.min(left, PAUSE.toNanos()));
      }
    }
    return told.get();
  }

  /** The next version that is not the one on which the request was made. */
  private static Optional<Node> told(NodeWatch watch, long patienceNanos, Node known)
      throws InterruptedException {
    long end = System.nanoTime() + patienceNanos;
    Optional<Node> told = watch.next(patienceNanos);
    while (told.isPresent() && isSameVersion(told.get(), known)) {
      told = watch.next(end - System.nanoTime());
    }
    return told;
  }

  private static boolean isSameVersion(Node one, Node other) {
    return one.getMetadata().getResourceVersion().equals(other.getMetadata().getResourceVersion());
  }

  private static String message(MigClusterException e) {
    return String.valueOf(e.getMessage());
  }

  private boolean asksFor(Node node, String key) {
    return key.equals(Cluster.labels(node).get(cluster.settings().configLabel()));
  }

  /** Throws a failure that may be an earlier one's, if the log shows that it is this request's. */
  private void requireAnotherRunsFailure(MigFailedException failed, String key) {
    MigNodeStatus last = failed.lastSeen();
    Diagnoser examination = new Diagnoser(last, OperatorLogs.read(cluster, last));
    if (examination.showsEndOf(key)) {
      throw failed.with(examination.diagnosis());
    }
  }

  /**
   * Asks again under the other name, if the manager failed without work, as it does for as long as
   * the kubelet has not refreshed the mounted ConfigMap; it does not try the same value again.
   *
   * @return the new request; empty if there is no other name, or it would be of no use
   */
  private Optional<Request> retry(Request request, NodeClaim claim, Node node, long sinceStart) {
    ApplyPlan plan = request.plan;
    boolean quick = request.tracker.failedWithoutWork()
        && sinceStart < timings.propagation().toNanos();
    if (plan.isExact(config) || !quick) {
      return Optional.empty();
    }
    String first = plan.content().contentName(config);
    String other = plan.key().equals(first) ? plan.content().retryName(config, 2) : first;
    return Optional.of(
        request(plan.on(node).as(other), claim, ApplyOptions.Gate.OPEN, ApplyPhase.RETRIED));
  }

  private MigDeadlineException deadlinePassed(
      Duration limit,
      ApplyPlan plan,
      List<String> missing,
      Diagnosis diagnosis,
      MigNodeStatus last) {
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s"
            .formatted(name, limit, plan.offer().resources(), String.join(", ", missing)),
        last,
        diagnosis);
  }

  private Diagnosis diagnosis(MigNodeStatus last) {
    return new Diagnoser(last, OperatorLogs.read(cluster, last)).diagnosis();
  }

  private MigNodeStatus status(Node node, ApplyPlan plan) {
    return StatusReader.read(node, cluster.settings(), plan.offer());
  }

  private MigNodeStatus status(Node node) {
    return MigNodeStatus.of(node, cluster.settings());
  }

  private void step(ApplyPhase phase, long nanos, String detail) {
    LOG.info("node={} config={} phase={} detail=\"{}\"", name, config, phase, detail);
    options
        .listener()
        .accept(new ApplyEvent(name, phase, Duration.ofNanos(nanos - startNanos), detail));
  }
}
