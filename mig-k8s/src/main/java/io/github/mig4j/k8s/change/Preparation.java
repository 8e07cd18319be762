package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.change.ApplyRun.Memory;
import io.github.mig4j.k8s.change.Look.Awaited;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.ApplyPlan;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.ChangeRecord.Prompt;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a node before it requests a configuration, as far as that is wanted: no new pod comes, the
 * pods that use its GPUs leave, and its MIG manager restarts. Each call does what is to be done now.
 */
final class Preparation {

  /** The time between two looks at a new pod of the MIG manager, where no watch reports it. */
  private static final Duration RESTART_INTERVAL = Duration.ofSeconds(2);

  private final ApplyRun.Checked change;
  private final ApplyRun.Task task;
  private final Cluster cluster;
  private final String name;
  private final ApplyTimings timings;
  private final ApplyClock clock;
  private final Sight sight;
  private final NodeClaim claim;
  private final boolean inForce;
  private ApplyPlan plan;
  private @Nullable Drain drain;
  private boolean cordoned;
  private boolean continued;
  private boolean restarted;
  private List<String> replaced = List.of();

  /** Nothing is done yet for this plan. */
  Preparation(ApplyRun.Checked change, Sight sight, ApplyPlan plan) {
    this.change = change;
    this.task = change.task();
    this.cluster = task.cluster();
    this.name = task.node();
    this.timings = task.options().timings();
    this.clock = change.clock();
    this.claim = change.claim();
    this.sight = sight;
    this.plan = plan;
    this.inForce = plan.isInForce(cluster.settings());
  }

  /** Continues what the node's record has. */
  void resume(ChangeRecord record) {
    cordoned = record.has(ChangeRecord.Done.CORDONED);
    continued = true;
    replaced = record.replaced() == null ? List.of() : record.replaced();
  }

  /** The plan on the version of the node that the preparation has written last. */
  ApplyPlan plan() {
    return plan;
  }

  /** What makes the operator act on a configuration that the node requests already. */
  Prompt prompt() {
    return task.goal() == ApplyGoal.Recover.RECOVER || !replaced.isEmpty()
        ? Prompt.RESTART
        : Prompt.NOTHING;
  }

  /** Keeps pods away and evicts them, as far as that is allowed; empty if there is room. */
  Optional<Look> makeRoom() throws InterruptedException {
    claim.requireFree(plan.node());
    Disruption disruption = task.options().disruption();
    if (disruption == Disruption.NONE || disruption == Disruption.IGNORE_PODS) {
      return Optional.empty();
    }
    if (!cordoned) {
      Node after = claim.cordon();
      plan = plan.on(task.memory() == Memory.RECORD ? claim.begin() : after);
      cordoned = true;
      change.reached(ApplyPhase.CORDONED, "no new pod comes to the node");
    }
    if (disruption == Disruption.DRAIN) {
      Optional<Look> waiting = drain();
      if (waiting.isPresent()) {
        return waiting;
      }
    }
    List<Pod> started =
        plan.disturbsPods() ? new GpuClaims(cluster).using(cluster.podsOnNode(name)) : List.of();
    if (!started.isEmpty()) {
      throw MigRefusedException.of(
          "Config '%s' on node %s".formatted(change.config(), name),
          List.of(Finding.builder()
              .severity(Severity.ERROR)
              .code(PreflightCode.BUSY_PODS)
              .subject("node " + name)
              .message("pods began to use the node's GPUs just before it was cordoned: %s"
                  .formatted(GpuPods.names(started)))
              .remedy("wait until they are done")
              .build()));
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
      change.reached(
          ApplyPhase.DRAINED,
          evicted.isEmpty()
              ? continued ? "no pod uses the GPUs any more" : "no pod used the GPUs"
              : "evicted " + String.join(", ", evicted));
      return Optional.empty();
    }
    if (clock.isOver(timings.drain())) {
      throw drain.late(left, clock.within(timings.drain()));
    }
    return Optional.of(new Look.Waiting(
        ApplyPhase.CORDONED,
        "pods that use the node's GPUs have not left yet: " + GpuPods.names(left),
        clock.now() + Drain.EVICTION_INTERVAL.toNanos(),
        Awaited.PODS_OF_NODE));
  }

  /** Restarts the MIG manager, if that is the goal; empty if that is done. */
  Optional<Look> restart() throws InterruptedException {
    if (replaced.isEmpty() && task.goal() != ApplyGoal.Recover.RECOVER) {
      return Optional.empty();
    }
    // What another client has left on the node is this one's to undo.
    boolean managerActs = plan.kind() == ChangeKind.LAYOUT && !inForce;
    if (replaced.isEmpty() && !managerActs) {
      if (NodeFields.annotations(plan.node()).containsKey(ChangeRecord.KEY)) {
        Node unused = claim.takeOver(List.of());
      }
      return Optional.empty();
    }
    ManagerRestart restart = new ManagerRestart(cluster, name);
    List<Pod> pods = replaced.isEmpty() ? restart.requirePods() : List.of();
    if (!pods.isEmpty()) {
      replaced = pods.stream().map(pod -> pod.getMetadata().getUid()).toList();
      Node unused = claim.takeOver(replaced);
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
      change.reached(ApplyPhase.RESTARTED, ready.get());
      return Optional.empty();
    }
    if (clock.isOver(timings.reaction())) {
      throw restart.late(namespace, clock.within(timings.reaction()));
    }
    return Optional.of(new Look.Waiting(
        ApplyPhase.CHECKED,
        "the new MIG manager pod is not ready yet",
        clock.now() + RESTART_INTERVAL.toNanos(),
        Awaited.MANAGER_PODS));
  }
}
