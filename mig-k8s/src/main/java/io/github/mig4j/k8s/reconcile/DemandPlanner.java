package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Function;

/**
 * Plans for the policies with a demand, in batches: as long as a node of a policy is changed, nothing
 * more is planned for it. It remembers when a node's devices were in use, since a node that was used
 * lately is kept; a process that starts knows of none.
 */
final class DemandPlanner {

  private final Map<String, Instant> lastUsed = new HashMap<>();

  /** Records which nodes are in use, which a later plan keeps for the cool-down. */
  void see(String node, List<Pod> pods, Instant now) {
    if (!GpuPods.using(pods).isEmpty()) {
      lastUsed.put(node, now);
    }
  }

  /** The changes for one policy. */
  PendingPods plan(
      MigPolicy policy,
      PolicyTarget.ForDemand target,
      GpuModel model,
      Collection<NodeFacts> nodes,
      Function<String, List<Pod>> podsOf,
      List<WaitingPod> waiting,
      Optional<MigConfigDocument> document,
      Instant now) {
    List<NodeFacts> own = nodes.stream()
        .filter(facts -> policy.nodes().contains(facts.node()))
        .filter(facts -> facts.status().model().equals(Optional.of(model)))
        .toList();
    Map<String, String> kept = new HashMap<>();
    own.forEach(facts ->
        reasonToKeep(policy, facts, now).ifPresent(reason -> kept.put(facts.name(), reason)));
    List<NodeCapacity> capacities = own.stream()
        .map(facts ->
            NodeCapacity.of(facts.node(), podsOf.apply(facts.name()), document, facts.settings()))
        .toList();
    return PendingPods.of(waiting, capacities, target, kept);
  }

  /** Whether a node of the policy is changed, so that the plan has to wait. */
  static boolean isChanging(MigPolicy policy, Collection<NodeFacts> nodes) {
    return nodes.stream()
        .anyMatch(facts -> policy.nodes().contains(facts.node()) && facts.hasChange());
  }

  private Optional<String> reasonToKeep(MigPolicy policy, NodeFacts facts, Instant now) {
    if (facts.hold().isPresent() || policy.held()) {
      return Optional.of("it is held");
    }
    Duration coolDown = policy.pace().coolDown();
    Optional<Instant> changed = facts
        .verified(ChangeKind.LAYOUT)
        .map(record -> Instant.parse(record.since()))
        .filter(since -> now.isBefore(since.plus(coolDown)));
    if (changed.filter(now::isBefore).isPresent()) {
      return Optional.of(
          "it was changed at %s, which is after the time of this process, %s; set the clocks"
              .formatted(changed.get(), now));
    }
    if (changed.isPresent()) {
      return Optional.of(
          "it was changed %s ago".formatted(DurationText.of(Duration.between(changed.get(), now))));
    }
    // After a clock was set back, the cool-down begins again.
    lastUsed.computeIfPresent(facts.name(), (node, used) -> used.isAfter(now) ? now : used);
    return Optional.ofNullable(lastUsed.get(facts.name()))
        .filter(used -> now.isBefore(used.plus(coolDown)))
        .map(used ->
            "pods used its GPUs %s ago".formatted(DurationText.of(Duration.between(used, now))));
  }

  /** The changes of all plans by node. */
  static Map<String, SortedMap<Integer, MigLayout>> changes(List<PendingPods> plans) {
    Map<String, SortedMap<Integer, MigLayout>> changes = new HashMap<>();
    plans.forEach(plan -> changes.putAll(plan.changes()));
    return changes;
  }
}
