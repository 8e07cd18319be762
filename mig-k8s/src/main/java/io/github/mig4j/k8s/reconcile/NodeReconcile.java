package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.MigException;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.ApplyStep;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.config.PublishedConfig;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.internal.WatchPermission;
import io.github.mig4j.k8s.reconcile.Judge.Judgement;
import io.github.mig4j.k8s.reconcile.NodeStanding.Cause;
import io.github.mig4j.k8s.reconcile.NodeStanding.Drift;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Judges a node and takes the step that the judgement asks for. */
final class NodeReconcile {

  private static final Duration BLOCKED_PAUSE = Duration.ofMinutes(1);

  /** What is known of the cluster beside its nodes. */
  record Context(
      List<MigPolicy> policies,
      Map<String, SortedMap<Integer, MigLayout>> planned,
      Optional<MigConfigDocument> document,
      Unwatched unwatched) {}

  /**
   * What this client may not watch now, each as the request that is forbidden.
   *
   * @param nodes nothing is known of any node
   * @param pods it is not known which GPUs are in use
   * @param configMap the configurations are not known
   */
  record Unwatched(Optional<String> nodes, Optional<String> pods, Optional<String> configMap) {
    static final Unwatched NOTHING =
        new Unwatched(Optional.empty(), Optional.empty(), Optional.empty());

    boolean isNothing() {
      return equals(NOTHING);
    }

    /** What must be known before the node is judged. */
    private Optional<String> preventsJudgement(boolean isConfigNamed) {
      return nodes.isPresent() || !isConfigNamed ? nodes : configMap;
    }

    @Override
    public String toString() {
      return Stream.of(nodes, pods, configMap)
          .flatMap(Optional::stream)
          .collect(Collectors.joining(", "));
    }
  }

  private final Cluster cluster;
  private final ApplyTimings timings;
  private final Standings standings;
  private final String identity;

  /** A reconciler whose replicas continue what one of them has begun. */
  NodeReconcile(Cluster cluster, ApplyTimings timings, Standings standings) {
    this.cluster = cluster;
    this.timings = timings;
    this.standings = standings;
    this.identity = cluster.settings().identity().orElseThrow();
  }

  /** Reconciles a node; what fails is a standing, so that other nodes go on. */
  ReconcileOutcome reconcile(NodeFacts facts, Collection<NodeFacts> all, Context context) {
    Judge judge = new Judge(
        context.policies,
        cluster.settings().clock().instant(),
        identity,
        context.planned,
        context.document);
    List<MigPolicy> choosing = judge.policiesOf(facts);
    Optional<MigPolicy> own =
        choosing.size() == 1 ? Optional.of(choosing.get(0)) : Optional.empty();
    Optional<String> policy = own.map(MigPolicy::name);
    Supplier<List<NodeFacts>> others = () -> all.stream()
        .filter(other -> !other.name().equals(facts.name()))
        .filter(other -> own.filter(it -> it.nodes().contains(other.node())).isPresent())
        .toList();
    Optional<MigPolicy> gating = own.filter(MigPolicy::gated);
    Optional<String> unknown =
        own.flatMap(it -> context.unwatched.preventsJudgement(isConfigNamed(it, facts)));
    if (unknown.isPresent()) {
      return waiting(facts, policy, "it is not known how it stands; ", unknown.get());
    }
    String detail = "";
    try {
      Judgement judgement = judge.judge(facts, others);
      Optional<ReconcileOutcome> blocked = gate(facts, gating, judgement);
      if (blocked.isPresent()) {
        return blocked.get();
      }
      if (judgement instanceof Judgement.Rest rest) {
        return new ReconcileOutcome(facts.name(), policy, rest.standing(), rest.lookAgainAfter());
      }
      Judgement.Act act = (Judgement.Act) judgement;
      detail = act.detail() + "; ";
      if (context.unwatched.pods().isPresent() && !facts.hasChange()) {
        return waiting(facts, policy, detail, context.unwatched.pods().get());
      }
      standings.see(facts.name(), policy, act);
      ReconcileOutcome outcome = outcome(policy, act, step(facts, own.orElseThrow(), act));
      if (gating.isPresent() && outcome.standing() instanceof NodeStanding.AsDeclared) {
        NodeGate.open(cluster, facts.name());
      }
      return outcome;
    } catch (MigException e) {
      return new ReconcileOutcome(
          facts.name(), policy, standing(detail, e), Optional.of(BLOCKED_PAUSE));
    }
  }

