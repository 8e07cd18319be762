package io.github.mig4j.k8s.change;

import static java.util.stream.Collectors.toSet;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.DurationText;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.PodWatch;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Restarts the MIG manager of a node. Its DaemonSet recreates the pod. The new process applies the
 * configuration that the node requests, and starts the GPU's clients whatever it finds (mig-parted
 * pkg/mig/reconfigure, setState).
 */
final class ManagerRestart {

  private final Cluster cluster;
  private final String node;

  ManagerRestart(Cluster cluster, String node) {
    this.cluster = cluster;
    this.node = node;
  }

  /** The pods to replace. */
  List<Pod> requirePods() {
    List<Pod> pods = cluster.managerPods(node);
    if (pods.isEmpty()) {
      throw new MigRefusedException(
          "Recovering node " + node,
          List.of(
              "it has no MIG manager pod; the operator deploys one on nodes with the labels nvidia.com/mig.capable=true and nvidia.com/gpu.deploy.mig-manager=true"));
    }
    return pods;
  }

  /**
   * Deletes these pods and waits for one that is ready.
   *
   * @return the new pod's name
   * @throws MigDeadlineException if no pod is ready in time
   */
  String run(List<Pod> pods, Duration limit) throws InterruptedException {
    Set<String> deleted = pods.stream().map(pod -> pod.getMetadata().getUid()).collect(toSet());
    String namespace = pods.get(0).getMetadata().getNamespace();
    long start = System.nanoTime();
    try (PodWatch watch =
        new PodWatch(cluster, "the MIG manager", cluster.managerPodsIn(namespace), limit)) {
      deleted.forEach(uid -> cluster.onLatestVersion(() -> delete(uid)));
      while (true) {
        Optional<Pod> fresh = watch.pods().stream()
            .filter(pod -> Cluster.isOn(pod, node))
            .filter(pod -> !deleted.contains(pod.getMetadata().getUid()))
            .filter(Readiness::isPodReady)
            .findFirst();
        if (fresh.isPresent()) {
          return GpuPods.name(fresh.get());
        }
        long rest = limit.toNanos() - (System.nanoTime() - start);
        if (rest <= 0) {
          throw new MigDeadlineException(
              "Node %s: waited %s for a new MIG manager pod in namespace %s, but none is ready"
                  .formatted(node, DurationText.of(limit), namespace),
              MigNodeStatus.of(cluster.requireNode(node), cluster.settings()),
              new Diagnosis(
                  FailureCode.MANAGER_NOT_RUNNING,
                  "See 'kubectl describe pods -n %s -l app=nvidia-mig-manager'"
                      .formatted(namespace),
                  Optional.empty(),
                  List.of()));
        }
        watch.awaitChange(rest);
      }
    }
  }

  /** Kubelets write their pods all the time; a new pod of the same name stays. */
  private void delete(String uid) {
    cluster.managerPods(node).stream()
        .filter(pod -> uid.equals(pod.getMetadata().getUid()))
        .forEach(cluster::delete);
  }
}
