package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.change.ApplyRun.Memory;
import io.github.mig4j.k8s.change.Look.Awaited;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.NodeCheck;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.Diagnoser;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Mark;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.internal.ChangeRecord.Seen;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.NodeWatch;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.text.ContentName;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node is requested, and how that is followed to its end: an {@link ApplyTracker} judges each version
 * of the node that is seen, a failure without work is repeated under another name, and the write that ends
 * the change confirms the version on which the verdict rests.
 */
final class RequestedChange {

  private static final Logger LOG = LoggerFactory.getLogger(RequestedChange.class);

  /** How often the time before a retry is doubled. */
  private static final int MAX_DOUBLINGS = 5;

  /** Another process waits for a stability that is shorter than this again. */
  private static final Duration MIN_RECORDED_STABILITY = Duration.ofSeconds(30);

  private final ApplyRun.Checked change;
  private final Cluster cluster;
  private final Cluster withoutRepetition;
  private final String name;
  private final ApplyGoal goal;
  private final ApplyOptions options;
  private final ApplyTimings timings;
  private final Memory memory;
  private final ApplyClock clock;
  private final NodeClaim claim;
  private @Nullable Request request;
  private Prompt withoutLabel = Prompt.NOTHING;
  private Recorded recorded = new Recorded(ChangeRecord.Proof.OFFER, Optional.empty(), "");
  private int retries;
  private boolean published;
  private boolean lookedOnceMore;

  /** What the node's record has of the evidence. */
  private record Recorded(ChangeRecord.Proof proof, Optional<Long> stableSinceNanos, String seen) {}

  /**
   * A request that was made: what was requested, and what decides whether it is done.
   *
   * @param node the version of the node that is judged
   * @param isJudged whether an earlier look has judged the same version
   */
  record Request(ApplyPlan plan, ApplyTracker tracker, Node node, boolean isJudged) {
    Request(ApplyPlan plan, ApplyTracker tracker, Node node) {
      this(plan, tracker, node, false);
    }

    Request on(Node later) {
      return new Request(plan, tracker, later);
    }

    /** The same after a look has judged the node. */
    Request judged() {
      return new Request(plan, tracker, node, true);
    }
  }

  /** Nothing is requested yet. */
  RequestedChange(ApplyRun.Checked change) {
    this.change = change;
    this.cluster = change.task().cluster();
    this.withoutRepetition = cluster.withoutRepetition();
    this.name = change.task().node();
    this.goal = change.task().goal();
    this.options = change.task().options();
    this.timings = options.timings();
    this.memory = change.task().memory();
    this.clock = change.clock();
    this.claim = change.claim();
    this.lookedOnceMore = memory == Memory.RECORD;
  }

  /** With the identity that the record has, which tells other requests of this client from others'. */
  private MigSettings settings() {
    return cluster.settings().withIdentity(claim.by());
  }

  /** Continues a request that the node's record has. */
  void resume(ApplyPlan checked, ChangeRecord record, Seen seen) {
    Timeline times = clock.timeline();
    retries = seen.retries();
    published = seen.marks().contains(Mark.PUBLISHED);
    ApplyTracker.Past past = new ApplyTracker.Past(
        seen.marks(),
        seen.pausedBefore(),
        seen.stage(),
        times.nanos(seen.stageSince()),
        Optional.ofNullable(seen.failedSince()).map(times::nanos),
        Optional.ofNullable(seen.leftPausedSince()).map(times::nanos),
        Optional.ofNullable(record.stableSince()).map(times::nanos));
    ApplyTracker.Start start = new ApplyTracker.Start(
        seen.prompt(),
        record.proof(),
        Optional.empty(),
        times.nanos(seen.requested()),
        failureLook(),
        Optional.of(past));
    ApplyTracker tracker = new ApplyTracker(settings(), timings, checked, start, change::reachedAt);
    recorded = recorded(tracker);
    request = new Request(checked, tracker, checked.node());
  }

  /**
   * Makes the request.
   *
   * @param unlabelled what makes the operator act if the node requests the configuration already
   */
  void request(ApplyPlan checked, NodeCheck.Gate gate, Prompt unlabelled) {
    withoutLabel = unlabelled;
    request = make(checked, gate, ApplyPhase.REQUESTED);
  }