  /**
   * Finishes what was begun on a node that no policy chooses any more, so that nothing is left on it. A
   * change that has requested nothing yet is undone. One that has failed stays as it is.
   *
   * @param notOurs the outcome without a change
   */
  ReconcileOutcome finish(NodeFacts facts, ReconcileOutcome notOurs) {
    String why = notOurs.standing().message();
    try {
      Optional<ChangeRecord> change = unfinished(facts.node());
      if (change.isEmpty()) {
        return notOurs;
      }
      if (change.get().seen() == null) {
        withdraw(facts.name());
        return notOurs;
      }
      MigNode node = new MigNode(cluster, facts.name());
      ChangeKind kind = change.get().kind();
      ApplyRequest request = kind == ChangeKind.LAYOUT
          ? node.apply(change.get().config())
          : node.follow(kind, facts.requested(kind));
      ApplyStep step = request.timings(timings).poll();
      return step instanceof ApplyStep.InForce
          ? notOurs
          : new ReconcileOutcome(
              facts.name(), notOurs.policy(), standing(Drift.NEW, why, step), again(step));
    } catch (MigException e) {
      return new ReconcileOutcome(
          facts.name(), notOurs.policy(), standing(why + "; ", e), Optional.of(BLOCKED_PAUSE));
    }
  }

  /** The change of this reconciler that is under way on a node; none if its record cannot be read. */
  private Optional<ChangeRecord> unfinished(Node node) {
    try {
      return ChangeRecord.read(node)
          .filter(record -> record.by().equals(identity))
          .filter(record -> !hasFailed(node, record));
    } catch (MigConflictException unreadable) {
      return Optional.empty();
    }
  }

  /** The record of a change that has failed keeps what is left to undo, such as the cordon of an empty node. */
  private boolean hasFailed(Node node, ChangeRecord record) {
    return record.seen() == null
        && !record.isLive(cluster.settings().clock().instant())
        && FailureRecord.read(node)
            .filter(failure -> failure.isOf(record.kind(), record.config()))
            .isPresent();
  }

  private void withdraw(String name) {
    cluster.onLatestVersion(() -> {
      Optional<Node> node = cluster.node(name);
      node.flatMap(this::unfinished).filter(record -> record.seen() == null).ifPresent(record -> {
        NodePatch patch = NodePatch.on(node.get()).removeAnnotation(ChangeRecord.KEY);
        record.done().forEach(patch::undo);
        Node unused = cluster.patch(patch);
      });
    });
  }

  private static boolean isConfigNamed(MigPolicy policy, NodeFacts facts) {
    return facts
        .status()
        .model()
        .filter(model -> policy.gpus().get(model.id()) instanceof PolicyTarget.Config)
        .isPresent();
  }

  /** It is looked at again when the watch is allowed. */
  private static ReconcileOutcome waiting(
      NodeFacts facts, Optional<String> policy, String detail, String forbidden) {
    return new ReconcileOutcome(
        facts.name(),
        policy,
        new NodeStanding.Waiting(Cause.PERMISSION, detail + permission(forbidden)),
        Optional.empty());
  }

  private static NodeStanding standing(String detail, MigException failure) {
    return (failure instanceof MigClusterException unanswered
            ? unanswered.forbidden()
            : Optional.<String>empty())
        .<NodeStanding>map(
            what -> new NodeStanding.Waiting(Cause.PERMISSION, detail + permission(what)))
        .orElseGet(
            () -> new NodeStanding.Drifted(Drift.BLOCKED, String.valueOf(failure.getMessage())));
  }

  private static String permission(String forbidden) {
    return WatchPermission.missing(forbidden, MigRole.ROLLOUT.roleName());
  }

