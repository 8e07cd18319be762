package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.text.GpuResource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which of a node's pods use its GPUs, according to their specifications. */
public final class GpuPods {

  private static final int MAX_NAMES_SHOWN = 10;

  private static final Set<String> FINISHED = Set.of("Succeeded", "Failed");

  /** The MIG manager deletes these pods (mig-parted, pkg/mig/reconfigure/reconfigure.go). */
  private static final Set<String> VALIDATORS =
      Set.of("nvidia-cuda-validator", "nvidia-device-plugin-validator");

  private static final String MIRROR = "kubernetes.io/config.mirror";

  private GpuPods() {}

  public static boolean isOn(Pod pod, String node) {
    return pod.getSpec() != null && node.equals(pod.getSpec().getNodeName());
  }

  /** The operator's DaemonSets, and the charts of the device plugin, whose images show versions. */
  private static final Set<String> OPERANDS = Set.of(
      "nvidia-device-plugin-daemonset",
      "gpu-feature-discovery",
      "nvidia-driver-daemonset",
      "nvidia-device-plugin",
      "nvidia-mig-manager");

  /** Whether a pod is one of NVIDIA's components. */
  public static boolean isOperand(Pod pod) {
    Map<String, String> labels = orEmpty(pod.getMetadata().getLabels());
    return pod.getSpec() != null
        && (OPERANDS.contains(app(pod))
            || OPERANDS.contains(labels.getOrDefault("app.kubernetes.io/name", ""))
            || OPERANDS.contains(labels.getOrDefault("app.kubernetes.io/component", "")));
  }

  /** Pods that use GPUs or MIG devices and that the MIG manager does not stop. */
  public static List<Pod> using(List<Pod> podsOfNode) {
    return podsOfNode.stream()
        .filter(GpuPods::isRunning)
        .filter(pod -> !isStoppedByManager(pod))
        .filter(pod -> !devices(pod).isEmpty())
        .toList();
  }

  public static boolean isManager(Pod pod) {
    return app(pod).equals("nvidia-mig-manager");
  }

  /** The label {@code app}, by which the pods of one component are known; empty without a label. */
  public static String app(Pod pod) {
    return orEmpty(pod.getMetadata().getLabels()).getOrDefault("app", "");
  }

  /** Pods with resource claims. The pod alone does not say which devices they are for. */
  public static List<Pod> withClaims(List<Pod> podsOfNode) {
    return podsOfNode.stream()
        .filter(GpuPods::isRunning)
        .filter(pod -> !isStoppedByManager(pod))
        .filter(GpuPods::hasClaims)
        .toList();
  }

  /** Whether a pod has ResourceClaims, for whatever devices. */
  public static boolean hasClaims(Pod pod) {
    return !orEmpty(pod.getSpec().getResourceClaims()).isEmpty();
  }

  /** What an eviction does to a pod. */
  public enum Kind {
    /** Its controller creates another, which may run on another node. */
    EVICTABLE,
    /** Its DaemonSet creates another on this node, or its kubelet runs it from a file. */
    STAYS,
    /** No controller would recreate it. */
    UNMANAGED
  }

  public static Kind kind(Pod pod) {
    if (orEmpty(pod.getMetadata().getAnnotations()).containsKey(MIRROR)) {
      return Kind.STAYS;
    }
    for (OwnerReference owner : pod.getMetadata().getOwnerReferences()) {
      if (Boolean.TRUE.equals(owner.getController())) {
        return owner.getKind().equals("DaemonSet") ? Kind.STAYS : Kind.EVICTABLE;
      }
    }
    return Kind.UNMANAGED;
  }

  /** The pods by namespace and name, e.g. {@code ml/train-0, ml/train-1 and 3 more}. */
  public static String names(List<Pod> pods) {
    String named = pods.stream()
        .map(GpuPods::name)
        .sorted()
        .limit(MAX_NAMES_SHOWN)
        .collect(Collectors.joining(", "));
    int more = pods.size() - MAX_NAMES_SHOWN;
    return more > 0 ? "%s and %d more".formatted(named, more) : named;
  }

  /**
   * The devices that a pod uses: the sum of its containers' and sidecars', or of an init container's and
   * the sidecars' before it where that is more. A sidecar is an init container that runs until the pod
   * ends (Kubernetes 1.29 or later).
   *
   * @throws IllegalArgumentException if an amount is not a number; the API server refuses such a pod
   */
  public static SortedMap<String, Long> devices(Pod pod) {
    SortedMap<String, Long> sidecars = new TreeMap<>();
    SortedMap<String, Long> starting = new TreeMap<>();
    for (Container container : orEmpty(pod.getSpec().getInitContainers())) {
      if ("Always".equals(container.getRestartPolicy())) {
        add(pod, container, sidecars);
      } else {
        SortedMap<String, Long> together = new TreeMap<>(sidecars);
        add(pod, container, together);
        together.forEach((resource, count) -> starting.merge(resource, count, Long::max));
      }
    }
    SortedMap<String, Long> used = new TreeMap<>(sidecars);
    orEmpty(pod.getSpec().getContainers()).forEach(container -> add(pod, container, used));
    starting.forEach((resource, count) -> used.merge(resource, count, Long::max));
    return used;
  }

  private static void add(Pod pod, Container container, SortedMap<String, Long> sum) {
    devices(pod, container).forEach((resource, count) -> sum.merge(resource, count, Long::sum));
  }

  private static SortedMap<String, Long> devices(Pod pod, Container container) {
    SortedMap<String, Long> devices = new TreeMap<>();
    ResourceRequirements resources = container.getResources();
    if (resources != null) {
      Stream.of(orEmpty(resources.getRequests()), orEmpty(resources.getLimits()))
          .flatMap(amounts -> amounts.entrySet().stream())
          .filter(amount -> isGpu(amount.getKey()))
          .forEach(amount -> devices.merge(
              amount.getKey(),
              Quantities.wholeNumber(amount.getValue())
                  .orElseThrow(() -> new IllegalArgumentException(
                      "Pod %s has '%s' of %s in container %s, which is not a number of devices"
                          .formatted(
                              name(pod),
                              Quantities.text(amount.getValue()),
                              amount.getKey(),
                              container.getName()))),
              Long::max));
    }
    devices.values().removeIf(count -> count == 0);
    return devices;
  }

  public static String name(Pod pod) {
    return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
  }

  private static boolean isRunning(Pod pod) {
    return pod.getSpec() != null
        && (pod.getStatus() == null
            || pod.getStatus().getPhase() == null
            || !FINISHED.contains(pod.getStatus().getPhase()));
  }

  /** The MIG manager also stops DaemonSets whose node selector makes them its GPU clients. */
  private static boolean isStoppedByManager(Pod pod) {
    return VALIDATORS.contains(app(pod))
        || orEmpty(pod.getSpec().getNodeSelector()).containsKey(Labels.DEPLOY_CLIENT);
  }

  private static boolean isGpu(String resource) {
    return resource.startsWith(GpuResource.GPU) || resource.startsWith(GpuResource.MIG_PREFIX);
  }

  private static <V> Map<String, V> orEmpty(@Nullable Map<String, V> map) {
    return map == null ? Map.of() : map;
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }
}
