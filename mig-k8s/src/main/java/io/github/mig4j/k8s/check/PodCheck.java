package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.lint.Severity;
import java.util.List;

/** What a change does to the pods of a node. */
final class PodCheck {

  private final List<Pod> pods;
  private final Disruption disruption;
  private final PreflightFindings findings;

  PodCheck(List<Pod> pods, Disruption disruption, PreflightFindings findings) {
    this.pods = pods;
    this.disruption = disruption;
    this.findings = findings;
  }

  /**
   * Looks for pods that use GPUs.
   *
   * @param blocking how severe it is if such a pod stays
   * @param remedy what to do about them
   */
  void check(Severity blocking, String remedy) {
    List<Pod> using = GpuPods.using(pods);
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
          "these pods that use the node's GPUs cannot be drained, since no controller would recreate them or their DaemonSet would recreate them here: %s"
              .formatted(GpuPods.names(staying)),
          "delete them, or wait until they are done");
    }
    List<Pod> claiming = GpuPods.withClaims(pods);
    if (!claiming.isEmpty()) {
      findings.note(
          PreflightCode.PODS_WITH_CLAIMS,
          "pods hold resource claims: %s".formatted(GpuPods.names(claiming)),
          "make sure that these are not for the node's GPUs");
    }
  }
}
