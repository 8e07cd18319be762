package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.node.NodeOffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Decides from what is seen of a node, and when, whether a request is done. Holds no connection and
 * reads no clock; not thread-safe.
 *
 * <p>The state label alone decides nothing: {@code success} may be left over from an earlier
 * request, may belong to the run that was under way when this one was made, or may stand beside
 * stopped clients (mig-parted pkg/mig/reconfigure, bd7160f4).
 */
public final class ApplyTracker {

  /** What to do after an observation. */
  sealed interface Decision {
    /**
     * Nothing to decide before the next observation or this time, whichever comes first. If the
     * caller's patience ends sooner, {@code meanwhile} is what can be said.
     */
    record Wait(long untilNanos, List<String> missing, Optional<ApplyOutcome> meanwhile)
        implements Decision {
      Wait(long untilNanos, List<String> missing) {
        this(untilNanos, missing, Optional.empty());
      }
    }

    /** The request is done. */
    record Done(ApplyOutcome outcome) implements Decision {}

    /**
     * The node says {@code failed}, as it did before the request, so that only the MIG manager's log
     * tells whose failure it is. If that tells nothing, {@code meanwhile} is what to do.
     */
    record Doubt(MigFailedException failure, Wait meanwhile) implements Decision {}
  }

  /** Receives steps with the time at which they were seen. */
  interface Progress {
    void step(ApplyPhase phase, long nanos, String detail);
  }

  /** How long to leave a log alone that told nothing, at least. */
  private static final Duration GLANCE = Duration.ofSeconds(1);

  private final MigSettings settings;
  private final ApplyTimings timings;
  private final String key;
  private final NodeOffer offer;
  private final Progress progress;
  private final long requestedNanos;
  private final Prompt prompt;
  private final boolean wasDiscovered;
  private final boolean needsTransition;
  private final List<String> pausedBefore;
  private final Set<ApplyPhase> told = EnumSet.noneOf(ApplyPhase.class);

  private boolean sawWork;
  private boolean begunSinceSuccess;
  private Optional<MigState> lastState;
  private boolean clientsRanSinceRequest;
  private boolean clientsStopped;
  private boolean transitionComplete;
  private boolean failureIsOld;
  private long doubtNanos;
  private Optional<Long> failedSince = Optional.empty();
  private Optional<Long> leftPausedSince = Optional.empty();
  private Stage stage = Stage.REACTION;
  private long stageSince;
  private Optional<Long> evidenceSince = Optional.empty();

  /**
   * Begins with the node as it was when the request was made.
   *
   * @param plan what was asked for, and the node before
   * @param prompt what makes the MIG manager act on it
   */
  ApplyTracker(
      MigSettings settings,
      ApplyTimings timings,
      ApplyPlan plan,
      Prompt prompt,
      long requestedNanos,
      Progress progress) {
    this.settings = settings;
    this.timings = timings;
    this.key = plan.key();
    this.offer = plan.offer();
    this.prompt = prompt;
    this.progress = progress;
    this.requestedNanos = requestedNanos;
    this.stageSince = requestedNanos;
    this.doubtNanos = requestedNanos;
    Node before = plan.node();
    MigNodeStatus status = MigNodeStatus.of(before, settings);
    this.pausedBefore = status.paused();
    this.failureIsOld = is(status, MigState.FAILED);
    this.lastState = status.state();
    this.clientsRanSinceRequest = status.paused().isEmpty();
    this.wasDiscovered = Cluster.labels(before).containsKey(Labels.GPU_COUNT);
    this.needsTransition = plan.sameness(settings.configLabel()) == ApplyPlan.Sameness.UNKNOWN
        && offer
            .resourceDifferences(status.allocatable(), Cluster.labels(before))
            .isEmpty();
  }

  /** What makes the MIG manager act on a request. */
  enum Prompt {
    /** The label's value changes. */
    LABEL,
    /** A fresh process takes up what the node asks for. */
    RESTART,
    /** Nothing: the node asked for it before, and perhaps long ago. */
    NOTHING
  }

