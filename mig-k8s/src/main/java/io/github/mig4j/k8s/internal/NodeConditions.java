package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import java.util.Optional;

/** The conditions in a node's status. */
public final class NodeConditions {

  private NodeConditions() {}

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
}
