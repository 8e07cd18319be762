package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Restarts the MIG manager of a node. Its DaemonSet recreates the pod. The new process applies the
 * configuration that the node requests, and starts the GPU's clients whatever it finds (mig-parted
 * pkg/mig/reconfigure, setState).
 */
record ManagerRestart(Cluster cluster, String node) {

  /** The pods to replace. */
  List<Pod> requirePods() {
    List<Pod> pods = cluster.managerPods(node);
    if (pods.isEmpty()) {
      throw MigRefusedException.of(
          "Recovering node " + node,
          List.of(Finding.builder()
              .severity(Severity.ERROR)
              .code(PreflightCode.MANAGER_NOT_READY)
              .subject("node " + node)
              .message("it has no MIG manager pod")
              .remedy(
                  "the operator deploys one on nodes with the labels nvidia.com/mig.capable=true and nvidia.com/gpu.deploy.mig-manager=true")
              .build()));
    }
    return pods;
  }

  /** Deletes those of these pods that still exist. */
  void delete(List<String> uids) {
    uids.forEach(uid -> cluster.onLatestVersion(() -> delete(uid)));
  }

  /**
   * A new pod that is ready.
   *
   * @param managerPods the MIG manager's pods now
   * @param replaced the uids of the deleted pods
   * @return its name; empty if there is none yet
   */
  Optional<String> ready(List<Pod> managerPods, List<String> replaced) {
    return managerPods.stream()
        .filter(pod -> GpuPods.isOn(pod, node))
        .filter(pod -> !replaced.contains(pod.getMetadata().getUid()))
        .filter(Readiness::isPodReady)
        .findFirst()
        .map(GpuPods::name);
  }

  /** The end of a restart that took too long. */
  MigDeadlineException late(String namespace, Duration limit) {
    return new MigDeadlineException(
        "Node %s: waited %s for a new MIG manager pod in namespace %s, but none is ready"
            .formatted(node, DurationText.of(limit), namespace),
        MigNodeStatus.of(cluster.requireNode(node), cluster.settings()),
        new Diagnosis(
            FailureCode.MANAGER_NOT_RUNNING,
            "See 'kubectl describe pods -n %s -l app=nvidia-mig-manager'".formatted(namespace)));
  }

  /** Kubelets write their pods all the time; a new pod of the same name stays. */
  private void delete(String uid) {
    cluster.managerPods(node).stream()
        .filter(pod -> uid.equals(pod.getMetadata().getUid()))
        .forEach(cluster::delete);
  }
}
