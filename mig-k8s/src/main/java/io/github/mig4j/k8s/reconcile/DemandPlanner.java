package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.node.NodeCapacity;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Plans for the policies with a demand, in batches: as long as a node of a policy is changed, nothing
 * more is planned for it. It remembers when a node's devices were in use, since a node that was used
 * lately is kept; a process that starts knows of none.
 */
final class DemandPlanner {

  /** Pods that come together are planned for together. */
  static final Duration BATCH = Duration.ofSeconds(2);

  /** When to plan again while a node is changed. */
  static final Duration CHANGING_PAUSE = Duration.ofSeconds(10);

  /** When to plan again for pods that no node can serve. */
  static final Duration UNSERVED_PAUSE = Duration.ofMinutes(1);

  private final Set<String> inUse = new HashSet<>();
  private final Map<String, Instant> lastUsed = new HashMap<>();

  /**
   * A node as one plan sees it.
   *
   * @param changed when its last change was verified
   */
  record Candidate(NodeCapacity capacity, boolean isHeld, Optional<Instant> changed) {}

  /** Records whether a node is in use; after its last pod a plan keeps it for the cool-down. */
  void see(String node, boolean isInUse, Instant now) {
    if (isInUse) {
      inUse.add(node);
    } else if (inUse.remove(node)) {
      lastUsed.put(node, now);
    }
  }

  /** The changes for one policy. */
  PendingPods plan(
      MigPolicy policy,
      PolicyTarget.ForDemand target,
      String model,
      Collection<NodeFacts> nodes,
      Function<String, List<Pod>> podsOf,
      PodReader.Waiting waiting,
      Optional<MigConfigDocument> document,
      Instant now) {
    List<Candidate> own = nodes.stream()
        .filter(facts -> policy.nodes().contains(facts.node()))
        .filter(facts -> facts.status().model().map(GpuModel::id).equals(Optional.of(model)))
        .filter(facts -> waiting.offersResources(facts.name(), facts.labels()))
        .map(facts -> new Candidate(
            NodeCapacity.of(facts.node(), podsOf.apply(facts.name()), document, facts.settings()),
            policy.held() || facts.hold().isPresent(),
            facts.verified(ChangeKind.LAYOUT).map(record -> Instant.parse(record.since()))))
        .toList();
    return plan(target, policy.pace().coolDown(), own, waiting.byResource(), now);
  }

  /** The changes of some nodes for pods that wait. */
  PendingPods plan(
      PolicyTarget.ForDemand target,
      Duration coolDown,
      List<Candidate> nodes,
      List<WaitingPod> waiting,
      Instant now) {
    Map<String, String> kept = new HashMap<>();
    List<NodeCapacity> capacities = nodes.stream().map(Candidate::capacity).toList();
    DemandMix mix = DemandMix.of(waiting, capacities);
    nodes.forEach(node -> reasonToKeep(node, coolDown, now)
        .or(() -> reasonToKeepUsed(node, coolDown, now, mix))
        .ifPresent(reason -> kept.put(node.capacity.status().node(), reason)));
    return PendingPods.of(waiting, capacities, target, kept);
  }

  /** The answers for pods with claims, whose devices the device plugin does not offer. */
  static PendingPods planClaims(
      PodReader.Waiting waiting,
      Collection<NodeFacts> nodes,
      Optional<MigConfigDocument> document) {
    return PendingPods.ofClaims(
        waiting,
        waiting.byClaim().isEmpty()
            ? List.of()
            : nodes.stream()
                .map(facts -> NodeCapacity.of(facts.node(), List.of(), document, facts.settings()))
                .toList(),
        Optional.of(
            "its devices are published by NVIDIA's DRA driver, where no policy verifies a change; change its layout, and restart the driver's pod there"));
  }

  /** Whether a node of the policy is changed, so that the plan has to wait. */
  static boolean isChanging(MigPolicy policy, Collection<NodeFacts> nodes) {
    return nodes.stream()
        .anyMatch(facts -> policy.nodes().contains(facts.node()) && facts.hasChange());
  }

  private Optional<String> reasonToKeep(Candidate node, Duration coolDown, Instant now) {
    if (node.isHeld) {
      return Optional.of("it is held");
    }
    Optional<Instant> changed = node.changed.filter(since -> now.isBefore(since.plus(coolDown)));
    if (changed.filter(now::isBefore).isPresent()) {
      return Optional.of(
          "it was changed at %s, which is after the time of this process, %s; set the clocks"
              .formatted(changed.get(), now));
    }
    return changed.map(
        since -> "it was changed %s ago".formatted(DurationText.of(Duration.between(since, now))));
  }

  /** The devices that pods used lately are kept, unless the other nodes have enough of them. */
  private Optional<String> reasonToKeepUsed(
      Candidate node, Duration coolDown, Instant now, DemandMix mix) {
    // After a clock was set back, the cool-down begins again.
    String name = node.capacity.status().node();
    lastUsed.computeIfPresent(name, (any, used) -> used.isAfter(now) ? now : used);
    return Optional.ofNullable(lastUsed.get(name))
        .filter(used -> now.isBefore(used.plus(coolDown)))
        .filter(any -> !mix.spare(DemandMix.migDevices(node.capacity.status().allocatable())))
        .map(used ->
            "pods used its GPUs %s ago".formatted(DurationText.of(Duration.between(used, now))));
  }

  /**
   * The answer for each pod that waits: of several plans the one that serves it or says the most, as for
   * a pod that is for the nodes of one policy. A pod of which no plan speaks now keeps its answer.
   */
  static List<PodAnswer> answers(
      List<PendingPods> plans, List<PodAnswer> before, List<WaitingPod> waiting) {
    Map<String, PodAnswer> best = new LinkedHashMap<>();
    plans.stream()
        .flatMap(plan -> plan.answers().stream())
        .forEach(answer -> best.merge(
            answer.pod().name(), answer, (one, other) -> rank(other) < rank(one) ? other : one));
    Set<String> names = waiting.stream().map(WaitingPod::name).collect(Collectors.toSet());
    before.stream()
        .filter(answer -> names.contains(answer.pod().name()))
        .forEach(answer -> best.putIfAbsent(answer.pod().name(), answer));
    return List.copyOf(best.values());
  }

  private static int rank(PodAnswer answer) {
    if (answer instanceof PodAnswer.Unserved unserved) {
      return switch (unserved.reason()) {
        case NO_NODE -> 4;
        case NO_MODEL -> 3;
        default -> 2;
      };
    }
    return answer instanceof PodAnswer.Served ? 0 : 1;
  }
}
