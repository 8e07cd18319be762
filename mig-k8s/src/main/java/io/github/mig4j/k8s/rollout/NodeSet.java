package io.github.mig4j.k8s.rollout;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Which nodes a rollout is for, and to which configuration each is to come. */
sealed interface NodeSet {

  /** The nodes and their configurations, as of now. */
  SortedMap<String, String> resolve(Cluster cluster, String config);

  /** Whether a rollout that has begun is to the same, as far as that does not change by itself. */
  default boolean isOf(SortedMap<String, String> begun, String config) {
    return true;
  }

  /** Nobody has said it yet. */
  record Undecided() implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      throw new IllegalStateException(
          "A rollout needs nodes; name them with nodes(...) or plan(...)");
    }
  }

  /** Those that have some labels. */
  record Selected(String selector) implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      String wanted = require(config);
      SortedMap<String, String> found = new TreeMap<>();
      cluster.forEachNode(selector, node -> found.put(node.getMetadata().getName(), wanted));
      return found;
    }

    @Override
    public String toString() {
      return "the selector '%s'".formatted(selector);
    }
  }

  /** These. */
  record Named(List<String> names) implements NodeSet {
    @Override
    public SortedMap<String, String> resolve(Cluster cluster, String config) {
      SortedMap<String, String> found = new TreeMap<>();
      names.forEach(name -> found.put(name, require(config)));
      return found;
    }

    @Override
    public boolean isOf(SortedMap<String, String> begun, String config) {
      return begun.keySet().equals(Set.copyOf(names));
    }

    @Override
    public String toString() {
      return some(names);
    }
  }

  /** These, each to its own. */
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
    public boolean isOf(SortedMap<String, String> begun, String config) {
      return begun.equals(configs);
    }

    @Override
    public String toString() {
      return some(
          configs.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
    }
  }

  /** As many as a message names. */
  private static String some(List<String> all) {
    String first = all.stream().sorted().limit(5).collect(Collectors.joining(", "));
    return all.size() > 5 ? "%s and %d more".formatted(first, all.size() - 5) : first;
  }

  private static String require(String config) {
    if (config.isEmpty()) {
      throw new IllegalStateException("A rollout needs a configuration; name it with config(...)");
    }
    return MigConfig.requireLabelValue(config);
  }
}