  /**
   * Takes note of the node.
   *
   * @param node the node after the request; if it asks for something else, somebody changed that
   * @throws MigConflictException if the node asks for something else by now
   * @throws MigFailedException if the MIG manager failed on this request
   * @throws MigDeadlineException if a stage of the change has taken longer than it may
   */
  Decision observe(Node node, long nanos) {
    MigNodeStatus status = StatusReader.read(node, settings, offer);
    requireOurs(status);
    trackWork(status, nanos);
    Optional<MigFailedException> doubted = trackFailure(status, nanos);
    trackLeftPaused(status, nanos);
    List<String> missing = missing(status, node);
    boolean discovered = wasDiscovered || Cluster.labels(node).containsKey(Labels.GPU_COUNT);
    if (discovered) {
      missing.addAll(offer.labelDifferences(Cluster.labels(node)));
    }
    if (!missing.isEmpty()) {
      evidenceSince = Optional.empty();
      told.remove(ApplyPhase.OFFERED);
      Decision.Wait wait = waitInStage(status, nanos, missing);
      return doubted.<Decision>map(failure -> new Decision.Doubt(failure, wait)).orElse(wait);
    }
    long since = evidenceSince.orElse(nanos);
    evidenceSince = Optional.of(since);
    tell(ApplyPhase.OFFERED, nanos, String.valueOf(status.allocatable()));
    long stable = since + timings.stability().toNanos();
    if (nanos < stable) {
      return new Decision.Wait(
          stable, List.of("that has held for less than " + timings.stability()));
    }
    if (needsTransition && !transitionComplete) {
      return withoutTransition(status, node, nanos);
    }
    return done(
        discovered
            ? new ApplyOutcome.Verified(status)
            : new ApplyOutcome.VerifiedByStateOnly(
                status,
                "no feature discovery labels the node, so only the device plugin speaks for the layout"),
        node,
        nanos);
  }

  /** The parts of a change that each have a time of their own. */
  private enum Stage {
    REACTION,
    WORK,
    OFFER
  }

