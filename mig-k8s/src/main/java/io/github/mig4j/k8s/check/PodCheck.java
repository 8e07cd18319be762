package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.lint.Severity;
import java.util.List;

/**
 * What a change does to the pods of a node.
 *
 * @param using the pods that use the node's GPUs, by a resource or by a ResourceClaim
 */
record PodCheck(List<Pod> using, Disruption disruption, PreflightFindings findings) {

  /**
   * Reports them.
   *
   * @param blocking how severe it is if such a pod stays
   * @param remedy what to do about them
   */
  void check(Severity blocking, String remedy) {
    boolean drains = disruption == Disruption.DRAIN;
    if (!using.isEmpty()) {
      findings.add(
          drains ? Severity.NOTE : blocking,
          PreflightCode.BUSY_PODS,
          "pods use the node's GPUs: %s".formatted(GpuPods.names(using)),
          drains ? "they are evicted" : remedy);
    }
    List<Pod> staying = using.stream()
        .filter(pod -> GpuPods.kind(pod) != GpuPods.Kind.EVICTABLE)
        .toList();
    if (drains && !staying.isEmpty()) {
      findings.add(
          blocking,
          PreflightCode.PODS_NOT_EVICTABLE,
          "these pods that use the node's GPUs cannot be drained, because no controller would recreate them or their DaemonSet would recreate them here: %s"
              .formatted(GpuPods.names(staying)),
          "delete them, or wait until they are done");
    }
  }
}
