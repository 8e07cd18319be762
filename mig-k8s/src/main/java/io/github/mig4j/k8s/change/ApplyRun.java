package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.change.Look.Awaited;
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
import io.github.mig4j.k8s.internal.ChangeRecord.Mark;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.internal.ChangeRecord.Seen;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeWatch;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.lint.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One change of a node, which advances by looks: check, make room, publish, label, follow. A look sends
 * requests and never waits. What a look must know of earlier ones is in this object and in the node's
 * record, so a look of another process can continue from the record.
 */
final class ApplyRun {

  private static final Logger LOG = LoggerFactory.getLogger(ApplyRun.class);

  /** How often the time before a retry is doubled. */
  private static final int MAX_DOUBLINGS = 5;

  /** The time between two looks at a new pod of the MIG manager, where no watch reports it. */
  private static final Duration RESTART_INTERVAL = Duration.ofSeconds(2);

  /** Where the next look finds what earlier ones have seen. */
  enum Memory {
    /** In this object; the record has what a successor needs if this process ends. */
    PROCESS,
    /** In the node's record only. */
    RECORD
  }

  /** What is done next. */
  private enum Stage {
    CHECK,
    ROOM,
    RESTART,
    REQUEST,
    FOLLOW
  }

  /**
   * What is to be done.
   *
   * @param by the identity of the client
   */
  record Task(
      Cluster cluster,
      String node,
      ApplyGoal goal,
      ApplyOptions options,
      Memory memory,
      String by,
      Duration limit) {}

  private final Task task;
  private final Cluster cluster;
  private final Cluster withoutRepetition;
  private final String name;
  private final ApplyGoal goal;
  private final ApplyOptions options;
  private final ApplyTimings timings;
  private final Memory memory;
  private final Sight sight;
  private final Duration limit;
  private final Optional<FailureRecord> undoing;
  private final long clockNanos;
  private final Timeline beginning;
  private final ChangeReport report;
  private long startNanos;
  private String by;
  private Stage stage = Stage.CHECK;
  private String config = "";
  private List<Finding> findings = List.of();
  private @Nullable NodeCheck check;
  private @Nullable ApplyPlan plan;
  private @Nullable NodeClaim claim;
  private @Nullable Drain drain;
  private @Nullable Request request;
  private @Nullable ApplyRun rollback;
  private @Nullable MigChangeException failure;
  private @Nullable FailureRecord note;
  private boolean inForce;
  private boolean cordoned;
  private boolean restarted;
  private List<String> replaced = List.of();
  private Recorded recorded = new Recorded(ChangeRecord.Proof.OFFER, Optional.empty(), "");
  private int retries;
  private boolean published;
  private boolean lookedOnceMore;

  /** What the node's record has of the evidence. */
  private record Recorded(ChangeRecord.Proof proof, Optional<Long> stableSinceNanos, String seen) {}

  /** A change that begins with the first look, or continues what the node's record has. */
  ApplyRun(Task task, Sight sight) {
    this(task, sight, Optional.empty(), System.nanoTime());
  }

  /** The times of events count from {@code clockNanos}, so that a rollback continues to count. */
  private ApplyRun(Task task, Sight sight, Optional<FailureRecord> undoing, long clockNanos) {
    this.task = task;
    this.cluster = task.cluster();
    this.withoutRepetition = cluster.withoutRepetition();
    this.name = task.node();
    this.goal = task.goal();
    this.options = task.options();
    this.timings = options.timings();
    this.memory = task.memory();
    this.limit = task.limit();
    this.by = task.by();
    this.sight = sight;
    this.undoing = undoing;
    this.clockNanos = clockNanos;
    this.startNanos = System.nanoTime();
    this.report = new ChangeReport(cluster, name);
    this.beginning = new Timeline(startNanos, cluster.settings().clock().instant());
    this.lookedOnceMore = memory == Memory.RECORD;
  }

  /** A rollback that an earlier look has begun due to a failure. */
  static ApplyRun undoing(Task task, Sight sight, ChangeRecord record, FailureRecord failure) {
    ApplyRun run = new ApplyRun(task, sight);
    Task back = new Task(
        task.cluster(),
        task.node(),
        new ApplyGoal.RollBack(Optional.of(record.kind()), ApplyGoal.RollBack.After.CONTINUES),
        task.options().with(ApplyOptions.OnFailure.STAY),
        task.memory(),
        task.by(),
        task.limit());
    run.note = failure;
    run.failure = MigChangeException.of(failure, MigNodeStatus.unread(task.node()));
    run.failure.retryIn(
        RetryPause.left(failure, task.cluster().settings().clock().instant()));
    run.rollback = new ApplyRun(back, sight, Optional.of(failure), run.clockNanos);
    return run;
  }

