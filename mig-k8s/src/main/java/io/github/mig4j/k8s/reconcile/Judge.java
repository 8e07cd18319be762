package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.reconcile.NodeStanding.Cause;
import io.github.mig4j.k8s.reconcile.NodeStanding.Drift;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.ContentName;
import io.github.mig4j.text.GpuResource;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges a node by the policies, what the nodes say and the time. It reads and writes nothing.
 *
 * @param planned the layouts of a demand, by node
 */
record Judge(
    List<MigPolicy> policies,
    Instant now,
    String identity,
    Map<String, SortedMap<Integer, MigLayout>> planned,
    Optional<MigConfigDocument> document) {

  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  /** What is to be done with a node: nothing, with its standing, or a step towards what it is to be. */
  sealed interface Judgement {

    /** Nothing is done. */
    record Rest(NodeStanding standing, Optional<Duration> lookAgainAfter) implements Judgement {}

    /** A step is taken, which continues a change or begins one. */
    record Act(DesiredState desired, NodeStanding.Drift drift, String detail)
        implements Judgement {}
  }

  /** The policies that choose a node. */
  List<MigPolicy> policiesOf(NodeFacts facts) {
    return policies.stream()
        .filter(policy -> policy.nodes().contains(facts.node()))
        .toList();
  }

  /** A difference between a node and what it is to be. */
  private record Difference(Drift drift, String detail, boolean isByOther) {}

  /**
   * Judges a node.
   *
   * @param others the other nodes of its policy, which are asked for only if it has to change
   */
  Judgement judge(NodeFacts facts, Supplier<List<NodeFacts>> others) {
    List<MigPolicy> own = policiesOf(facts);
    if (own.size() != 1) {
      return rest(new NodeStanding.NotOurs(
          own.isEmpty()
              ? "no policy chooses it"
              : "the policies %s choose it; change their nodes"
                  .formatted(own.stream().map(MigPolicy::name).collect(Collectors.joining(", ")))));
    }
    MigPolicy policy = own.get(0);
    Optional<GpuModel> model = facts.status().model();
    @Nullable
    PolicyTarget target = model.map(each -> policy.gpus().get(each.id())).orElse(null);
    if (target == null) {
      return rest(new NodeStanding.NotOurs(model
          .map(each -> "policy '%s' has no target for its GPU %s; add one"
              .formatted(policy.name(), each.id()))
          .orElseGet(() -> "its labels do not name the model of its GPUs; see its status")));
    }
    return judge(facts, others, policy, DesiredState.of(policy, target, facts, planned, document));
  }

  private static Judgement rest(NodeStanding standing) {
    return new Judgement.Rest(standing, Optional.empty());
  }

  private static Judgement rest(NodeStanding standing, Duration lookAgain) {
    return new Judgement.Rest(standing, Optional.of(lookAgain));
  }

  private Judgement judge(
      NodeFacts facts, Supplier<List<NodeFacts>> others, MigPolicy policy, DesiredState desired) {
    Optional<ChangeRecord> change;
    try {
      change = facts.change();
    } catch (MigConflictException unreadable) {
      return rest(new NodeStanding.Drifted(Drift.BLOCKED, String.valueOf(unreadable.getMessage())));
    }
    boolean isOurs = change.filter(record -> record.by().equals(identity)).isPresent();
    if (change.isPresent() && !isOurs && change.get().isLive(now)) {
      Duration left = Duration.between(now, Instant.parse(change.get().until()));
      return rest(
          new NodeStanding.Waiting(Cause.OTHER_CLIENT, change.get().toString()),
          left.compareTo(LOOK_AGAIN) < 0 ? left.plusSeconds(1) : LOOK_AGAIN);
    }
    if (isOurs) {
      return new Judgement.Act(
          continued(desired, change.get()), Drift.NEW, "its change is under way");
    }
    Optional<Difference> difference = difference(facts, desired);
    if (difference.isEmpty()) {
      return rest(facts
          .recordOfOtherGpus()
          .map(record -> otherGpus(facts, record))
          .orElse(NodeStanding.AsDeclared.AS_DECLARED));
    }
    return permitted(facts, others, policy, desired, difference.get());
  }

  /** The GPUs that are there are as declared, so that nothing can be done. */
  private static NodeStanding otherGpus(NodeFacts facts, String record) {
    return new NodeStanding.Drifted(
        Drift.GPUS_CHANGED,
        "it has %d GPUs, but had %s before; repair it, or accept its GPUs with 'kubectl annotate node %s %s-'"
            .formatted(
                facts.status().gpus().orElse(0),
                GpuRecord.describe(NodeFields.annotations(facts.node()).getOrDefault(record, "")),
                facts.name(),
                record));
  }

  /** A demand does not remember what it has planned; the record does. */
  private static DesiredState continued(DesiredState desired, ChangeRecord change) {
    return desired == DesiredState.Kept.KEPT && change.kind() == ChangeKind.LAYOUT
        ? new DesiredState.Layout(change.config(), Optional.empty(), false)
        : desired;
  }

  private Judgement permitted(
      NodeFacts facts,
      Supplier<List<NodeFacts>> others,
      MigPolicy policy,
      DesiredState desired,
      Difference difference) {
    if (policy.held() || facts.hold().isPresent()) {
      return rest(new NodeStanding.Waiting(
          Cause.HOLD,
          "%s; %s"
              .formatted(
                  difference.detail,
                  facts
                      .hold()
                      .map(reason -> "it is held: %s; remove the annotation %s"
                          .formatted(reason.isEmpty() ? "no reason" : reason, MigPolicy.HOLD))
                      .orElseGet(() -> "policy '%s' is held".formatted(policy.name())))));
    }
    if (difference.isByOther && policy.onDrift() == OnDrift.YIELD) {
      return rest(new NodeStanding.Drifted(
          difference.drift,
          difference.detail + "; set onDrift: restore, or change the policy or the node"));
    }
    Duration closed = policy.pace().opensAfter(now);
    if (!closed.isZero()) {
      return rest(
          new NodeStanding.Waiting(
              Cause.WINDOW,
              "%s; the next maintenance window opens in %s"
                  .formatted(difference.detail, DurationText.of(closed))),
          closed);
    }
    return paced(facts, others, policy, desired, difference);
  }

  private Judgement paced(
      NodeFacts facts,
      Supplier<List<NodeFacts>> others,
      MigPolicy policy,
      DesiredState desired,
      Difference difference) {
    List<NodeFacts> rest = others.get();
    int max = policy.pace().maxUnavailable().of(rest.size() + 1);
    List<String> unavailable = rest.stream()
        .filter(NodeFacts::isUnavailable)
        .map(NodeFacts::name)
        .sorted()
        .toList();
    if (unavailable.size() >= max && !facts.isUnavailable()) {
      return rest(
          new NodeStanding.Waiting(
              Cause.BUDGET,
              "%s; %d of at most %d nodes are unavailable: %s"
                  .formatted(
                      difference.detail,
                      unavailable.size(),
                      max,
                      unavailable.stream().limit(3).collect(Collectors.joining(", ")))),
          LOOK_AGAIN);
    }
    return canaryWait(facts, rest, policy, desired)
        .<Judgement>map(wait -> rest(
            new NodeStanding.Waiting(
                Cause.CANARY,
                "%s; the first nodes are not verified for long enough"
                    .formatted(difference.detail)),
            wait))
        .orElseGet(() -> new Judgement.Act(desired, difference.drift, difference.detail));
  }

  /** How long the canaries are waited for; empty if the node is one of them, or was as declared before. */
  private Optional<Duration> canaryWait(
      NodeFacts facts, List<NodeFacts> others, MigPolicy policy, DesiredState desired) {
    if (policy.pace().canary().isEmpty() || verifiedSince(facts, desired).isPresent()) {
      return Optional.empty();
    }
    List<Instant> verified = others.stream()
        .flatMap(other -> verifiedSince(other, desired).stream())
        .sorted(Comparator.naturalOrder())
        .toList();
    int canaries = policy.pace().canaryNodes();
    long begun = verified.size() + others.stream().filter(NodeFacts::hasChange).count();
    if (begun < canaries) {
      return Optional.empty();
    }
    if (verified.size() < canaries || policy.pace().canary().get().pause().isEmpty()) {
      return Optional.of(LOOK_AGAIN);
    }
    Instant end =
        verified.get(canaries - 1).plus(policy.pace().canary().get().pause().get());
    return now.isBefore(end) ? Optional.of(Duration.between(now, end)) : Optional.empty();
  }

  private static Optional<Instant> verifiedSince(NodeFacts facts, DesiredState desired) {
    return facts
        .verified(desired.kind())
        .filter(record -> isOf(record, desired))
        .map(record -> Instant.parse(record.since()));
  }

  private static boolean isOf(VerifiedRecord record, DesiredState desired) {
    if (desired instanceof DesiredState.Layout layout) {
      return layout.key().filter(key -> ContentName.isOf(record.key(), key)).isPresent();
    }
    return !(desired instanceof DesiredState.SharingConfig sharing)
        || record.key().startsWith(sharing.name());
  }

  private Optional<Difference> difference(NodeFacts facts, DesiredState desired) {
    if (desired == DesiredState.Kept.KEPT) {
      return Optional.empty();
    }
    if (desired instanceof DesiredState.Layout layout) {
      return layout(facts, layout);
    }
    return desired == DesiredState.Whole.WHOLE ? whole(facts) : sharing(facts, desired);
  }

  private Optional<Difference> layout(NodeFacts facts, DesiredState.Layout layout) {
    String requested = facts.requested(ChangeKind.LAYOUT);
    if (layout.key().isEmpty()) {
      return Optional.of(new Difference(
          Drift.BLOCKED,
          "the MIG manager's ConfigMap has no configuration '%s'; publish it"
              .formatted(layout.name()),
          false));
    }
    if (!ContentName.isOf(requested, layout.key().get())) {
      return Optional.of(otherLabel(facts, requested, layout));
    }
    if (isEdited(requested, layout)) {
      return Optional.of(new Difference(
          Drift.CONTENT_EDITED,
          "the MIG manager's ConfigMap has another content under '%s' than the hash in this name says"
              .formatted(requested),
          false));
    }
    return offered(facts, layout.differences(facts));
  }

  /** A manager that restarts would apply what is there. */
  private boolean isEdited(String requested, DesiredState.Layout layout) {
    return document.isPresent() && !document.get().config(requested).equals(layout.content());
  }

  private static Difference otherLabel(
      NodeFacts facts, String requested, DesiredState.Layout layout) {
    String byUs = facts.requestedByUs(ChangeKind.LAYOUT);
    String key = layout.key().orElseThrow();
    String detail = "it requests %s instead of '%s'"
        .formatted(requested.isEmpty() ? "nothing" : "'" + requested + "'", key);
    if (ContentName.isOf(byUs, key)) {
      return new Difference(Drift.LABEL_CHANGED, detail + ", which another client has set", true);
    }
    boolean isOlderContent =
        !byUs.isEmpty() && ContentName.isOf(requested, byUs) && byUs.startsWith(layout.name());
    return new Difference(isOlderContent ? Drift.CONTENT_CHANGED : Drift.NEW, detail, false);
  }

  private static Optional<Difference> offered(NodeFacts facts, List<String> differences) {
    Optional<MigState> state = facts.status().state();
    if (state.filter(each -> each != MigState.SUCCESS).isPresent()) {
      return Optional.of(
          new Difference(Drift.STATE, "its MIG state is %s".formatted(state.get()), false));
    }
    if (!facts.status().paused().isEmpty()) {
      return Optional.of(new Difference(
          Drift.STATE,
          "its %s is stopped".formatted(String.join(", ", facts.status().paused())),
          false));
    }
    return differences.isEmpty()
        ? Optional.empty()
        : Optional.of(new Difference(Drift.DEVICES_GONE, String.join(", ", differences), false));
  }

  private static Optional<Difference> whole(NodeFacts facts) {
    String requested = facts.requested(ChangeKind.LAYOUT);
    Map<String, Long> offered = facts.status().allocatable();
    boolean hasDevices =
        offered.keySet().stream().anyMatch(resource -> resource.startsWith(GpuResource.MIG_PREFIX));
    if (!hasDevices
        && offered.keySet().stream().anyMatch(each -> each.startsWith(GpuResource.GPU))) {
      return offered(facts, List.of());
    }
    boolean wasWhole = facts
        .verified(ChangeKind.LAYOUT)
        .filter(record -> record.key().startsWith("all-disabled"))
        .isPresent();
    boolean isOther = wasWhole && !requested.startsWith("all-disabled");
    return Optional.of(new Difference(
        isOther ? Drift.LABEL_CHANGED : wasWhole ? Drift.DEVICES_GONE : Drift.NEW,
        "it offers %s instead of whole GPUs%s"
            .formatted(offered, isOther ? ", which another client has requested" : ""),
        isOther));
  }

  private static Optional<Difference> sharing(NodeFacts facts, DesiredState desired) {
    String requested = facts.requested(ChangeKind.SHARING);
    String byUs = facts.requestedByUs(ChangeKind.SHARING);
    boolean isShared = desired instanceof DesiredState.Sharing sharing
        ? facts.status().replicas().orElse(1) == sharing.replicas()
            && facts
                .status()
                .sharing()
                .equals(Optional.of(sharing.sharing().kind().toString()))
        : facts
                .verified(ChangeKind.SHARING)
                .filter(record -> record.key().equals(requested))
                .isPresent()
            && requested.startsWith(((DesiredState.SharingConfig) desired).name());
    if (isShared) {
      return offered(facts, List.of());
    }
    boolean isOther = !byUs.isEmpty()
        && !requested.equals(byUs)
        && facts.verified(ChangeKind.SHARING).isPresent();
    return Optional.of(new Difference(
        byUs.isEmpty() ? Drift.NEW : Drift.SHARING_CHANGED,
        "it shares its GPUs by %s with %d replicas and requests '%s'"
            .formatted(
                facts.status().sharing().orElse("none"),
                facts.status().replicas().orElse(1),
                requested),
        isOther));
  }
}
