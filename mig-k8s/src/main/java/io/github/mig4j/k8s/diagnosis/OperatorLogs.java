package io.github.mig4j.k8s.diagnosis;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.MigException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The logs of the operator's pods on a node.
 *
 * @param lines the MIG manager's log, followed by that of a device plugin that does not start
 * @param availability whether the MIG manager's log could be read
 * @param reason why it could not; empty if it could
 */
record OperatorLogs(List<String> lines, Availability availability, String reason) {

  private static final String MANAGER = "nvidia-mig-manager";
  private static final String PLUGIN = "nvidia-device-plugin";

  /** More lines than a long run writes. */
  private static final int TAIL_LINES = 2_000;

  /** More bytes than that many lines have: this limit removes the end of the log, not its beginning. */
  private static final int LIMIT_BYTES = 2 * 1024 * 1024;

  /** Whether the MIG manager's log could be read. */
  enum Availability {
    READ,
    NO_POD,
    UNREADABLE
  }

  static OperatorLogs of(List<String> lines) {
    return new OperatorLogs(lines, Availability.READ, "");
  }

  /**
   * Reads them with one list of the node's pods and one request for each log; the device plugin's log
   * only if the manager reports success. A log that cannot be read is not an error.
   */
  static OperatorLogs read(Cluster cluster, MigNodeStatus status) {
    try {
      String namespace = cluster.operatorNamespace();
      List<Pod> pods = podsOf(cluster, namespace, status.node());
      Optional<Pod> manager = newest(pods, MANAGER);
      if (manager.isEmpty()) {
        return new OperatorLogs(List.of(), Availability.NO_POD, "");
      }
      Optional<String> log = log(cluster, manager.get(), MANAGER);
      if (log.isEmpty()) {
        return unreadable(
            "pod %s was deleted".formatted(manager.get().getMetadata().getName()));
      }
      boolean claimsSuccess = status.state().equals(Optional.of(MigState.SUCCESS));
      String rest = claimsSuccess && status.paused().isEmpty()
          ? newest(pods, PLUGIN)
              .filter(OperatorLogs::doesNotRun)
              .flatMap(plugin -> log(cluster, plugin, PLUGIN))
              .orElse("")
          : "";
      return of((log.get() + "\n" + rest).lines().toList());
    } catch (MigException e) {
      return unreadable(String.valueOf(e.getMessage()));
    }
  }

  private static OperatorLogs unreadable(String reason) {
    return new OperatorLogs(List.of(), Availability.UNREADABLE, reason);
  }

  /** The pods of a node in a namespace. */
  static List<Pod> podsOf(Cluster cluster, String namespace, String node) {
    return cluster
        .call(
            "list pods of node %s in namespace %s".formatted(node, namespace),
            () -> cluster
                .client()
                .pods()
                .inNamespace(namespace)
                .withField("spec.nodeName", node)
                .list()
                .getItems())
        .stream()
        .filter(pod -> GpuPods.isOn(pod, node))
        .toList();
  }

  /** The newest pod; after a restart the previous one still exists for a while. */
  static Optional<Pod> newest(List<Pod> pods, String app) {
    return pods.stream()
        .filter(pod -> GpuPods.app(pod).startsWith(app))
        .max(Comparator.comparing(pod -> String.valueOf(pod.getMetadata().getCreationTimestamp())));
  }

  private static boolean doesNotRun(Pod pod) {
    return pod.getStatus() != null
        && pod.getStatus().getContainerStatuses() != null
        && pod.getStatus().getContainerStatuses().stream()
            .anyMatch(container -> !Boolean.TRUE.equals(container.getReady()));
  }

  /** The end of a log; empty if the pod no longer exists. */
  private static Optional<String> log(Cluster cluster, Pod pod, String container) {
    String namespace = pod.getMetadata().getNamespace();
    String name = pod.getMetadata().getName();
    String uri = "/api/v1/namespaces/%s/pods/%s/log?container=%s&tailLines=%s&limitBytes=%s"
        .formatted(namespace, name, container(pod, container), TAIL_LINES, LIMIT_BYTES);
    // PodResource.getLog would first watch the pod until it is ready. The request is not repeated:
    // an explanation is not worth half a minute.
    return Optional.ofNullable(cluster.call(
        "get log of pod %s/%s".formatted(namespace, name),
        () -> cluster.withoutRepetition().client().raw(uri)));
  }

  /** The main container, which has the name of the app. */
  private static String container(Pod pod, String app) {
    return pod.getSpec().getContainers().stream()
        .map(Container::getName)
        .filter(name -> name.startsWith(app))
        .findFirst()
        .orElseGet(() -> pod.getSpec().getContainers().get(0).getName());
  }
}