  /**
   * Takes one look, and does what is to be done now.
   *
   * @throws MigException if the change has ended otherwise than with a failure
   */
  Look look() throws InterruptedException {
    if (rollback != null) {
      return rollingBack(rollback);
    }
    try {
      return change();
    } catch (MigChangeException failed) {
      return failed(failed);
    } catch (RuntimeException failed) {
      if (memory == Memory.PROCESS || failed instanceof MigRefusedException) {
        release(failed, Optional.empty());
      }
      RuntimeException thrown = claim == null || claim.isMade() || check == null
          ? failed
          : check.beforeFirstWrite(failed);
      if (memory == Memory.PROCESS) {
        report.ended(config, thrown, elapsed());
      }
      throw thrown;
    }
  }

  /** The rollback of this change, if it has begun; otherwise this change. */
  ApplyRun active() {
    return rollback == null ? this : rollback;
  }

  /** Ends a change that has failed between two looks. */
  Look fail(MigChangeException failed) throws InterruptedException {
    return rollback == null
        ? failed(failed)
        : rolledBack(Objects.requireNonNull(failure, "failure"), rollback.failed(failed));
  }

  /** Ends a change whose outcome is no longer awaited; the operator continues its work. */
  void cancel(RuntimeException why) {
    if (rollback != null) {
      rollback.cancel(why);
    }
    release(why, Optional.empty());
    report.ended(config, why, elapsed());
  }

  private Look change() throws InterruptedException {
    if (stage == Stage.CHECK) {
      Optional<Look> known = check();
      if (known.isPresent()) {
        return known.get();
      }
    }
    if (stage == Stage.ROOM) {
      Optional<Look> waiting = makeRoom();
      if (waiting.isPresent()) {
        return waiting.get();
      }
      stage = Stage.RESTART;
    }
    sight.followNode();
    if (stage == Stage.RESTART) {
      // The watch runs already, so that no state of the new process is missed.
      Optional<Look> waiting = restart();
      if (waiting.isPresent()) {
        return waiting.get();
      }
      stage = Stage.REQUEST;
    }
    if (stage == Stage.REQUEST) {
      NodeCheck.Gate gate = inForce ? NodeCheck.Gate.OPEN : options.gate();
      boolean isNew = !plan().isRequested(cluster.settings());
      request = request(plan(), gate, ApplyPhase.REQUESTED);
      stage = Stage.FOLLOW;
      if (memory == Memory.RECORD && isNew) {
        return new Look.Requested(request.plan.key());
      }
    }
    return follow();
  }

  /** Checks everything; a change that the node's record has is continued where it was. */
  private Optional<Look> check() {
    check = new NodeCheck(new NodeCheck.Request(
        cluster,
        name,
        goal,
        options.gpus(),
        options.disruption(),
        options.gate(),
        memory == Memory.RECORD ? NodeCheck.Attempt.CONTINUED : NodeCheck.Attempt.NEW));
    config = check.name();
    plan = check.requirePlan();
    findings = check.findings();
    inForce = plan.isInForce(cluster.settings());
    by = owner(plan);
    claim = new NodeClaim(cluster, plan, goal, new NodeClaim.Owner(by, undoing, memory), limit);
    Optional<ChangeRecord> begun = memory == Memory.RECORD ? begun(plan) : Optional.empty();
    if (begun.isPresent()) {
      resume(begun.get());
      return Optional.empty();
    }
    if (memory == Memory.RECORD) {
      Optional<Look> known = known(plan);
      if (known.isPresent()) {
        return known;
      }
    }
    String key = printed(plan.key());
    step(
        ApplyPhase.CHECKED,
        now(),
        "%s: %s"
            .formatted(
                key.equals(config) ? key : "%s as %s".formatted(config, key),
                plan.offer().resources()));
    boolean makesRoom =
        !inForce && !plan.isRequested(cluster.settings()) && !goal.keepsPods(status(plan.node()));
    stage = makesRoom ? Stage.ROOM : Stage.RESTART;
    return Optional.empty();
  }

