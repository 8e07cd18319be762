package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Some nodes as an informer last saw them, and the listeners that receive each version of a node.
 * What no check reads is dropped: images, addresses and managed fields are most of a node.
 */
final class CachedNodes extends BasicItemStore<Node> {

  /** Feature discovery writes a new value at each run. */
  private static final String DISCOVERY_TIMESTAMP = "nvidia.com/gfd.timestamp";

  /** Keys that repeat other parts of the node, and are large. */
  private static final Set<String> COPIES = Set.of(
      "kubectl.kubernetes.io/last-applied-configuration",
      "nfd.node.kubernetes.io/feature-labels",
      "nfd.node.kubernetes.io/extended-resources");

  private final Predicate<Node> isKept;
  private final Consumer<String> listener;
  private final Map<String, List<ResourceEventHandler<Node>>> followers = new HashMap<>();
  private final Map<String, String> strings = new HashMap<>();

  CachedNodes(Set<String> names) {
    this(node -> names.contains(node.getMetadata().getName()), any -> {});
  }

  /**
   * A cache of the nodes that have a property.
   *
   * @param listener receives the name of each node that is new, changed or gone
   */
  CachedNodes(Predicate<Node> isKept, Consumer<String> listener) {
    super(Cache::metaNamespaceKeyFunc);
    this.isKept = isKept;
    this.listener = listener;
  }

  Optional<Node> latest(String name) {
    return Optional.ofNullable(get(name));
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
  public synchronized @Nullable Node put(String name, Node node) {
    if (!isKept.test(node)) {
      return remove(name);
    }
    Node trimmed = trimmed(node);
    @Nullable Node before = super.put(name, trimmed);
    boolean isNew = before == null || !NodeFields.isSameVersion(before, trimmed);
    if (isNew) {
      followersOf(name).forEach(each -> each.onAdd(trimmed));
      listener.accept(name);
    }
    return before;
  }

  @Override
  public synchronized @Nullable Node remove(String name) {
    @Nullable Node removed = super.remove(name);
    if (removed != null) {
      followersOf(name).forEach(each -> each.onDelete(removed, false));
      listener.accept(name);
    }
    return removed;
  }

  private List<ResourceEventHandler<Node>> followersOf(String name) {
    return followers.getOrDefault(name, List.of());
  }

  @Override
  public boolean isFullState() {
    return false;
  }

  private Node trimmed(Node node) {
    NodeBuilder trimmed = new NodeBuilder()
        .withNewMetadata()
        .withName(node.getMetadata().getName())
        .withUid(node.getMetadata().getUid())
        .withResourceVersion(node.getMetadata().getResourceVersion())
        .withLabels(shared(NodeFields.labels(node)))
        .withAnnotations(shared(NodeFields.annotations(node)))
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
          .withConditions(NodeFields.ready(node).stream().toList())
          .endStatus();
    }
    return trimmed.build();
  }

  private Map<String, String> shared(Map<String, String> all) {
    return all.entrySet().stream()
        .filter(e -> isKept(e.getKey()))
        .collect(Collectors.toMap(e -> shared(e.getKey()), e -> value(e.getKey(), e.getValue())));
  }

  /** Every label is kept, so that a check sees in a rollout what it sees on a single node. */
  private static boolean isKept(String key) {
    return !key.equals(DISCOVERY_TIMESTAMP) && !COPIES.contains(key);
  }

  /** Other values may differ from node to node, and a shared text is never released. */
  private String value(String key, String text) {
    return key.startsWith("nvidia.com/") || key.startsWith("feature.node.") ? shared(text) : text;
  }

  /** The nodes of one fleet have equal texts, of which one copy is enough. */
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
}
