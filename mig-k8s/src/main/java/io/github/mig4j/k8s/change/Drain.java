package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuClaims;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Evicts the pods that use a node's GPUs. An eviction that a disruption budget does not allow yet is to be
 * repeated.
 */
final class Drain {

  /** The time between two evictions that a disruption budget may refuse. */
  static final Duration EVICTION_INTERVAL = Duration.ofSeconds(5);

  private final Cluster cluster;
  private final String node;
  private final GpuClaims claims;
  private final Set<String> evicted = new HashSet<>();
  private final Set<String> evictedUids = new HashSet<>();

  Drain(Cluster cluster, String node) {
    this.cluster = cluster;
    this.node = node;
    this.claims = new GpuClaims(cluster);
  }

  /**
   * Evicts the pods that use the GPUs and are not leaving yet.
   *
   * @param podsOfNode the node's pods now
   * @return the pods that have not left; empty if the node is drained
   */
  List<Pod> evict(List<Pod> podsOfNode) {
    List<Pod> left = claims.using(podsOfNode).stream()
        .filter(pod -> GpuPods.isOn(pod, node))
        .filter(pod -> GpuPods.kind(pod) == GpuPods.Kind.EVICTABLE)
        .toList();
    for (Pod pod : left) {
      if (!isLeaving(pod) && cluster.evict(pod)) {
        evicted.add(GpuPods.name(pod));
        evictedUids.add(pod.getMetadata().getUid());
      }
    }
    return left;
  }

  /** The names of the pods that were evicted. */
  List<String> evicted() {
    return evicted.stream().sorted().toList();
  }

  private boolean isLeaving(Pod pod) {
    return pod.getMetadata().getDeletionTimestamp() != null
        || evictedUids.contains(pod.getMetadata().getUid());
  }

  /** The end of a drain that took too long. */
  MigDeadlineException late(List<Pod> left, Duration limit) {
    return new MigDeadlineException(
        "Node %s: waited %s for the pods that use its GPUs to leave, but %s"
            .formatted(
                node,
                DurationText.of(limit),
                left.stream()
                    .map(
                        pod -> GpuPods.name(pod)
                            + (isLeaving(pod)
                                ? " is still shutting down"
                                : " cannot be evicted yet, since its disruption budget does not allow it"))
                    .sorted()
                    .collect(Collectors.joining(", "))),
        MigNodeStatus.of(cluster.requireNode(node), cluster.settings()),
        new Diagnosis(
            FailureCode.PODS_DID_NOT_STOP,
            "The node was not changed. See 'kubectl get poddisruptionbudgets -A', or delete the pods"));
  }
}