  /** A client without an identity continues the same change of any client. */
  private String owner(ApplyPlan checked) {
    return memory == Memory.PROCESS || cluster.settings().identity().isPresent()
        ? task.by()
        : ChangeRecord.read(checked.node())
            .filter(record -> record.isOf(checked.kind(), checked.recordedName()))
            .map(ChangeRecord::by)
            .orElse(task.by());
  }

  /** This client's own change to the same configuration that has not ended. */
  private Optional<ChangeRecord> begun(ApplyPlan checked) {
    Instant now = cluster.settings().clock().instant();
    return ChangeRecord.read(checked.node())
        .filter(record -> record.by().equals(by))
        .filter(record -> record.undoes() == null || undoing.isPresent())
        .filter(record -> record.isOf(checked.kind(), checked.recordedName()))
        .filter(record -> record.seen() != null || record.isLive(now));
  }

  private void resume(ChangeRecord record) {
    startNanos = beginning.nanos(record.since());
    claim().resume(plan().node(), record);
    cordoned = record.has(ChangeRecord.Done.CORDONED);
    @Nullable Seen seen = record.seen();
    if (seen != null) {
      request = resumed(plan(), record, seen);
      stage = Stage.FOLLOW;
    } else if (record.replaced() != null) {
      replaced = record.replaced();
      stage = Stage.RESTART;
    } else {
      stage = plan().isRequested(cluster.settings()) ? Stage.RESTART : Stage.ROOM;
    }
  }

  private Request resumed(ApplyPlan checked, ChangeRecord record, Seen seen) {
    retries = seen.retries();
    published = seen.marks().contains(Mark.PUBLISHED);
    ApplyTracker.Past past = new ApplyTracker.Past(
        seen.marks(),
        seen.pausedBefore(),
        seen.stage(),
        beginning.nanos(seen.stageSince()),
        Optional.ofNullable(seen.failedSince()).map(beginning::nanos),
        Optional.ofNullable(seen.leftPausedSince()).map(beginning::nanos),
        Optional.ofNullable(record.stableSince()).map(beginning::nanos));
    ApplyTracker.Start start = new ApplyTracker.Start(
        seen.prompt(),
        record.proof(),
        Optional.empty(),
        beginning.nanos(seen.requested()),
        failureLook(),
        Optional.of(past));
    ApplyTracker tracker =
        new ApplyTracker(cluster.settings(), timings, checked, start, this::step);
    recorded = recorded(tracker);
    return new Request(checked, tracker, checked.node());
  }

  /** What earlier looks have recorded of the end of a change. */
  private Optional<Look> known(ApplyPlan checked) {
    Optional<VerifiedRecord> verified = VerifiedRecord.read(checked.node(), checked.kind())
        .filter(record -> record.key().equals(checked.key())
            && record.content().equals(checked.contentHash())
            && showsEvidence(checked));
    if (verified.isPresent()) {
      return Optional.of(verified(checked, verified.get()));
    }
    return inForce
        ? Optional.empty()
        : FailureRecord.read(checked.node())
            .filter(record -> record.isOf(checked.kind(), checked.recordedName()))
            .filter(record -> record.recovery() == (goal == ApplyGoal.Recover.RECOVER))
            .flatMap(record -> failedBefore(checked, record));
  }

  private boolean showsEvidence(ApplyPlan checked) {
    ApplyTracker.Start start = new ApplyTracker.Start(
        Prompt.NOTHING, ChangeRecord.Proof.OFFER, Optional.empty(), startNanos, failureLook());
    return new ApplyTracker(cluster.settings(), timings, checked, start, (phase, at, text) -> {})
        .showsEvidence(checked.node());
  }

  private Look verified(ApplyPlan checked, VerifiedRecord record) {
    MigNodeStatus now = status(checked.node(), checked);
    return new Look.Done(
        record.byState()
            ? new ApplyOutcome.VerifiedByStateOnly(now, record.key(), record.basis(), findings)
            : new ApplyOutcome.Verified(now, record.key(), record.basis(), findings),
        Instant.parse(record.since()));
  }

