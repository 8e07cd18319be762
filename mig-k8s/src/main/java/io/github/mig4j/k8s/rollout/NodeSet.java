package io.github.mig4j.k8s.rollout;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Which nodes a rollout changes, and the configuration for each. */
sealed interface NodeSet {

  int MAX_NAMES_SHOWN = 5;

  /** The current nodes and their configurations. */
  SortedMap<String, String> resolve(Cluster cluster, String config);

  /** Whether a recorded rollout has the same nodes; nodes of a selector may differ by now. */
  default boolean isOf(SortedMap<String, String> recorded, String config) {
    return true;
  }

  /** No nodes were chosen. */
  record Missing() implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      throw new IllegalStateException(
          "A rollout needs nodes; name them with nodes(...) or plan(...)");
    }
  }

  /** The nodes that match a label selector. */
  record Selected(String selector) implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      String desired = require(config);
      SortedMap<String, String> found = new TreeMap<>();
      cluster.forEachNode(selector, node -> found.put(node.getMetadata().getName(), desired));
      return found;
    }

    @Override
    public String toString() {
      return "the selector '%s'".formatted(selector);
    }
  }

  /** The nodes with these names. */
  record Named(List<String> names) implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      SortedMap<String, String> found = new TreeMap<>();
      names.forEach(name -> found.put(name, require(config)));
      return found;
    }

    @Override
    public boolean isOf(SortedMap<String, String> recorded, String config) {
      return recorded.keySet().equals(Set.copyOf(names));
    }

    @Override
    public String toString() {
      return some(names);
    }
  }

  /** A configuration for each node. */
  record Planned(SortedMap<String, String> configs) implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      if (!config.isEmpty()) {
        throw new IllegalStateException(
            "A plan names a configuration for each node, so config(\"%s\") must not be set"
                .formatted(config));
      }
      return configs;
    }

    @Override
    public boolean isOf(SortedMap<String, String> recorded, String config) {
      return recorded.equals(configs);
    }

    @Override
    public String toString() {
      return some(
          configs.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
    }
  }

  private static String some(List<String> all) {
    String first = all.stream().sorted().limit(MAX_NAMES_SHOWN).collect(Collectors.joining(", "));
    int more = all.size() - MAX_NAMES_SHOWN;
    return more > 0 ? "%s and %d more".formatted(first, more) : first;
  }

  private static String require(String config) {
    if (config.isEmpty()) {
      throw new IllegalStateException("A rollout needs a configuration; name it with config(...)");
    }
    return MigConfig.requireLabelValue(config);
  }
}