  /**
   * Publishes what is not published yet, and labels the node. What is in force is only followed; what
   * the node requests already is claimed as well.
   */
  private Request make(ApplyPlan plan, NodeCheck.Gate gate, ApplyPhase phase) {
    if (plan.isUnpublished()) {
      plan.publish(cluster);
      published = true;
    }
    Node before = plan.node();
    boolean requested = plan.isRequested(cluster.settings());
    ChangeRecord.Proof proof = proof(plan);
    Prompt prompt = requested ? withoutLabel : Prompt.LABEL;
    Optional<Duration> stableFor =
        prompt == Prompt.NOTHING ? claim.stableSince(before).map(clock::since) : Optional.empty();
    long now = clock.now();
    ApplyTracker.Start start =
        new ApplyTracker.Start(prompt, proof, stableFor, now, failureLook(), Optional.empty());
    ApplyTracker tracker = new ApplyTracker(settings(), timings, plan, start, change::reachedAt);
    boolean isOnlyFollowed =
        memory == Memory.PROCESS && requested && plan.isInForce(cluster.settings());
    Node after =
        isOnlyFollowed ? before : claim.request(before, plan.key(), gate, proof, seen(tracker));
    if (options.gpus().areStated()) {
      after = claim.recordGpus(after);
    }
    change.reached(
        phase,
        requested
            ? "the node requests it already"
            : plan.kind().label(cluster.settings()) + "=" + plan.key());
    recorded = new Recorded(
        proof, tracker.evidenceSince(), memory == Memory.RECORD ? tracker.past().toString() : "");
    return new Request(plan, tracker, after);
  }

  /** What a later look must know of a request. */
  private Seen seen(ApplyTracker tracker) {
    Timeline timeline = clock.timeline();
    ApplyTracker.Past past = tracker.past();
    Set<Mark> marks = EnumSet.noneOf(Mark.class);
    marks.addAll(past.marks());
    if (published) {
      marks.add(Mark.PUBLISHED);
    }
    return new Seen(
        timeline.instant(tracker.start().nanos()).toString(),
        tracker.start().prompt(),
        retries,
        marks,
        past.pausedBefore(),
        past.stage(),
        timeline.instant(past.stageNanos()).toString(),
        timeline
            .instant(Math.max(change.report().previousNanos(), tracker.start().nanos()))
            .toString(),
        timeline.text(past.failedNanos().orElse(null)),
        timeline.text(past.leftPausedNanos().orElse(null)));
  }

  /**
   * A process remembers what its own looks have seen. For others it records only what they cannot see
   * again, and since when the evidence holds if another would have to wait long for the same.
   */
  private Recorded recorded(ApplyTracker tracker) {
    boolean isShort =
        memory == Memory.PROCESS && timings.stability().compareTo(MIN_RECORDED_STABILITY) < 0;
    return new Recorded(
        tracker.proof(),
        tracker.evidenceSince().filter(since -> !isShort || isRecorded(since)),
        memory == Memory.RECORD ? tracker.past().toString() : "");
  }

  private boolean isRecorded(long stableSinceNanos) {
    return recorded.stableSinceNanos().equals(Optional.of(stableSinceNanos));
  }

  /** Twice as long after each retry, since the kubelet may take a minute to refresh the file. */
  private Duration failureLook() {
    return ApplyTracker.MIN_LOG_INTERVAL.multipliedBy(1L << Math.min(retries, MAX_DOUBLINGS));
  }

