package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A system that partitions GPUs by itself, and the marks by which it shows on a node. Two that
 * partition one GPU undo each other's work.
 *
 * @param product the name under which people know it
 * @param labels beginnings of label keys
 * @param annotations beginnings of annotation keys
 * @param resources beginnings of names of the node's resources
 */
record GpuOwner(
    String product, List<String> labels, List<String> annotations, List<String> resources) {

  /** The systems whose marks are known. */
  static final List<GpuOwner> KNOWN = List.of(
      // nebuly-ai/nos f09d2a1c, pkg/api/nos.nebuly.com/v1alpha1: labels.go, annotations.go.
      new GpuOwner(
          "nos",
          List.of("nos.nebuly.com/gpu-partitioning"),
          List.of("nos.nebuly.com/spec-gpu", "nos.nebuly.com/status-gpu"),
          List.of()),
      // Project-HAMi/HAMi 024910e1, pkg/device/nvidia/device.go: its device plugin's registration.
      new GpuOwner("HAMi", List.of(), List.of("hami.io/node-nvidia-register"), List.of()),
      // openshift/instaslice-operator 623f603f, pkg/constants/resources.go; the other two are of
      // releases before it was renamed, 01e3ed9a, internal/controller/constants.go.
      new GpuOwner(
          "InstaSlice",
          List.of(),
          List.of(),
          List.of("mig.das.com/", "instaslice.redhat.com/", "org.instaslice/")),
      // Volcano's device plugin for vGPU, which came from HAMi's (volcano#4290).
      new GpuOwner("Volcano vGPU", List.of(), List.of("volcano.sh/node-vgpu-register"), List.of()));

  /** What on the node shows that this system owns its GPUs, e.g. {@code annotation hami.io/…}. */
  Optional<String> mark(Node node) {
    var status = node.getStatus();
    return mark("label", node.getMetadata().getLabels(), labels)
        .or(() -> mark("annotation", node.getMetadata().getAnnotations(), annotations))
        .or(() -> mark("resource", status == null ? null : status.getCapacity(), resources));
  }

  private static Optional<String> mark(
      String kind, @Nullable Map<String, ?> present, List<String> beginnings) {
    return present == null
        ? Optional.empty()
        : present.keySet().stream()
            .filter(key -> beginnings.stream().anyMatch(key::startsWith))
            .sorted()
            .map(key -> kind + " " + key)
            .findFirst();
  }
}
