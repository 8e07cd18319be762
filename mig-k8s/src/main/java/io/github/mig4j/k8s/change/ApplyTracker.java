package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Mark;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.internal.ChangeRecord.Stage;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.node.NodeOffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides from observations of a node, and their times, whether a change has reached its goal. A
 * tracker holds no connection and reads no clock; it is not thread-safe.
 *
 * <p>The state label alone decides nothing: {@code success} may be left from an earlier request, may
 * belong to the run that was under way when this request was made, or may be there while clients are
 * stopped (mig-parted pkg/mig/reconfigure, bd7160f4). A sharing configuration has no state label at
 * all. So each observation passes these steps, which may be far apart and in different processes if a
 * tracker {@linkplain Start#past continues} from what an earlier one {@linkplain #past has seen}:
 *
 * <ol>
 *   <li>If the node no longer requests the configuration, the change ends as a conflict.
 *   <li>A layout: the state and the stopped clients are noted. A stop and start of the clients after
 *       the request completes the transition.
 *   <li>A layout: a state {@code failed} that lasts for {@link ApplyTimings#failure} is the failure of
 *       this request, unless the state was {@code failed} before the request and nothing has changed
 *       since.
 *   <li>A layout: a state {@code success} that lasts as long while clients are stopped is a failure too,
 *       since no process is going to start them.
 *   <li>The node is compared with the plan: state, stopped clients, allocatable resources and the
 *       labels of feature discovery, if it labels the node.
 *   <li>If anything differs, the tracker waits. A layout has a limit for each stage: until the MIG
 *       manager reacts, while it works, and until the node offers its devices. Behind the limit the
 *       change ends, unless a failure is about to be believed. From time to time the log of the MIG
 *       manager is looked into, because a run can end without a state; what it shows of this request
 *       decides at once.
 *   <li>If nothing differs, this must hold for {@link ApplyTimings#stability}.
 *   <li>If the node offered the same before the request, that proves nothing. A layout then needs the
 *       transition, or the success of this request in the log of the MIG manager; without them within
 *       {@link ApplyTimings#transition} it is verified by its state only. No transition of the device
 *       plugin can be seen, so sharing is verified by its state only at once.
 *   <li>Otherwise the change is verified.
 * </ol>
 */
final class ApplyTracker {

  /** What to do after an observation. */
  sealed interface Decision {
    /**
     * Nothing is decided before the next observation or this time, whichever comes first. If the
     * caller's deadline is earlier, {@code meanwhile} is the outcome.
     */
    record Wait(long untilNanos, List<String> missing, Optional<Done> meanwhile)
        implements Decision {
      Wait(long untilNanos, List<String> missing) {
        this(untilNanos, missing, Optional.empty());
      }
    }

    /**
     * The change has reached its goal, as far as this version of the node shows.
     *
     * @param detail what proves it, in words
     */
    record Done(ApplyOutcome outcome, String detail) implements Decision {}

    /**
     * The MIG manager's log may show whether the run for this request has ended. If it shows that the
     * run ended without success, {@code failure} is the result, if it shows nothing, {@code meanwhile}.
     *
     * @param hasLasted whether the state {@code failed} has lasted, which was there before the request
     */
    record Look(MigFailedException failure, boolean hasLasted, Wait meanwhile)
        implements Decision {}
  }

  /** Receives steps with the time at which they were seen. */
  interface Progress {
    void step(ApplyPhase phase, long nanos, String detail);
  }

  /** The time before the first look into the log at a failure, and the shortest between two looks. */
  static final Duration MIN_LOG_INTERVAL = Duration.ofSeconds(1);

  /** The longest time between two looks into a log that shows nothing; each is twice the one before. */
  private static final Duration MAX_LOG_INTERVAL = Duration.ofMinutes(1);

  /** Later than every deadline, and early enough to count in nanoseconds. */
  private static final Duration NO_LIMIT = Duration.ofDays(3650);

  /** The phases that are marked when they are reported, in order. */
  private static final SortedMap<Mark, ApplyPhase> PHASES = new TreeMap<>(Map.of(
      Mark.PENDING, ApplyPhase.PENDING,
      Mark.REBOOTING, ApplyPhase.REBOOTING,
      Mark.PAUSED, ApplyPhase.PAUSED,
      Mark.RESUMED, ApplyPhase.RESUMED,
      Mark.REPORTED, ApplyPhase.REPORTED));

  private final MigSettings settings;
  private final ApplyTimings timings;
  private final ApplyPlan plan;
  private final String key;
  private final NodeOffer offer;
  private final boolean isLayout;
  private final Progress progress;
  private final Start start;
  private final List<String> pausedBefore;
  private final Set<Mark> marks = EnumSet.noneOf(Mark.class);

  private boolean offerIsReported;
  private boolean transitionComplete;
  private boolean seeksSuccess;
  private long lookNanos;
  private Duration lookInterval;
  private Optional<Long> failedSince;
  private Optional<Long> leftPausedSince;
  private Stage stage;
  private long stageSince;
  private Optional<Long> evidenceSince;

  /**
   * Begins with the node as it was when the request was made.
   *
   * @param plan what was requested, and the node before
   * @param start how and when it was requested
   */
  ApplyTracker(
      MigSettings settings, ApplyTimings timings, ApplyPlan plan, Start start, Progress progress) {
    this.settings = settings;
    this.timings = timings;
    this.plan = plan;
    this.key = plan.key();
    this.offer = plan.offer();
    this.isLayout = plan.kind() == ChangeKind.LAYOUT;
    this.start = start;
    this.progress = progress;
    this.lookInterval = longer(timings.failure(), MIN_LOG_INTERVAL);
    // A run that ended before the request is in the log already.
    this.lookNanos = isWithoutPrompt() ? start.nanos() : start.nanos() + lookInterval.toNanos();
    Past past = start.past().orElseGet(() -> before(start.nanos()));
    this.pausedBefore = past.pausedBefore();
    this.marks.addAll(past.marks());
    this.stage = past.stage();
    this.stageSince = past.stageNanos();
    this.failedSince = past.failedNanos();
    this.leftPausedSince = past.leftPausedNanos();
    this.evidenceSince = past.evidenceNanos()
        .or(() -> start
            .stableFor()
            .map(time -> start.nanos() - shorter(time, timings.stability()).toNanos()));
    this.offerIsReported = start.past().isPresent() && evidenceSince.isPresent();
    failedSince.ifPresent(this::lookSoonAtFailure);
    this.transitionComplete = start.proof() == ChangeRecord.Proof.PAUSE_SEEN;
  }

  /** The node before the request. */
  private Past before(long nanos) {
    Node before = plan.node();
    MigNodeStatus status = MigNodeStatus.of(before, settings);
    Set<Mark> found = EnumSet.noneOf(Mark.class);
    mark(found, Mark.FAILED_BEFORE, is(status, MigState.FAILED));
    mark(found, Mark.AT_WORK, isAtWork(status));
    mark(found, Mark.CLIENTS_RAN, status.paused().isEmpty());
    mark(found, Mark.DISCOVERED, NodeFields.labels(before).containsKey(Labels.GPU_COUNT));
    return new Past(
        found,
        status.paused(),
        Stage.REACTION,
        nanos,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static void mark(Set<Mark> marks, Mark mark, boolean isSeen) {
    boolean unused = isSeen ? marks.add(mark) : marks.remove(mark);
  }

  /**
   * What observations have seen, for a tracker that continues.
   *
   * @param marks what was seen
   * @param pausedBefore the clients that were stopped before the request
   * @param stage the stage at the last observation
   * @param stageNanos since when
   * @param failedNanos since when the state is {@code failed}
   * @param leftPausedNanos since when clients are stopped beside {@code success}
   * @param evidenceNanos since when the evidence holds
   */
  record Past(
      Set<Mark> marks,
      List<String> pausedBefore,
      Stage stage,
      long stageNanos,
      Optional<Long> failedNanos,
      Optional<Long> leftPausedNanos,
      Optional<Long> evidenceNanos) {}

  /** What the observations have seen so far. */
  Past past() {
    Set<Mark> seen = EnumSet.noneOf(Mark.class);
    seen.addAll(marks);
    return new Past(
        seen, pausedBefore, stage, stageSince, failedSince, leftPausedSince, evidenceSince);
  }

  /**
   * How a request begins.
   *
   * @param prompt what makes the operator act on it
   * @param proof what the evidence needs beside the node's offer, as the node's record has it
   * @param stableFor how long the evidence holds already, as the node's record has it
   * @param nanos when it was made
   * @param failureLook the time from a state {@code failed} to the first look into the log
   * @param past what an earlier tracker has seen of the same request; empty if it is made now
   */
  record Start(
      Prompt prompt,
      ChangeRecord.Proof proof,
      Optional<Duration> stableFor,
      long nanos,
      Duration failureLook,
      Optional<Past> past) {}

  /** What the evidence has by now beside the node's offer; a later look must know it. */
  ChangeRecord.Proof proof() {
    return start.proof() == ChangeRecord.Proof.PAUSE_NEEDED && transitionComplete
        ? ChangeRecord.Proof.PAUSE_SEEN
        : start.proof();
  }

  /** Since when the evidence holds; a later look must know it. */
  Optional<Long> evidenceSince() {
    return evidenceSince;
  }

  /** The last phase that the observations have shown; empty if they have shown none. */
  Optional<ApplyPhase> lastPhase() {
    return evidenceSince.isPresent()
        ? Optional.of(ApplyPhase.OFFERED)
        : PHASES.entrySet().stream()
            .filter(phase -> marks.contains(phase.getKey()))
            .map(Map.Entry::getValue)
            .reduce((earlier, later) -> later);
  }

  /** How the request began. */
  Start start() {
    return start;
  }

  /** Whether the node requested the same before, so that nothing made the operator act. */
  boolean isWithoutPrompt() {
    return start.prompt() == Prompt.NOTHING;
  }

  /**
   * Takes note that the MIG manager's log shows the success of this name. That proves nothing if the
   * content of the name may have changed since.
   *
   * @return whether that is news
   */
  boolean noteLoggedSuccess() {
    boolean isNews = !marks.contains(Mark.SUCCESS_LOGGED)
        && !(isWithoutPrompt() && plan.underOtherName().isEmpty());
    return isNews && marks.add(Mark.SUCCESS_LOGGED);
  }

  /**
   * Takes note of the node.
   *
   * @param node the node after the request
   * @throws MigConflictException if the node requests something else by now
   * @throws MigFailedException if the MIG manager failed on this request
   * @throws MigDeadlineException if a stage of the change has taken longer than it may
   */
  Decision observe(Node node, long nanos) {
    MigNodeStatus status = StatusReader.read(node, settings, offer);
    Map<String, String> labels = NodeFields.labels(node);
    requireOurs(node);
    if (isLayout) {
      trackWork(status, nanos);
      trackFailure(status, nanos);
      trackLeftPaused(status, nanos);
    }
    List<String> missing = missing(status, labels);
    boolean discovered = isDiscovered(labels);
    if (!missing.isEmpty()) {
      evidenceSince = Optional.empty();
      offerIsReported = false;
      return isLayout
          ? waitInStage(status, nanos, missing)
          : new Decision.Wait(start.nanos() + NO_LIMIT.toNanos(), missing);
    }
    long since = evidenceSince.orElse(nanos);
    evidenceSince = Optional.of(since);
    if (!offerIsReported) {
      offerIsReported = true;
      progress.step(ApplyPhase.OFFERED, nanos, String.valueOf(status.allocatable()));
    }
    long stable = since + timings.stability().toNanos();
    if (nanos < stable) {
      return new Decision.Wait(
          stable, List.of("that has held for less than " + DurationText.of(timings.stability())));
    }
    if (proof() == ChangeRecord.Proof.PAUSE_NEEDED && !marks.contains(Mark.SUCCESS_LOGGED)) {
      return withoutTransition(status, labels, nanos);
    }
    return done(
        discovered
            ? new ApplyOutcome.Verified(status, key, basis(), List.of())
            : byStateOnly(
                status,
                "no feature discovery labels the node, so only the device plugin confirms the layout"),
        labels);
  }

  private String basis() {
    String held = "held for " + DurationText.of(timings.stability());
    return proof() == ChangeRecord.Proof.PAUSE_NEEDED
        ? held + ", and the MIG manager's log reports success for '%s'".formatted(key)
        : held;
  }

  private ApplyOutcome byStateOnly(MigNodeStatus status, String reason) {
    return new ApplyOutcome.VerifiedByStateOnly(status, key, reason, List.of());
  }

  private Decision waitInStage(MigNodeStatus status, long nanos, List<String> missing) {
    Stage now = stage(status);
    if (now != stage) {
      stage = now;
      stageSince = nanos;
    }
    Duration limit = switch (stage) {
      case REACTION -> timings.reaction();
      case WORK -> timings.work();
      case OFFER -> timings.offer();
    };
    long end = stageSince + limit.toNanos();
    if (nanos >= end && (failedSince.isEmpty() || isInDoubt())) {
      String time = DurationText.of(limit);
      throw new MigDeadlineException(
          "Node %s: %s, but %s"
              .formatted(
                  status.node(),
                  switch (stage) {
                    case REACTION ->
                      "the MIG manager has shown no sign of '%s' for %s".formatted(key, time);
                    case WORK ->
                      "the MIG manager has been at work on '%s' for %s".formatted(key, time);
                    case OFFER -> "the MIG manager was done with '%s' %s ago".formatted(key, time);
                  },
                  String.join(", ", missing)),
          status,
          Diagnosis.of(status, List.of()));
    }
    boolean looks = isLookDue(nanos);
    long believed = Stream.of(failedSince, leftPausedSince)
        .flatMap(Optional::stream)
        .mapToLong(since -> since + timings.failure().toNanos())
        .filter(time -> time > nanos)
        .min()
        .orElse(end);
    // Behind the limit only the failure that is about to be believed is waited for.
    long wake = Math.min(believed, lookNanos);
    Decision.Wait wait = new Decision.Wait(nanos < end ? Math.min(wake, end) : wake, missing);
    return looks ? new Decision.Look(failure(status), hasLasted(nanos), wait) : wait;
  }

  /** Takes a look that is due, and sets the time of the next one. */
  private boolean isLookDue(long nanos) {
    if (nanos < lookNanos) {
      return false;
    }
    Optional<Long> lasts =
        failedSince.map(since -> since + timings.failure().toNanos()).filter(time -> time > nanos);
    long next = nanos + lookInterval.toNanos();
    lookNanos = lasts.isPresent() ? Math.min(next, lasts.get()) : next;
    lookInterval = shorter(lookInterval.multipliedBy(2), MAX_LOG_INTERVAL);
    return true;
  }

  /** Looks soon, and then less and less often. */
  private void lookSoon(long firstNanos, Duration interval) {
    lookNanos = Math.min(lookNanos, firstNanos);
    lookInterval = interval;
  }

  private void lookSoonAtFailure(long since) {
    lookSoon(
        since + shorter(start.failureLook(), timings.failure()).toNanos(), start.failureLook());
  }

  private boolean hasLasted(long nanos) {
    return failedSince
        .filter(since -> nanos - since >= timings.failure().toNanos())
        .isPresent();
  }

  private static Duration longer(Duration one, Duration other) {
    return Collections.max(List.of(one, other));
  }

  static Duration shorter(Duration one, Duration other) {
    return Collections.min(List.of(one, other));
  }

  private Stage stage(MigNodeStatus status) {
    if (isInDoubt()) {
      return Stage.REACTION;
    }
    if (isAtWork(status) || !status.paused().isEmpty()) {
      return Stage.WORK;
    }
    return sawWork() && is(status, MigState.SUCCESS) ? Stage.OFFER : Stage.REACTION;
  }

  /** Nothing differs, but nothing differed before the request either. */
  private Decision withoutTransition(MigNodeStatus status, Map<String, String> labels, long nanos) {
    if (!isLayout) {
      return done(
          byStateOnly(
              status,
              "the node offered the same before, so nothing shows that the device plugin has read the configuration"),
          labels);
    }
    if (start.prompt() != Prompt.LABEL && plan.underOtherName().isEmpty()) {
      return done(
          byStateOnly(
              status,
              "the node requested '%s' before, and the content of that name may have changed since"
                  .formatted(key)),
          labels);
    }
    String unseen = "the GPU's clients were not seen to stop and start";
    Decision.Done done =
        done(byStateOnly(status, "the node offered the same before, and " + unseen), labels);
    long end = start.nanos() + timings.transition().toNanos();
    if (!seeksSuccess) {
      seeksSuccess = true;
      lookSoon(nanos, MIN_LOG_INTERVAL);
    }
    boolean looks = isLookDue(nanos);
    if (!looks && nanos >= end) {
      return done;
    }
    Decision.Wait wait =
        new Decision.Wait(Math.min(end, lookNanos), List.of(unseen), Optional.of(done));
    return looks ? new Decision.Look(failure(status), false, wait) : wait;
  }

  private Decision.Done done(ApplyOutcome outcome, Map<String, String> labels) {
    String basis =
        outcome instanceof ApplyOutcome.VerifiedByStateOnly byState ? byState.reason() : basis();
    return new Decision.Done(
        outcome,
        basis
            + offer
                .assumedVersion(outcome.status().allocatable(), labels)
                .map("; "::concat)
                .orElse(""));
  }

  private void requireOurs(Node node) {
    String label = plan.kind().label(settings);
    @Nullable String value = NodeFields.labels(node).get(label);
    if (key.equals(value == null ? "" : value)) {
      return;
    }
    String name = node.getMetadata().getName();
    String client = NodeClaim.client(
        node, settings.identity().orElse(""), Objects.requireNonNullElse(value, ""));
    throw new MigConflictException(
        value != null && !value.isEmpty()
            ? "Node %s: %s set %s=%s while '%s' was being applied. Let one client label the node, and apply again"
                .formatted(name, client, label, value, key)
            : "Node %s lost its label %s while '%s' was being applied%s. Apply again"
                .formatted(
                    name, label, key, isLayout ? "; the operator will write all-disabled" : ""));
  }

  /**
   * Whether the failure can mean that the MIG manager does not know the configuration yet. A run that
   * was under way when the request was made, or that ended with success, was of an earlier request.
   */
  boolean failedWithoutWork() {
    return !marks.contains(Mark.BEGUN) && failedSince.isPresent();
  }

  private boolean sawWork() {
    return marks.contains(Mark.PENDING) || marks.contains(Mark.REBOOTING);
  }

  private void trackWork(MigNodeStatus status, long nanos) {
    boolean isAtWork = isAtWork(status);
    if (isAtWork && !marks.contains(Mark.AT_WORK)) {
      marks.add(Mark.BEGUN);
    }
    if (is(status, MigState.SUCCESS)) {
      marks.remove(Mark.BEGUN);
    }
    mark(marks, Mark.AT_WORK, isAtWork);
    if (!is(status, MigState.FAILED) || !status.paused().equals(pausedBefore)) {
      marks.remove(Mark.FAILED_BEFORE);
    }
    if (is(status, MigState.PENDING)) {
      report(Mark.PENDING, nanos, "the MIG manager works on it");
    }
    if (is(status, MigState.REBOOTING)) {
      report(Mark.REBOOTING, nanos, "the node reboots to change its MIG mode");
    }
    if (!status.paused().isEmpty()) {
      if (marks.contains(Mark.CLIENTS_RAN)) {
        marks.add(Mark.CLIENTS_STOPPED);
      }
      report(Mark.PAUSED, nanos, "stopped: " + String.join(", ", status.paused()));
      return;
    }
    marks.add(Mark.CLIENTS_RAN);
    if (marks.contains(Mark.CLIENTS_STOPPED)) {
      transitionComplete = true;
    }
    if (marks.contains(Mark.PAUSED)) {
      report(Mark.RESUMED, nanos, "the GPU's clients run again");
    }
    if (is(status, MigState.SUCCESS) && sawWork()) {
      report(Mark.REPORTED, nanos, "the MIG manager reports success");
    }
  }

  /**
   * A failure counts once it has lasted for a while: that of an earlier request may still be there, or
   * come only now, before the MIG manager begins this one. The log may show it sooner.
   */
  private void trackFailure(MigNodeStatus status, long nanos) {
    if (!is(status, MigState.FAILED)) {
      if (failedSince.isPresent()) {
        lookInterval = longer(timings.failure(), MIN_LOG_INTERVAL);
        lookNanos = nanos + lookInterval.toNanos();
      }
      failedSince = Optional.empty();
      return;
    }
    if (failedSince.isEmpty()) {
      failedSince = Optional.of(nanos);
      lookSoonAtFailure(nanos);
    }
    if (hasLasted(nanos) && !isInDoubt()) {
      throw failure(status);
    }
  }

  private MigFailedException failure(MigNodeStatus status) {
    return new MigFailedException(
        is(status, MigState.FAILED)
            ? "Node %s: the MIG manager failed to apply '%s'%s"
                .formatted(
                    status.node(),
                    key,
                    marks.contains(Mark.FAILED_BEFORE) && isWithoutPrompt()
                        ? " before this request, and does not try a name again"
                        : "")
            : "Node %s: the MIG manager ended its run for '%s' without success%s, and the node's MIG state is still %s"
                .formatted(
                    status.node(),
                    key,
                    isWithoutPrompt() ? " before this request" : "",
                    stateOf(status)),
        status,
        Diagnosis.of(status, List.of()));
  }

  /**
   * Whether the state is {@code failed} as it was when the request was made. The MIG manager writes the
   * same again where it does not know the configuration, and nothing where it does not run.
   */
  private boolean isInDoubt() {
    return marks.contains(Mark.FAILED_BEFORE) && !isWithoutPrompt();
  }

  /**
   * The MIG manager starts the clients before it writes {@code success}. Where they are stopped then,
   * no process is going to start them: an earlier run failed and left them stopped, and this one found
   * nothing to do (mig-parted pkg/mig/reconfigure, v0.13 to v0.15).
   */
  private void trackLeftPaused(MigNodeStatus status, long nanos) {
    if (!is(status, MigState.SUCCESS) || status.paused().isEmpty()) {
      leftPausedSince = Optional.empty();
      return;
    }
    long since = leftPausedSince.orElse(nanos);
    leftPausedSince = Optional.of(since);
    if (nanos - since >= timings.failure().toNanos()) {
      throw new MigFailedException(
          "Node %s: the MIG manager reports success for '%s', but %s stopped, so the node offers no GPU"
              .formatted(
                  status.node(),
                  key,
                  String.join(", ", status.paused())
                      + (status.paused().size() == 1 ? " is" : " are")),
          status,
          Diagnosis.of(status, List.of()));
    }
  }

  private List<String> missing(MigNodeStatus status, Map<String, String> labels) {
    List<String> missing = new ArrayList<>();
    Optional<MigState> state = status.state();
    if (isLayout
        && !state.equals(Optional.of(MigState.SUCCESS))
        && !state.equals(Optional.of(MigState.UNKNOWN))) {
      missing.add("its MIG state is %s%s"
          .formatted(stateOf(status), isInDoubt() ? ", as it was before" : ""));
    }
    if (!status.paused().isEmpty()) {
      missing.add("its %s %s stopped"
          .formatted(
              String.join(", ", status.paused()), status.paused().size() == 1 ? "is" : "are"));
    }
    missing.addAll(offer.resourceDifferences(status.allocatable(), labels));
    if (isDiscovered(labels)) {
      missing.addAll(offer.labelDifferences(labels));
    }
    return missing;
  }

  private boolean isDiscovered(Map<String, String> labels) {
    return marks.contains(Mark.DISCOVERED) || labels.containsKey(Labels.GPU_COUNT);
  }

  /** Whether a version of the node shows all evidence, for however long. */
  boolean showsEvidence(Node node) {
    return plan.on(node).isRequested(settings)
        && missing(StatusReader.read(node, settings, offer), NodeFields.labels(node))
            .isEmpty();
  }

  private static String stateOf(MigNodeStatus status) {
    return status.state().map(MigState::toString).orElse("absent");
  }

  private void report(Mark mark, long nanos, String detail) {
    if (marks.add(mark)) {
      progress.step(Objects.requireNonNull(PHASES.get(mark), "phase"), nanos, detail);
    }
  }

  private static boolean isAtWork(MigNodeStatus status) {
    return status.state().filter(MigState::isAtWork).isPresent();
  }

  private static boolean is(MigNodeStatus status, MigState state) {
    return status.state().equals(Optional.of(state));
  }
}