  /** A change that continues needs the proof that it needed when it began. */
  private ChangeRecord.Proof proof(ApplyPlan plan) {
    String current = plan.kind().requested(plan.node(), cluster.settings());
    boolean continues = ContentName.withoutRepetition(current).equals(plan.recordedName());
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
    if (!claim.isMade() || now.equals(recorded)) {
      return;
    }
    Optional<Instant> stableSince = now.stableSinceNanos().map(clock.timeline()::instant);
    try {
      claim.record(seen, now.proof(), stableSince, seen(tracker));
      recorded = now;
    } catch (MigException unwritten) {
      LOG.info(
          "node={} config={} proof={} unwritten=\"{}\"",
          name,
          change.config(),
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

  /**
   * Judges the version of the node that was seen last.
   *
   * @throws MigFailedException if the MIG manager failed, with the cause
   * @throws MigDeadlineException if a stage, or the whole time, is over
   */
  Look look() {
    while (true) {
      Request request = current();
      Node node = request.node;
      long now = clock.now();
      ApplyTracker.Decision decision;
      try {
        decision = request.tracker.observe(node, now);
      } catch (MigFailedException failed) {
        this.request = retry(request, node, clock.elapsed())
            .orElseThrow(() -> failed.with(request.plan.diagnosis(cluster, failed.lastSeen())));
        continue;
      } catch (MigDeadlineException late) {
        throw late.with(request.plan.diagnosis(cluster, late.lastSeen()));
      }
      if (decision instanceof ApplyTracker.Decision.Done done) {
        Optional<Look> ended = end(done, request);
        if (ended.isPresent()) {
          return ended.get();
        }
        continue;
      }
      if (decision instanceof ApplyTracker.Decision.Look look) {
        Optional<Request> after = look(look, request, clock.elapsed());
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
      long left = clock.left().toNanos();
      if (left <= 0 && lookedOnceMore) {
        Optional<Look> ended = end(
            wait.meanwhile()
                .orElseThrow(() -> deadlinePassed(
                    wait.missing(), request.plan.diagnosis(cluster, status(node, request.plan)))),
            request);
        if (ended.isPresent()) {
          return ended.get();
        }
        continue;
      }
      lookedOnceMore |= left <= 0;
      this.request = request.judged();
      boolean endsNext = request.tracker.evidenceSince().isPresent()
          && wait.untilNanos() - now <= left
          && claim.isEndedByWrite(node);
      return new Look.Waiting(
          phase(request.tracker),
          String.join(", ", wait.missing()),
          Math.min(now + left, wait.untilNanos()),
          endsNext ? Awaited.NODE_OR_NONE : Awaited.NODE);
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
      ApplyTracker.Decision.Look look, Request request, Duration sinceStart) {
    MigNodeStatus status = status(request.node, request.plan);
    Diagnoser diagnoser = Diagnoser.of(withoutRepetition, status);
    String key = request.plan.key();
    if (diagnoser.showsSuccessOf(key)) {
      return Optional.of(request).filter(known -> known.tracker.noteLoggedSuccess());
    }
    if (!diagnoser.showsFailureOf(key)) {
      return look.hasLasted() ? retry(request, request.node, sinceStart) : Optional.empty();
    }
    // The manager writes a state before it writes that the run has ended.
    Optional<Node> latest = latest();
    if (latest.isEmpty()
        || !MigNodeStatus.of(latest.get(), cluster.settings()).state().equals(status.state())) {
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
  private Optional<Request> retry(Request request, Node node, Duration sinceStart) {
    // What was in force before is known to the manager, unless its alias was published just now.
    boolean mayBeUnknown = published || !(goal instanceof ApplyGoal.RollBack);
    boolean withoutWork = mayBeUnknown
        && request.tracker.failedWithoutWork()
        && sinceStart.compareTo(timings.propagation()) < 0;
    return request
        .plan
        .underOtherName()
        .filter(other -> withoutWork)
        .map(other -> again(other, node));
  }

  private Request again(ApplyPlan other, Node node) {
    retries++;
    return make(other.on(node), NodeCheck.Gate.OPEN, ApplyPhase.RETRIED);
  }

  /** The end of a change whose whole time has passed. */
  MigDeadlineException deadlinePassed(List<String> missing, Diagnosis diagnosis) {
    return deadlinePassed(current().plan, current().node, missing, diagnosis);
  }

  /** The same, before the node was requested anything and the API server has sent anything. */
  MigDeadlineException deadlinePassedBefore(ApplyPlan checked) {
    return deadlinePassed(
        checked,
        checked.node(),
        List.of("the API server has not sent the state of the node or its pods yet"),
        Diagnosis.of(status(checked.node(), checked), List.of()));
  }

  private MigDeadlineException deadlinePassed(
      ApplyPlan followed, Node last, List<String> missing, Diagnosis diagnosis) {
    return new MigDeadlineException(
        "Node %s: waited %s for %s, but %s"
            .formatted(
                name,
                DurationText.of(clock.limit()),
                followed.offer().resources(),
                String.join(", ", missing)),
        status(last, followed),
        diagnosis);
  }

  private MigNodeStatus status(Node node, ApplyPlan plan) {
    return StatusReader.read(node, cluster.settings(), plan.offer());
  }

  /**
   * Ends a verified change on the version of the node that shows the evidence. If the node has changed
   * since, the change continues with the later version, which may show something else.
   *
   * <p>A version that no earlier look has judged is evidence, whatever becomes of the record, which ends by
   * itself. If an earlier one has, and the API server does not confirm that it is the latest, the node is
   * read.
   *
   * @return how to continue; empty at once, with the later version
   */
  private Optional<Look> end(ApplyTracker.Decision.Done done, Request request) {
    ApplyOutcome outcome = done.outcome();
    Instant since =
        request.tracker.evidenceSince().map(clock.timeline()::instant).orElseGet(clock::instant);
    boolean byState = outcome instanceof ApplyOutcome.VerifiedByStateOnly;
    String basis = outcome instanceof ApplyOutcome.VerifiedByStateOnly only
        ? only.reason()
        : ((ApplyOutcome.Verified) outcome).basis();
    VerifiedRecord verified = new VerifiedRecord(
        outcome.config(), request.plan.contentHash(), since.toString(), basis, byState);
    try {
      Optional<Node> later = claim.succeed(request.node, verified);
      if (later.isPresent()) {
        see(later.get());
        return Optional.empty();
      }
    } catch (MigClusterException e) {
      if (request.isJudged) {
        String message = String.valueOf(e.getMessage());
        return Optional.of(
            new Look.Waiting(phase(request.tracker), message, clock.now(), Awaited.NODE));
      }
      LOG.warn(
          "node={} config={} record=left reason=\"{}\"", name, change.config(), e.getMessage());
    }
    change.reached(ApplyPhase.VERIFIED, done.detail());
    return Optional.of(new Look.Done(outcome, since));
  }
}