  private Decision.Wait waitInStage(MigNodeStatus status, long nanos, List<String> missing) {
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
      throw new MigDeadlineException(
          "Node %s: %s, but %s"
              .formatted(
                  status.node(),
                  switch (stage) {
                    case REACTION ->
                      "the MIG manager has shown no sign of '%s' for %s".formatted(key, limit);
                    case WORK ->
                      "the MIG manager has been at work on '%s' for %s".formatted(key, limit);
                    case OFFER -> "the MIG manager was done with '%s' %s ago".formatted(key, limit);
                  },
                  String.join(", ", missing)),
          status,
          Diagnosis.of(status, List.of()));
    }
    long wake = Stream.of(failedSince, leftPausedSince)
        .flatMap(Optional::stream)
        .mapToLong(since -> since + timings.failure().toNanos())
        .map(believed -> isInDoubt() ? Math.max(believed, doubtNanos) : believed)
        .min()
        .orElse(end);
    return new Decision.Wait(Math.min(wake, end), missing);
  }

  private Stage stage(MigNodeStatus status) {
    if (isInDoubt()) {
      return Stage.REACTION;
    }
    if (isAtWork(status.state()) || !status.paused().isEmpty()) {
      return Stage.WORK;
    }
    return sawWork && is(status, MigState.SUCCESS) ? Stage.OFFER : Stage.REACTION;
  }

  /** Everything is as it has to be, but so it was before. */
  private Decision withoutTransition(MigNodeStatus status, Node node, long nanos) {
    if (prompt != Prompt.LABEL) {
      return done(
          new ApplyOutcome.VerifiedByStateOnly(
              status,
              "the node asked for '%s' before, and nobody can tell whether what that name stands for was changed since"
                  .formatted(key)),
          node,
          nanos);
    }
    String unseen = "the GPU's clients were not seen to stop and start";
    ApplyOutcome outcome = new ApplyOutcome.VerifiedByStateOnly(
        status, "the node offered the same before, and " + unseen);
    long patience = requestedNanos + timings.transition().toNanos();
    return nanos < patience
        ? new Decision.Wait(patience, List.of(unseen), Optional.of(outcome))
        : done(outcome, node, nanos);
  }

  private Decision done(ApplyOutcome outcome, Node node, long nanos) {
    String assumed = offer
        .assumedVersion(NodeReading.offered(node), Cluster.labels(node))
        .map("; "::concat)
        .orElse("");
    progress.step(ApplyPhase.VERIFIED, nanos, "held for " + timings.stability() + assumed);
    return new Decision.Done(outcome);
  }

  private void requireOurs(MigNodeStatus status) {
    if (!status.config().equals(Optional.of(key))) {
      throw new MigConflictException(
          status.config().isPresent()
              ? "Node %s was asked for '%s' by somebody else while '%s' was being applied. Agree on who labels the node and apply again"
                  .formatted(status.node(), status.config().get(), key)
              : "Node %s lost its label %s while '%s' was being applied; the operator will write all-disabled. Apply again"
                  .formatted(status.node(), settings.configLabel(), key));
    }
  }

  /**
   * Whether the failure can mean that the MIG manager does not know the configuration yet. What it
   * was at work on when the request was made, or ended with success, was an earlier one.
   */
  boolean failedWithoutWork() {
    return !begunSinceSuccess && failedSince.isPresent();
  }

  private void trackWork(MigNodeStatus status, long nanos) {
    if (isAtWork(status.state()) && !isAtWork(lastState)) {
      begunSinceSuccess = true;
    }
    if (is(status, MigState.SUCCESS)) {
      begunSinceSuccess = false;
    }
    lastState = status.state();
    failureIsOld &= is(status, MigState.FAILED) && status.paused().equals(pausedBefore);
    if (is(status, MigState.PENDING)) {
      sawWork = true;
      tell(ApplyPhase.PENDING, nanos, "the MIG manager works on it");
    }
    if (is(status, MigState.REBOOTING)) {
      sawWork = true;
      tell(ApplyPhase.REBOOTING, nanos, "the node reboots to change its MIG mode");
    }
    if (!status.paused().isEmpty()) {
      clientsStopped |= clientsRanSinceRequest;
      tell(ApplyPhase.PAUSED, nanos, "stopped: " + String.join(", ", status.paused()));
      return;
    }
    clientsRanSinceRequest = true;
    if (clientsStopped) {
      transitionComplete = true;
    }
    if (told.contains(ApplyPhase.PAUSED)) {
      tell(ApplyPhase.RESUMED, nanos, "the GPU's clients run again");
    }
    if (is(status, MigState.SUCCESS) && sawWork) {
      tell(ApplyPhase.REPORTED, nanos, "the MIG manager says success");
    }
  }

  /**
   * A failure counts once it has stood for a while: an earlier request's may still be there, or end
   * only now, before the MIG manager turns to this one.
   *
   * @return a failure that may be an earlier one's all the same, now and then
   */
  private Optional<MigFailedException> trackFailure(MigNodeStatus status, long nanos) {
    if (!is(status, MigState.FAILED)) {
      failedSince = Optional.empty();
      return Optional.empty();
    }
    long since = failedSince.orElse(nanos);
    failedSince = Optional.of(since);
    if (nanos - since < timings.failure().toNanos()) {
      return Optional.empty();
    }
    MigFailedException failure = new MigFailedException(
        "Node %s: the MIG manager failed to apply '%s'%s"
            .formatted(
                status.node(),
                key,
                failureIsOld && prompt == Prompt.NOTHING
                    ? " before this request, and does not try a name again"
                    : ""),
        status,
        Diagnosis.of(status, List.of()));
    if (!isInDoubt()) {
      throw failure;
    }
    if (nanos < doubtNanos) {
      return Optional.empty();
    }
    doubtNanos = nanos + Math.max(timings.failure().toNanos(), GLANCE.toNanos());
    return Optional.of(failure);
  }

  /**
   * Whether {@code failed} stands as it stood when the MIG manager was given reason to act. It writes
   * the same again where it does not know the configuration, and nothing where it does not run.
   */
  private boolean isInDoubt() {
    return failureIsOld && prompt != Prompt.NOTHING;
  }

  /**
   * The MIG manager lets the clients start before it writes {@code success}. Where it says so while
   * they are stopped, nobody is going to start them: a run before this one failed and left them, and
   * this one found nothing to do (mig-parted pkg/mig/reconfigure, v0.13 to v0.15).
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
          "Node %s: the MIG manager says success for '%s', but %s stopped, so the node offers no GPU"
              .formatted(
                  status.node(),
                  key,
                  String.join(", ", status.paused())
                      + (status.paused().size() == 1 ? " is" : " are")),
          status,
          Diagnosis.of(status, List.of()));
    }
  }

  private List<String> missing(MigNodeStatus status, Node node) {
    List<String> missing = new ArrayList<>();
    Optional<MigState> state = status.state();
    if (!state.equals(Optional.of(MigState.SUCCESS))
        && !state.equals(Optional.of(MigState.UNKNOWN))) {
      missing.add("its MIG state is %s%s"
          .formatted(
              state.map(MigState::toString).orElse("absent"),
              isInDoubt() ? ", as it was before" : ""));
    }
    if (!status.paused().isEmpty()) {
      missing.add("its %s %s stopped"
          .formatted(
              String.join(", ", status.paused()), status.paused().size() == 1 ? "is" : "are"));
    }
    Map<String, String> labels = Cluster.labels(node);
    missing.addAll(offer.resourceDifferences(status.allocatable(), labels));
    return missing;
  }

  private void tell(ApplyPhase phase, long nanos, String detail) {
    if (told.add(phase)) {
      progress.step(phase, nanos, detail);
    }
  }

  private static boolean isAtWork(Optional<MigState> state) {
    return state.equals(Optional.of(MigState.PENDING))
        || state.equals(Optional.of(MigState.REBOOTING));
  }

  private static boolean is(MigNodeStatus status, MigState state) {
    return status.state().equals(Optional.of(state));
  }
}
