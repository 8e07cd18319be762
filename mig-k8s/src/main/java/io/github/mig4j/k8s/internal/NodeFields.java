package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.node.NodeGpu;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/** What node objects have; a part that is absent is read as an empty one. */
public final class NodeFields {

  private NodeFields() {}

  /** The condition {@code Ready}; empty if the kubelet has not reported one. */
  public static Optional<NodeCondition> ready(Node node) {
    if (node.getStatus() == null || node.getStatus().getConditions() == null) {
      return Optional.empty();
    }
    return node.getStatus().getConditions().stream()
        .filter(condition -> "Ready".equals(condition.getType()))
        .findFirst();
  }

  /** Whether the condition {@code Ready} is true; empty if the kubelet has not reported one. */
  public static Optional<Boolean> isReady(Node node) {
    return ready(node).map(condition -> "True".equals(condition.getStatus()));
  }

  public static Map<String, String> labels(Node node) {
    return Objects.requireNonNullElse(node.getMetadata().getLabels(), Map.of());
  }

  public static boolean isSameVersion(Node one, Node other) {
    return Objects.equals(
        one.getMetadata().getResourceVersion(), other.getMetadata().getResourceVersion());
  }

  /** The number in a label; empty if there is no such label, or it is no number. */
  public static OptionalInt number(Map<String, String> labels, String label) {
    String text = labels.getOrDefault(label, "");
    return text.matches("[0-9]{1,9}")
        ? OptionalInt.of(Integer.parseInt(text))
        : OptionalInt.empty();
  }

  /**
   * What feature discovery counts: GPUs or, under strategy single, MIG devices. 0 if it does not count
   * them, or more than a node can have.
   */
  public static int gpuCount(Node node) {
    int count = number(labels(node), Labels.GPU_COUNT).orElse(0);
    return count <= NodeGpu.MAX_PER_NODE ? count : 0;
  }

  /** Whether the labels name an NVIDIA GPU. */
  public static boolean hasGpu(Node node) {
    return labels(node).containsKey(Labels.GPU_PRESENT)
        || labels(node).containsKey(Labels.GPU_PRODUCT);
  }

  public static Map<String, String> annotations(Node node) {
    return Objects.requireNonNullElse(node.getMetadata().getAnnotations(), Map.of());
  }

  /** The record in an annotation; empty if there is none, or it cannot be read. */
  static <T> Optional<T> record(Node node, String annotation, Class<T> type) {
    String text = annotations(node).getOrDefault(annotation, "");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Serialization.unmarshal(text, type));
    } catch (RuntimeException unreadable) {
      return Optional.empty();
    }
  }

  public static boolean isCordoned(Node node) {
    return node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
  }
}
