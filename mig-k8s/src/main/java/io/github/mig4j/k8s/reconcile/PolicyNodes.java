package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.JsonForm;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The nodes of a policy: those that have all of some labels, and those with some names. Nodes without an
 * NVIDIA GPU never belong to a policy.
 *
 * @param labels values by key; a node must have all of them; empty if no node is chosen by its labels
 * @param names names of nodes
 */
public record PolicyNodes(SortedMap<String, String> labels, List<String> names)
    implements JsonForm {

  public PolicyNodes {
    Objects.requireNonNull(labels, "labels");
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    names = List.copyOf(Objects.requireNonNull(names, "names"));
    if (labels.isEmpty() && names.isEmpty()) {
      throw new IllegalArgumentException("A policy needs nodes, but has neither labels nor names");
    }
  }

  /**
   * {@return the nodes that have labels}
   *
   * @param labels values by key, at least one
   */
  public static PolicyNodes withLabels(Map<String, String> labels) {
    Objects.requireNonNull(labels, "labels");
    return new PolicyNodes(new TreeMap<>(labels), List.of());
  }

  /**
   * {@return the nodes with names}
   *
   * @param names the names, at least one
   */
  public static PolicyNodes named(String... names) {
    Objects.requireNonNull(names, "names");
    return new PolicyNodes(Collections.emptySortedMap(), List.of(names));
  }

  /**
   * {@return whether a node is one of these: its name is listed, or it has all labels}
   *
   * @param name its name
   * @param nodeLabels its labels
   */
  public boolean contains(String name, Map<String, String> nodeLabels) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(nodeLabels, "nodeLabels");
    return names.contains(name)
        || (!labels.isEmpty() && nodeLabels.entrySet().containsAll(labels.entrySet()));
  }

  boolean contains(Node node) {
    Map<String, String> own = node.getMetadata().getLabels();
    return contains(node.getMetadata().getName(), own == null ? Map.of() : own);
  }

  /** Whether a node can have the labels of both. */
  boolean canShareLabels(PolicyNodes other) {
    return !labels.isEmpty()
        && !other.labels.isEmpty()
        && labels.entrySet().stream()
            .allMatch(label -> other
                .labels
                .getOrDefault(label.getKey(), label.getValue())
                .equals(label.getValue()));
  }

  @Override
  public Map<String, Object> toJson() {
    return PolicyWriter.tree(this);
  }

  /** The labels and names, e.g. {@code pool=inference, gpu-node-7}. */
  @Override
  public String toString() {
    String selector = labels.entrySet().stream()
        .map(label -> label.getKey() + "=" + label.getValue())
        .collect(Collectors.joining(","));
    String listed = String.join(", ", names);
    return selector.isEmpty() || listed.isEmpty() ? selector + listed : selector + ", " + listed;
  }
}