  /**
   * Gates a new node of a policy that asks for it, until it is as declared or the policy no longer asks.
   * A node on which the operator's pods would not start is not gated.
   *
   * @return the standing of a node that has joined with the gate's taint and never becomes as declared
   */
  private Optional<ReconcileOutcome> gate(
      NodeFacts facts, Optional<MigPolicy> gating, Judgement judgement) {
    boolean isDeclared = judgement instanceof Judgement.Rest rest
        && rest.standing() instanceof NodeStanding.AsDeclared;
    if (gating.isEmpty() ? NodeGate.isClosed(facts.node()) : isDeclared && facts.isGated()) {
      NodeGate.open(cluster, facts.name());
      return Optional.empty();
    }
    if (gating.isEmpty() || isDeclared || !(facts.isGated() || closes(facts, judgement))) {
      return Optional.empty();
    }
    Optional<GenericKubernetesResource> untolerant =
        cluster.clusterPolicy().filter(policy -> !NodeGate.isToleratedBy(policy));
    if (untolerant.isPresent()) {
      return facts.isGated()
          ? Optional.of(new ReconcileOutcome(
              facts.name(),
              gating.map(MigPolicy::name),
              new NodeStanding.Drifted(
                  Drift.BLOCKED,
                  NodeGate.untolerated(untolerant.get()) + "; " + NodeGate.TOLERATION_REMEDY),
              Optional.of(BLOCKED_PAUSE)))
          : Optional.empty();
    }
    if (!NodeGate.isClosed(facts.node()) && closes(facts, judgement)) {
      NodeGate.close(cluster, facts.name(), gating.get().name());
    }
    return Optional.empty();
  }

  /** Whether a node is new and is going to be changed. */
  private static boolean closes(NodeFacts facts, Judgement judgement) {
    return facts.isNew()
        && (judgement instanceof Judgement.Act
            || (judgement instanceof Judgement.Rest rest
                && rest.standing() instanceof NodeStanding.Waiting waiting
                && waiting.cause() != Cause.HOLD));
  }

  private ApplyStep step(NodeFacts facts, MigPolicy policy, Judgement.Act act) {
    if (act.drift() == Drift.CONTENT_EDITED
        && act.desired() instanceof DesiredState.Layout layout) {
      // Restores the content of the name, also if the node needs no change.
      List<String> key = List.of(facts.requested(layout.kind()));
      publish(map -> map.add(key, layout.content().orElseThrow()));
    }
    MigNode node = new MigNode(cluster, facts.name());
    ApplyRequest request =
        request(node, facts, act.desired()).timings(timings).disruption(policy.disruption());
    return (policy.gated() ? request.gated() : request).poll();
  }

  private ApplyRequest request(MigNode node, NodeFacts facts, DesiredState desired) {
    if (desired instanceof DesiredState.Layout layout) {
      if (layout.publish() && !facts.hasChange()) {
        // Does nothing if the ConfigMap has it already.
        publish(map -> {
          PublishedConfig unused = map.merge(layout.name(), layout.content().orElseThrow());
        });
      }
      return node.apply(layout.requestedName());
    }
    if (desired instanceof DesiredState.Sharing sharing) {
      return node.share(sharing.sharing());
    }
    return desired instanceof DesiredState.SharingConfig sharing
        ? node.share(sharing.name())
        : node.disable();
  }

  /** Publishes to the ConfigMap of the MIG manager; where there is none, the step says so. */
  private void publish(Consumer<MigConfigMap> publication) {
    cluster
        .clusterPolicy()
        .flatMap(ClusterPolicies::migConfigMap)
        .map(name -> new MigConfigMap(cluster, name))
        .ifPresent(publication);
  }

  private static ReconcileOutcome outcome(
      Optional<String> policy, Judgement.Act act, ApplyStep step) {
    return new ReconcileOutcome(
        step.node(), policy, standing(act.drift(), act.detail(), step), again(step));
  }

  private static Optional<Duration> again(ApplyStep step) {
    return step instanceof ApplyStep.Refused ? Optional.of(BLOCKED_PAUSE) : step.lookAgainAfter();
  }

  private static NodeStanding standing(Drift drift, String detail, ApplyStep step) {
    if (step instanceof ApplyStep.InForce) {
      return NodeStanding.AsDeclared.AS_DECLARED;
    }
    if (step instanceof ApplyStep.UnderWay underWay && underWay.phase() == ApplyPhase.CHECKED) {
      return new NodeStanding.Waiting(Cause.PODS, underWay.detail());
    }
    if (step instanceof ApplyStep.Refused refused) {
      return new NodeStanding.Drifted(
          drift == Drift.NEW ? Drift.BLOCKED : drift,
          "%s; its change is refused: %s".formatted(detail, String.join("; ", refused.reasons())));
    }
    if (step instanceof ApplyStep.Failed failed) {
      return new NodeStanding.Failed(failed.message(), failed.retryAfter());
    }
    return step instanceof ApplyStep.Conflict conflict
        ? new NodeStanding.Waiting(Cause.OTHER_CLIENT, conflict.message())
        : new NodeStanding.Changing(step.toString());
  }
}
