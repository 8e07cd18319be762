package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Some nodes as an informer last saw them, without what nobody here reads: images, addresses, managed
 * fields and foreign labels make up most of a node. Tells each version to those who follow the node.
 */
final class CachedNodes implements ItemStore<Node> {

  /** Changes with each look of feature discovery, and says nothing. */
  private static final String TIMESTAMP = "nvidia.com/gfd.timestamp";

  private final Set<String> names;
  private final String configLabel;
  private final Map<String, Node> latest = new HashMap<>();
  private final Map<String, List<ResourceEventHandler<Node>>> followers = new HashMap<>();
  private final Map<String, String> strings = new HashMap<>();

  CachedNodes(Set<String> names, String configLabel) {
    this.names = Set.copyOf(names);
    this.configLabel = configLabel;
  }

  synchronized Optional<Node> latest(String name) {
    return Optional.ofNullable(latest.get(name));
  }

  synchronized ClusterView.Following follow(String name, ResourceEventHandler<Node> listener) {
    followers.computeIfAbsent(name, key -> new ArrayList<>()).add(listener);
    latest(name).ifPresent(listener::onAdd);
    return () -> unfollow(name, listener);
  }

  private synchronized void unfollow(String name, ResourceEventHandler<Node> listener) {
    followers.computeIfPresent(name, (key, listeners) -> {
      listeners.remove(listener);
      return listeners.isEmpty() ? null : listeners;
    });
  }

  @Override
  public String getKey(Node node) {
    return node.getMetadata().getName();
  }

  @Override
  public synchronized @Nullable Node put(String name, Node node) {
    if (!names.contains(name)) {
      return null;
    }
    Node trimmed = trimmed(node);
    @Nullable Node before = latest.put(name, trimmed);
    boolean isNew = before == null
        || !before
            .getMetadata()
            .getResourceVersion()
            .equals(trimmed.getMetadata().getResourceVersion());
    if (isNew) {
      followersOf(name).forEach(listener -> listener.onAdd(trimmed));
    }
    return before;
  }

  @Override
  public synchronized @Nullable Node remove(String name) {
    @Nullable Node gone = latest.remove(name);
    if (gone != null) {
      followersOf(name).forEach(listener -> listener.onDelete(gone, false));
    }
    return gone;
  }

  private List<ResourceEventHandler<Node>> followersOf(String name) {
    return followers.getOrDefault(name, List.of());
  }

  @Override
  public synchronized Stream<String> keySet() {
    return List.copyOf(latest.keySet()).stream();
  }

  @Override
  public synchronized Stream<Node> values() {
    return List.copyOf(latest.values()).stream();
  }

  @Override
  public synchronized int size() {
    return latest.size();
  }

  @Override
  public synchronized @Nullable Node get(String name) {
    return latest.get(name);
  }

  @Override
  public boolean isFullState() {
    return false;
  }

  private Node trimmed(Node node) {
    NodeBuilder trimmed = new NodeBuilder()
        .withNewMetadata()
        .withName(node.getMetadata().getName())
        .withResourceVersion(node.getMetadata().getResourceVersion())
        .withLabels(shared(Cluster.labels(node)))
        .withAnnotations(shared(Cluster.annotations(node)))
        .endMetadata();
    if (node.getSpec() != null) {
      trimmed.withSpec(new NodeSpecBuilder()
          .withUnschedulable(node.getSpec().getUnschedulable())
          .withTaints(node.getSpec().getTaints())
          .build());
    }
    if (node.getStatus() != null) {
      trimmed
          .withNewStatus()
          .withAllocatable(resources(node.getStatus().getAllocatable()))
          .withCapacity(resources(node.getStatus().getCapacity()))
          .withConditions(readiness(node.getStatus().getConditions()))
          .endStatus();
    }
    return trimmed.build();
  }

  private Map<String, String> shared(Map<String, String> all) {
    return all.entrySet().stream()
        .filter(e -> isRead(e.getKey()))
        .collect(Collectors.toMap(e -> shared(e.getKey()), e -> value(e.getKey(), e.getValue())));
  }

  /** NVIDIA's, ours, and the marks of others who partition GPUs, but nobody's bulk. */
  private boolean isRead(String key) {
    return (key.startsWith("nvidia.com/") && !key.equals(TIMESTAMP))
        || key.startsWith(configLabel)
        || !(key.contains("kubernetes.io/")
            || key.startsWith("feature.node.")
            || key.startsWith("nvidia.com/")
            || key.startsWith("nfd."));
  }

  /** What others write may be different each time, and would never be forgotten. */
  private String value(String key, String text) {
    return key.startsWith("nvidia.com/") ? shared(text) : text;
  }

  /** Nodes of one fleet say the same. */
  private String shared(String text) {
    return strings.computeIfAbsent(text, t -> t);
  }

  private Map<String, Quantity> resources(@Nullable Map<String, Quantity> all) {
    return all == null
        ? Map.of()
        : all.entrySet().stream()
            .filter(e -> e.getKey().contains("/"))
            .collect(Collectors.toMap(e -> shared(e.getKey()), Map.Entry::getValue));
  }

  private static List<NodeCondition> readiness(@Nullable List<NodeCondition> all) {
    return all == null
        ? List.of()
        : all.stream().filter(condition -> "Ready".equals(condition.getType())).toList();
  }
}
