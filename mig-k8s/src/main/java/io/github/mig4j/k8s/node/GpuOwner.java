package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.Quantities;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Not API: a system that partitions GPUs by itself, and how it shows on a node. Two systems that
 * partition one GPU undo each other's work.
 *
 * @param product the name under which people know it
 * @param remedy how to change the partitions, or to take the node from the system
 * @param marks how labels, annotations or resources begin that show that the system owns the GPUs
 */
public record GpuOwner(String product, String remedy, List<String> marks) {

  private static final String LEAVE =
      "leave the node to it, or remove that product and its mark from the node";

  /** The systems whose marks are known. */
  private static final List<GpuOwner> KNOWN = List.of(
      // nebuly-ai/nos f09d2a1c, pkg/api/nos.nebuly.com/v1alpha1: labels.go, annotations.go.
      new GpuOwner(
          "nos",
          LEAVE,
          List.of(
              "label nos.nebuly.com/gpu-partitioning",
              "annotation nos.nebuly.com/spec-gpu",
              "annotation nos.nebuly.com/status-gpu")),
      // Project-HAMi/HAMi 024910e1, pkg/device/nvidia/device.go: its device plugin's registration.
      new GpuOwner("HAMi", LEAVE, List.of("annotation hami.io/node-nvidia-register")),
      // openshift/instaslice-operator 623f603f, pkg/constants/resources.go; the other two are of
      // releases before it was renamed, 01e3ed9a, internal/controller/constants.go.
      new GpuOwner(
          "InstaSlice",
          LEAVE,
          List.of(
              "resource mig.das.com/",
              "resource instaslice.redhat.com/",
              "resource org.instaslice/")),
      // Volcano's device plugin for vGPU, which came from HAMi's (volcano#4290).
      new GpuOwner("Volcano vGPU", LEAVE, List.of("annotation volcano.sh/node-vgpu-register")),
      // kubernetes/autoscaler, cloudprovider/gce: the node pool's gpuPartitionSize.
      new GpuOwner(
          "GKE",
          "set the partition size of the node pool, or use a node pool without one",
          List.of("label cloud.google.com/gke-gpu-partition-size")));

  private static final GpuOwner AKS = new GpuOwner(
      "AKS", "set gpuInstanceProfile of the node pool, or use a node pool without it", List.of());

  /** A system that owns a node's GPUs, and how that shows. */
  public record Owner(GpuOwner system, String mark) {}

  /** Every system that owns the GPUs of a node. */
  public static List<Owner> of(Node node) {
    List<Owner> owners = new ArrayList<>();
    List<String> all = shown(node);
    for (GpuOwner system : KNOWN) {
      system.marks.stream()
          .flatMap(mark -> all.stream().filter(shown -> shown.startsWith(mark)))
          .findFirst()
          .ifPresent(shown -> owners.add(new Owner(system, shown)));
    }
    aksMark(node).ifPresent(shown -> owners.add(new Owner(AKS, shown)));
    return owners;
  }

  private static List<String> shown(Node node) {
    return Stream.of(
            NodeFields.labels(node).keySet().stream().map("label "::concat),
            NodeFields.annotations(node).keySet().stream().map("annotation "::concat),
            Quantities.capacity(node).keySet().stream().map("resource "::concat))
        .flatMap(each -> each)
        .sorted()
        .toList();
  }

  /**
   * A node pool with gpuInstanceProfile has no label that says so. Its nodes offer MIG devices that no
   * MIG manager has made, since a manager would have reported a state.
   */
  private static Optional<String> aksMark(Node node) {
    Map<String, String> labels = NodeFields.labels(node);
    Optional<String> named = labels.keySet().stream()
        .filter(
            key -> key.toLowerCase(Locale.ROOT).replace("-", "").endsWith("/gpuinstanceprofile"))
        .sorted()
        .map(key -> "label " + key)
        .findFirst();
    boolean isAks =
        labels.keySet().stream().anyMatch(key -> key.startsWith("kubernetes.azure.com/"));
    boolean isCut = NodeReading.isOfDevice(node)
        || Quantities.allocatable(node).keySet().stream()
            .anyMatch(name -> MigProfile.ofResourceName(name).isPresent());
    return !isAks
        ? Optional.empty()
        : named.or(() -> isCut && !labels.containsKey(Labels.MIG_CONFIG_STATE)
            ? Optional.of("MIG without label " + Labels.MIG_CONFIG_STATE)
            : Optional.empty());
  }
}
