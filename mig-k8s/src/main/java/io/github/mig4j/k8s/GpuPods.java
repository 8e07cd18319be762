package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which pods of a node use its GPUs, as far as pods tell. */
final class GpuPods {

  private static final String MIRROR = "kubernetes.io/config.mirror";

  private GpuPods() {}

  /** The pods bound to a node that ask for NVIDIA's resources and have not ended. */
  static List<Pod> on(Cluster cluster, String node) {
    return cluster
        .call("list pods of node " + node, () -> cluster.podsOnNode(node).list().getItems())
        .stream()
        .filter(pod -> Cluster.isOn(pod, node))
        .filter(GpuPods::usesGpus)
        .toList();
  }

  /** Whether a pod that has not ended asks for one of NVIDIA's resources. */
  static boolean usesGpus(Pod pod) {
    String phase = pod.getStatus() == null ? "" : String.valueOf(pod.getStatus().getPhase());
    return !Set.of("Succeeded", "Failed").contains(phase)
        && pod.getSpec() != null
        && Stream.of(pod.getSpec().getInitContainers(), pod.getSpec().getContainers())
            .filter(containers -> containers != null)
            .flatMap(List::stream)
            .anyMatch(GpuPods::usesGpus);
  }

  private static boolean usesGpus(Container container) {
    return container.getResources() != null
        && Stream.of(
                container.getResources().getLimits(), container.getResources().getRequests())
            .anyMatch(GpuPods::namesNvidia);
  }

  private static boolean namesNvidia(@Nullable Map<String, Quantity> resources) {
    return resources != null
        && resources.entrySet().stream()
            .anyMatch(e -> e.getKey().startsWith("nvidia.com/")
                && e.getValue().getNumericalAmount().signum() > 0);
  }

  /** What evicting a pod comes to. */
  enum Kind {
    /** Its owner makes another, elsewhere. */
    EVICTABLE,
    /** Its DaemonSet makes another on this node, or its kubelet runs it from a file. */
    STAYS,
    /** Nobody would make it again. */
    UNMANAGED
  }

  static Kind kind(Pod pod) {
    @Nullable Map<String, String> annotations = pod.getMetadata().getAnnotations();
    if (annotations != null && annotations.containsKey(MIRROR)) {
      return Kind.STAYS;
    }
    List<OwnerReference> owners = pod.getMetadata().getOwnerReferences();
    for (OwnerReference owner : owners) {
      if (Boolean.TRUE.equals(owner.getController())) {
        return owner.getKind().equals("DaemonSet") ? Kind.STAYS : Kind.EVICTABLE;
      }
    }
    return Kind.UNMANAGED;
  }

  /** Why each of these keeps a node from being changed. */
  static List<String> inTheWay(List<Pod> pods) {
    return pods.stream()
        .map(pod -> "pod %s uses its GPUs; %s"
            .formatted(
                name(pod),
                switch (kind(pod)) {
                  case EVICTABLE -> "wait until it is done, or drain the node";
                  case STAYS ->
                    "a drain leaves it, so remove its DaemonSet or manifest from the node";
                  case UNMANAGED ->
                    "nobody would make it again after a drain, so wait until it is done, or delete it";
                }))
        .sorted()
        .toList();
  }

  static String name(Pod pod) {
    return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
  }
}