  /** The failure of the last attempt, while it is too early for another. */
  private Optional<Look> failedBefore(ApplyPlan checked, FailureRecord record) {
    Optional<Duration> rest = RetryPause.left(record, cluster.settings().clock().instant());
    return rest.filter(Duration::isZero).isPresent()
        ? Optional.empty()
        : Optional.of(new Look.Failed(
            MigChangeException.of(record, status(checked.node(), checked)).retryIn(rest)));
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

  /** No label means what the operator gives to all nodes. */
  private static String printed(String key) {
    return key.isEmpty() ? "operator default" : key;
  }

  /** The change is verified, whatever becomes of its record, which ends by itself. */
  private Look done(ApplyOutcome outcome, ApplyTracker tracker) {
    Instant since = tracker
        .evidenceSince()
        .map(timeline()::instant)
        .orElseGet(() -> cluster.settings().clock().instant());
    boolean byState = outcome instanceof ApplyOutcome.VerifiedByStateOnly;
    String basis = outcome instanceof ApplyOutcome.VerifiedByStateOnly only
        ? only.reason()
        : ((ApplyOutcome.Verified) outcome).basis();
    try {
      claim()
          .succeed(new VerifiedRecord(
              outcome.config(), plan().contentHash(), since.toString(), basis, byState));
    } catch (MigClusterException e) {
      LOG.warn("node={} config={} record=left reason=\"{}\"", name, config, e.getMessage());
    }
    report.ended(config, outcome, elapsed());
    return new Look.Done(with(findings, outcome), since);
  }

  private Duration elapsed() {
    return Duration.ofNanos(now() - startNanos);
  }

  /** The wall clock of a look; a long wait reads it anew. */
  private Timeline timeline() {
    return memory == Memory.RECORD
        ? beginning
        : new Timeline(System.nanoTime(), cluster.settings().clock().instant());
  }

  /** The time of this process; all that one look does alone has one time. */
  long now() {
    return memory == Memory.RECORD ? beginning.nanos() : System.nanoTime();
  }

  /** What is left of the whole time, if that is less than a part of the change may take. */
  private Duration within(Duration part) {
    return limit.compareTo(part) < 0 ? limit : part;
  }

  private boolean isPast(long sinceNanos, Duration part) {
    return now() - sinceNanos >= part.toNanos() || left().isZero();
  }

  /** What is left of the whole time, never less than nothing. */
  Duration left() {
    Duration left = limit.minusNanos(now() - startNanos);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Keeps pods away and evicts them, as far as that is allowed; empty if there is room. */
  private Optional<Look> makeRoom() throws InterruptedException {
    claim().requireFree(plan().node());
    if (options.disruption() == Disruption.NONE || options.disruption() == Disruption.IGNORE_PODS) {
      return Optional.empty();
    }
    if (!cordoned) {
      Node after = claim().cordon();
      plan = plan().on(memory == Memory.RECORD ? claim().begin() : after);
      cordoned = true;
      step(ApplyPhase.CORDONED, now(), "no new pod comes to the node");
    }
    if (options.disruption() == Disruption.DRAIN) {
      Optional<Look> waiting = drain();
      if (waiting.isPresent()) {
        return waiting;
      }
    }
    List<Pod> started =
        plan().disturbsPods() ? new GpuClaims(cluster).using(cluster.podsOnNode(name)) : List.of();
    if (!started.isEmpty()) {
      throw new MigRefusedException(
          "Config '%s' on node %s".formatted(config, name),
          List.of("pods began to use its GPUs just before it was cordoned: %s; try again"
              .formatted(GpuPods.names(started))));
    }
    return Optional.empty();
  }

  private Optional<Look> drain() throws InterruptedException {
    if (drain == null) {
      drain = new Drain(cluster, name);
    }
    List<Pod> left = drain.evict(sight.podsOfNode());
    if (left.isEmpty()) {
      List<String> evicted = drain.evicted();
      step(
          ApplyPhase.DRAINED,
          now(),
          evicted.isEmpty() ? "no pod used the GPUs" : "evicted " + String.join(", ", evicted));
      return Optional.empty();
    }
    if (isPast(startNanos, timings.drain())) {
      throw drain.late(left, within(timings.drain()));
    }
    return Optional.of(new Look.Waiting(
        ApplyPhase.CORDONED,
        "pods that use the node's GPUs have not left yet: " + GpuPods.names(left),
        now() + Drain.EVICTION_INTERVAL.toNanos(),
        Awaited.PODS_OF_NODE));
  }

  /** Restarts the MIG manager, if that is the goal; empty if that is done. */
  private Optional<Look> restart() throws InterruptedException {
    if (replaced.isEmpty() && goal != ApplyGoal.Recover.RECOVER) {
      return Optional.empty();
    }
    // What another client has left on the node is this one's to undo.
    boolean managerActs = plan().kind() == ChangeKind.LAYOUT && !inForce;
    if (replaced.isEmpty() && !managerActs) {
      if (Cluster.annotations(plan().node()).containsKey(ChangeRecord.KEY)) {
        Node unused = claim().takeOver(List.of());
      }
      return Optional.empty();
    }
    ManagerRestart restart = new ManagerRestart(cluster, name);
    List<Pod> pods = replaced.isEmpty() ? restart.requirePods() : List.of();
    if (!pods.isEmpty()) {
      replaced = pods.stream().map(pod -> pod.getMetadata().getUid()).toList();
      Node unused = claim().takeOver(replaced);
    }
    String namespace =
        pods.isEmpty() ? cluster.operatorNamespace() : pods.get(0).getMetadata().getNamespace();
    List<Pod> managers = sight.managerPods(namespace);
    if (!restarted) {
      restart.delete(replaced);
      restarted = true;
    }
    Optional<String> ready = restart.ready(managers, replaced);
    if (ready.isPresent()) {
      step(ApplyPhase.RESTARTED, now(), ready.get());
      return Optional.empty();
    }
    if (isPast(startNanos, timings.reaction())) {
      throw restart.late(namespace, within(timings.reaction()));
    }
    return Optional.of(new Look.Waiting(
        ApplyPhase.CHECKED,
        "the new MIG manager pod is not ready yet",
        now() + RESTART_INTERVAL.toNanos(),
        Awaited.MANAGER_PODS));
  }

  /** The claim's end must not hide why it ended. */
  private void release(Throwable why, Optional<FailureRecord> note) {
    if (claim == null) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      claim.release(note);
    } catch (MigException | CancellationException e) {
      why.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends a failed change, or begins its rollback, which ends it. */
  private Look failed(MigChangeException failed) throws InterruptedException {
    FailureRecord ended = undoing
        .map(first -> first.with("The rollback failed too: " + failed.getMessage()))
        .orElseGet(() -> failed.record(plan(), goal, cluster.settings().clock().instant()));
    note = ended;
    failed.retryIn(RetryPause.left(ended, cluster.settings().clock().instant()));
    if (!claim().changesNode() || options.onFailure() != ApplyOptions.OnFailure.ROLL_BACK) {
      release(failed, Optional.of(ended));
      return ended(failed);
    }
    step(ApplyPhase.ROLLING_BACK, now(), failed.diagnosis().toString());
    ApplyOptions again = options.with(ApplyOptions.OnFailure.STAY);
    failure = failed;
    rollback = new ApplyRun(
        new Task(
            cluster,
            name,
            new ApplyGoal.RollBack(Optional.of(plan().kind())),
            plan().gpus().isEmpty()
                ? again
                : again.with(new StatedGpus.Each(plan().gpus())),
            memory,
            by,
            limit),
        sight,
        Optional.of(ended.with("The node was rolled back")),
        clockNanos);
    return rollingBack(rollback);
  }

  /** The failure is the result all the same, and says how the rollback ended. */
  private Look rollingBack(ApplyRun back) throws InterruptedException {
    MigChangeException failed = Objects.requireNonNull(failure, "failure");
    Look look;
    try {
      look = back.look();
    } catch (MigException | CancellationException e) {
      if (memory == Memory.RECORD && e instanceof MigClusterException) {
        throw e;
      }
      if (!back.isClaimed()) {
        String end = "The rollback failed too: " + e.getMessage();
        release(failed, Optional.ofNullable(note).map(failedFirst -> failedFirst.with(end)));
      }
      failed.setRollbackFailed(e);
      return ended(failed);
    }
    return rolledBack(failed, look);
  }

  private Look rolledBack(MigChangeException failed, Look look) {
    if (look instanceof Look.Failed again) {
      failed.setRollbackFailed(again.failure());
      return ended(failed);
    }
    if (look instanceof Look.Done done) {
      String previous = printed(done.outcome().config());
      step(ApplyPhase.ROLLED_BACK, now(), previous + ": " + done.outcome().allocatable());
      failed.setRolledBack(previous, done.outcome());
      return ended(failed);
    }
    return look;
  }

  private Look ended(MigChangeException failed) {
    report.ended(config, failed, elapsed());
    return new Look.Failed(failed);
  }

  private boolean isClaimed() {
    return claim != null && claim.isMade();
  }

  private ApplyPlan plan() {
    return Objects.requireNonNull(plan, "plan");
  }

  private NodeClaim claim() {
    return Objects.requireNonNull(claim, "claim");
  }

  /** A request that was made: what was requested, and what decides whether it is done. */
  record Request(ApplyPlan plan, ApplyTracker tracker, Node node) {
    Request on(Node later) {
      return new Request(plan, tracker, later);
    }
  }

  /**
   * Publishes what is not published yet, and labels the node. What is in force is only followed; what
   * the node requests already is claimed as well.
   */
  private Request request(ApplyPlan plan, NodeCheck.Gate gate, ApplyPhase phase) {
    if (plan.isUnpublished()) {
      plan.publish(cluster);
      published = true;
    }
    Node before = plan.node();
    boolean requested = plan.isRequested(cluster.settings());
    ChangeRecord.Proof proof = proof(plan);
    Prompt prompt = !requested
        ? Prompt.LABEL
        : goal == ApplyGoal.Recover.RECOVER || !replaced.isEmpty()
            ? Prompt.RESTART
            : Prompt.NOTHING;
    Optional<Duration> stableFor =
        prompt == Prompt.NOTHING ? claim().stableSince(before).map(this::since) : Optional.empty();
    long now = now();
    ApplyTracker.Start start = new ApplyTracker.Start(prompt, proof, stableFor, now, failureLook());
    ApplyTracker tracker = new ApplyTracker(cluster.settings(), timings, plan, start, this::step);
    boolean isOnlyFollowed =
        memory == Memory.PROCESS && requested && plan.isInForce(cluster.settings());
    Node after =
        isOnlyFollowed ? before : claim().request(before, plan.key(), gate, proof, seen(tracker));
    if (options.gpus().areStated()) {
      after = claim().recordGpus(after);
    }
    step(
        phase,
        now(),
        requested
            ? "the node requests it already"
            : plan.kind().label(cluster.settings()) + "=" + plan.key());
    recorded = recorded(tracker);
    return new Request(plan, tracker, after);
  }

  /** What a later look must know of a request. */
  private Seen seen(ApplyTracker tracker) {
    Timeline timeline = timeline();
    ApplyTracker.Past past = tracker.past();
    Set<Mark> marks = EnumSet.noneOf(Mark.class);
    marks.addAll(past.marks());
    if (published) {
      marks.add(Mark.PUBLISHED);
    }
    return new Seen(
        timeline.instant(tracker.requestedNanos()).toString(),
        tracker.prompt(),
        retries,
        marks,
        past.pausedBefore(),
        past.stage(),
        timeline.instant(past.stageNanos()).toString(),
        timeline.text(past.failedNanos().orElse(null)),
        timeline.text(past.leftPausedNanos().orElse(null)));
  }

  /** A process remembers what its own looks have seen; only what depends on time is recorded for others. */
  private Recorded recorded(ApplyTracker tracker) {
    return new Recorded(
        tracker.proof(),
        tracker.evidenceSince(),
        memory == Memory.RECORD ? tracker.past().toString() : "");
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

  /** Only a change of what a later look needs is recorded. */
  private void record(ApplyTracker tracker, Node seen) {
    Recorded now = recorded(tracker);
    if (!claim().isMade() || now.equals(recorded)) {
      return;
    }
    Optional<Instant> stableSince = now.stableSinceNanos().map(timeline()::instant);
    try {
      claim().record(seen, now.proof(), stableSince, seen(tracker));
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

  /** Continues with a later version of the node. */
  void see(Node node) {
    request = current().on(node);
  }

  /** The request that is followed. */
  Request current() {
    return Objects.requireNonNull(request, "request");
  }

  private Look follow() {
    while (true) {
      Request request = current();
      Node node = request.node;
      long now = now();
      ApplyTracker.Decision decision;
      try {
        decision = request.tracker.observe(node, now);
      } catch (MigFailedException failed) {
        this.request = retry(request, node, now - startNanos)
            .orElseThrow(() -> failed.with(diagnosis(request.plan, failed.lastSeen())));
        continue;
      } catch (MigDeadlineException late) {
        throw late.with(diagnosis(request.plan, late.lastSeen()));
      }
      if (decision instanceof ApplyTracker.Decision.Done done) {
        claim().note(node);
        return done(done.outcome(), request.tracker);
      }
      if (decision instanceof ApplyTracker.Decision.Look look) {
        Optional<Request> after = look(look, request, now - startNanos);
        if (after.isPresent()) {
          this.request = after.get();
          continue;
        }
        decision = look.meanwhile();
        if (look.meanwhile().untilNanos() <= now) {
          continue;
        }
      }
      record(request.tracker, node);
      ApplyTracker.Decision.Wait wait = (ApplyTracker.Decision.Wait) decision;
      long left = limit.toNanos() - (now - startNanos);
      if (left <= 0 && lookedOnceMore) {
        return done(
            wait.meanwhile()
                .orElseThrow(() -> deadlinePassed(
                    wait.missing(), diagnosis(request.plan, status(node, request.plan)))),
            request.tracker);
      }
      lookedOnceMore |= left <= 0;
      return new Look.Waiting(
          phase(request.tracker),
          String.join(", ", wait.missing()),
          Math.min(now + left, wait.untilNanos()),
          Awaited.NODE);
    }
  }

  /** The last phase that the observations have shown. */
  private ApplyPhase phase(ApplyTracker tracker) {
    ApplyPhase made = retries > 0 ? ApplyPhase.RETRIED : ApplyPhase.REQUESTED;
    return tracker.lastPhase().orElse(made);
  }

  /**
   * Looks into the MIG manager's log for the end of the run for this request.
   *
   * @return how to continue; empty if the log shows nothing about it
   * @throws MigFailedException if the log shows that the run ended without success, and no other name
   *     of the configuration is worth a try
   */
  private Optional<Request> look(
      ApplyTracker.Decision.Look look, Request request, long sinceStart) {
    MigNodeStatus status = status(request.node, request.plan);
    Diagnoser diagnoser = new Diagnoser(status, OperatorLogs.read(withoutRepetition, status));
    String key = request.plan.key();
    if (diagnoser.showsSuccessOf(key)) {
      return Optional.of(request).filter(known -> known.tracker.noteLoggedSuccess());
    }
    if (!diagnoser.showsFailureOf(key)) {
      return look.trust() == ApplyTracker.Trust.LASTED
          ? retry(request, request.node, sinceStart)
          : Optional.empty();
    }
    // The manager writes a state before it writes that the run has ended.
    Optional<Node> latest = latest();
    if (latest.isEmpty() || !status(latest.get()).state().equals(status.state())) {
      return latest.map(request::on);
    }
    Optional<Request> again = request.tracker.isWithoutPrompt()
        ? request.plan.underOtherName().map(other -> again(other, latest.get()))
        : retry(request, latest.get(), sinceStart);
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
  private Optional<Request> retry(Request request, Node node, long sinceStart) {
    // What was in force before is known to the manager, unless its alias was published just now.
    boolean mayBeUnknown = published || !(goal instanceof ApplyGoal.RollBack);
    boolean withoutWork = mayBeUnknown
        && request.tracker.failedWithoutWork()
        && sinceStart < timings.propagation().toNanos();
    return request
        .plan
        .underOtherName()
        .filter(other -> withoutWork)
        .map(other -> again(other, node));
  }

  private Request again(ApplyPlan other, Node node) {
    retries++;
    return request(other.on(node), NodeCheck.Gate.OPEN, ApplyPhase.RETRIED);
  }

  /** The end of a change whose whole time has passed. */
  MigDeadlineException deadlinePassed(List<String> missing, Diagnosis diagnosis) {
    ApplyPlan followed = request == null ? plan() : request.plan;
    Node last = request == null ? followed.node() : request.node;
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s"
            .formatted(
                name,
                DurationText.of(limit),
                followed.offer().resources(),
                String.join(", ", missing)),
        status(last, followed),
        diagnosis);
  }

  /** The same, before the API server has sent anything. */
  MigDeadlineException deadlinePassedBefore() {
    return deadlinePassed(
        List.of("the API server has not sent the state of the node or its pods yet"),
        Diagnosis.of(status(plan().node(), plan()), List.of()));
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
