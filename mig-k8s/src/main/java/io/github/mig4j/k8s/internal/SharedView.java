package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Many nodes seen by one watch of nodes and one of pods, whatever is asked about them. Both are
 * listed in pages; fabric8's informers follow bookmarks, reconnect, and list again after a 410.
 *
 * <p>ConfigMaps and permissions are as they were when they were first asked for, so that all nodes
 * get the same content; ClusterPolicies are read again once a minute.
 */
public final class SharedView implements ClusterView, AutoCloseable {

  private static final String NODES = "list and watch nodes";
  private static final String PODS = "list and watch pods in all namespaces";
  private static final long PAGE = 500;
  private static final Duration POLICIES_HOLD = Duration.ofMinutes(1);

  private final Cluster cluster;
  private final Runnable right;
  private final CachedNodes nodes;
  private final CachedPods pods;
  private final SharedIndexInformer<Node> nodeInformer;
  private final SharedIndexInformer<Pod> podInformer;
  private final Map<String, Optional<ConfigMap>> configMaps = new ConcurrentHashMap<>();
  private final Map<Object, Optional<Boolean>> reviews = new ConcurrentHashMap<>();
  private final Map<String, String> written = new ConcurrentHashMap<>();
  private List<GenericKubernetesResource> policies = List.of();
  private long policiesUntil = System.nanoTime();

  /**
   * Prepares to look; {@link #start} begins.
   *
   * @param names the nodes that matter
   * @param right called before each write; throws if that is no longer this process's part
   */
  public SharedView(Cluster cluster, Set<String> names, Runnable right) {
    this.cluster = cluster;
    this.right = right;
    this.nodes = new CachedNodes(names, cluster.settings().configLabel());
    this.pods = new CachedPods(names);
    this.nodeInformer = cluster
        .client()
        .nodes()
        .withLimit(PAGE)
        .runnableInformer(0)
        .removeNamespaceIndex()
        .itemStore(nodes)
        .exceptionHandler((started, failure) -> Cluster.mayPass(failure));
    this.podInformer = cluster
        .client()
        .pods()
        .inAnyNamespace()
        .withLimit(PAGE)
        .runnableInformer(0)
        .removeNamespaceIndex()
        .itemStore(pods)
        .exceptionHandler((started, failure) -> Cluster.mayPass(failure));
  }

  /** Returns once everything has been listed. */
  public void start(Duration patience) throws InterruptedException {
    cluster.await(NODES, nodeInformer.start(), patience);
    cluster.await(PODS, podInformer.start(), patience);
  }

  /** Tells if nothing more will be seen, e.g. since the right to watch was taken away. */
  public void onEnd(Consumer<RuntimeException> listener) {
    cluster.onFailure(NODES, nodeInformer.stopped(), listener);
    cluster.onFailure(PODS, podInformer.stopped(), listener);
  }

  @Override
  public void close() {
    nodeInformer.close();
    podInformer.close();
  }

  /** Read by itself for as long as the watch has not told a write of ours. */
  @Override
  public Optional<Node> node(String name) {
    Optional<Node> seen = nodes.latest(name);
    String expected = written.get(name);
    if (expected == null) {
      return seen;
    }
    if (seen.isPresent() && expected.equals(seen.get().getMetadata().getResourceVersion())) {
      written.remove(name, expected);
      return seen;
    }
    return cluster.node(name);
  }

  @Override
  public void beforeWrite() {
    right.run();
  }

  @Override
  public void wrote(Node after) {
    written.put(after.getMetadata().getName(), after.getMetadata().getResourceVersion());
  }

  /** As {@link #pods}, without a request. */
  public List<Pod> seenPods(String node) {
    return pods.of(node);
  }

  /** Whether a node is idle must not rest on a watch that is away, so then they are listed. */
  @Override
  public List<Pod> pods(String node) {
    return podInformer.isWatching() ? pods.of(node) : cluster.podsOnNode(node);
  }

  @Override
  public List<Pod> managerPods(String node) {
    return pods.of(node).stream().filter(CachedPods::isManager).toList();
  }

  @Override
  public synchronized List<GenericKubernetesResource> clusterPolicies() {
    if (System.nanoTime() - policiesUntil >= 0) {
      policies = cluster.clusterPolicies();
      policiesUntil = System.nanoTime() + POLICIES_HOLD.toNanos();
    }
    return policies;
  }

  @Override
  public Optional<ConfigMap> configMap(String namespace, String name) {
    return configMaps.computeIfAbsent(
        namespace + "/" + name, key -> cluster.configMap(namespace, name));
  }

  @Override
  public Optional<Boolean> mayI(SelfSubjectAccessReview asked) {
    return reviews.computeIfAbsent(asked.getSpec(), key -> cluster.mayI(asked));
  }

  @Override
  public Following follow(String node, ResourceEventHandler<Node> listener, Duration patience) {
    return nodes.follow(node, listener);
  }
}
