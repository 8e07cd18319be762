package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.Quantities;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Not API: a system that partitions GPUs by itself, and how it shows on a node. Two systems that
 * partition one GPU undo each other's work.
 *
 * @param product the name under which people know it
 * @param mark what on a node shows that the system owns its GPUs, e.g. {@code annotation hami.io/…}
 * @param remedy how to change the partitions, or to take the node from the system
 */
public record GpuOwner(String product, Function<Node, Optional<String>> mark, String remedy) {

  private static final String LEAVE =
      "leave the node to it, or remove that product and its mark from the node";

  /** The systems whose marks are known. */
  private static final List<GpuOwner> KNOWN = List.of(
      // nebuly-ai/nos f09d2a1c, pkg/api/nos.nebuly.com/v1alpha1: labels.go, annotations.go.
      new GpuOwner(
          "nos",
          node -> label(node, "nos.nebuly.com/gpu-partitioning")
              .or(() -> annotation(node, "nos.nebuly.com/spec-gpu"))
              .or(() -> annotation(node, "nos.nebuly.com/status-gpu")),
          LEAVE),
      // Project-HAMi/HAMi 024910e1, pkg/device/nvidia/device.go: its device plugin's registration.
      new GpuOwner("HAMi", node -> annotation(node, "hami.io/node-nvidia-register"), LEAVE),
      // openshift/instaslice-operator 623f603f, pkg/constants/resources.go; the other two are of
      // releases before it was renamed, 01e3ed9a, internal/controller/constants.go.
      new GpuOwner(
          "InstaSlice",
          node -> resource(node, "mig.das.com/")
              .or(() -> resource(node, "instaslice.redhat.com/"))
              .or(() -> resource(node, "org.instaslice/")),
          LEAVE),
      // Volcano's device plugin for vGPU, which came from HAMi's (volcano#4290).
      new GpuOwner(
          "Volcano vGPU", node -> annotation(node, "volcano.sh/node-vgpu-register"), LEAVE),
      // kubernetes/autoscaler, cloudprovider/gce: the node pool's gpuPartitionSize.
      new GpuOwner(
          "GKE",
          node -> label(node, "cloud.google.com/gke-gpu-partition-size"),
          "set the partition size of the node pool, or use a node pool without one"),
      new GpuOwner(
          "AKS",
          GpuOwner::aksMark,
          "set gpuInstanceProfile of the node pool, or use a node pool without it"));

  /** A system that owns a node's GPUs, and how that shows. */
  public record Owner(GpuOwner system, String mark) {}

  /** Every system that owns the GPUs of a node. */
  public static List<Owner> of(Node node) {
    return KNOWN.stream()
        .flatMap(system -> system.mark().apply(node).map(mark -> new Owner(system, mark)).stream())
        .toList();
  }

  /**
   * A node pool with gpuInstanceProfile has no label that says so. Its nodes offer MIG devices that no
   * MIG manager has made, since a manager would have reported a state.
   */
  private static Optional<String> aksMark(Node node) {
    Map<String, String> labels = Cluster.labels(node);
    Optional<String> named = labels.keySet().stream()
        .filter(
            key -> key.toLowerCase(Locale.ROOT).replace("-", "").endsWith("/gpuinstanceprofile"))
        .sorted()
        .map(key -> "label " + key)
        .findFirst();
    boolean isAks =
        labels.keySet().stream().anyMatch(key -> key.startsWith("kubernetes.azure.com/"));
    boolean isCut =
        NodeReading.isOfDevice(node) || NodeReading.offeredProfiles(node).findAny().isPresent();
    return !isAks
        ? Optional.empty()
        : named.or(() -> isCut && !labels.containsKey(Labels.MIG_CONFIG_STATE)
            ? Optional.of("MIG without label " + Labels.MIG_CONFIG_STATE)
            : Optional.empty());
  }

  private static Optional<String> label(Node node, String beginning) {
    return mark("label", Cluster.labels(node), beginning);
  }

  private static Optional<String> annotation(Node node, String beginning) {
    return mark("annotation", Cluster.annotations(node), beginning);
  }

  private static Optional<String> resource(Node node, String beginning) {
    return mark("resource", Quantities.capacity(node), beginning);
  }

  private static Optional<String> mark(String kind, Map<String, ?> present, String beginning) {
    return present.keySet().stream()
        .filter(key -> key.startsWith(beginning))
        .sorted()
        .map(key -> kind + " " + key)
        .findFirst();
  }
}
