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
 * A view of many nodes, from one watch of nodes and one of pods. Both are listed in pages; fabric8's
 * informers follow bookmarks, reconnect, and list again after a 410.
 *
 * <p>ConfigMaps and permissions are read once, so that all nodes get the same content;
 * ClusterPolicies are read again after a minute. No lock is held during a request.
 */
public final class SharedView implements ClusterView, AutoCloseable {

  private static final String NODES = "list and watch nodes";
  private static final String PODS = "list and watch pods in all namespaces";
  private static final Duration POLICY_LIFETIME = Duration.ofMinutes(1);
  private static final Duration UNLIMITED = Duration.ofDays(3650);

  private final Cluster cluster;
  private final Runnable writeCheck;
  private final CachedNodes nodes;
  private final CachedPods pods;
  private final SharedIndexInformer<Node> nodeInformer;
  private final SharedIndexInformer<Pod> podInformer;
  private final WatchRetry nodeRetry;
  private final WatchRetry podRetry;
  private final WatchPermission nodePermission;
  private final WatchPermission podPermission;
  private final SharedAnswers<String, Optional<ConfigMap>> configMaps;
  private final SharedAnswers<Object, Optional<Boolean>> reviews;
  private final SharedAnswers<String, List<GenericKubernetesResource>> policies =
      new SharedAnswers<>(POLICY_LIFETIME);
  private final Map<String, String> written = new ConcurrentHashMap<>();

  /**
   * Creates a view that {@link #start} fills.
   *
   * @param names the nodes to keep
   * @param writeCheck called before each write; throws if this process may no longer write
   */
  public SharedView(Cluster cluster, Set<String> names, Runnable writeCheck) {
    this(
        cluster,
        new CachedNodes(names),
        new CachedPods(names),
        writeCheck,
        UNLIMITED,
        new WatchRetry(),
        new WatchRetry());
  }

  /**
   * Creates a view of every node with GPUs and of every pod that concerns GPUs, which {@link #start}
   * fills. It reads ConfigMaps each time, since it may be used for months. A watch that is forbidden is
   * repeated until it is allowed, except that of nodes at the start.
   *
   * @param writeCheck called before each write; throws if this process may no longer write
   * @param listener receives the name of each node that is new, changed or gone, or whose pods change;
   *     {@code ""} for pods without a node
   */
  public static SharedView ofAll(Cluster cluster, Runnable writeCheck, Consumer<String> listener) {
    return new SharedView(
        cluster,
        new CachedNodes(NodeFields::hasGpu, listener),
        new CachedPods(any -> true, listener),
        writeCheck,
        Duration.ZERO,
        WatchRetry.patientOnceStarted(),
        WatchRetry.patient());
  }

  private SharedView(
      Cluster cluster,
      CachedNodes nodes,
      CachedPods pods,
      Runnable writeCheck,
      Duration answerLifetime,
      WatchRetry nodeRetry,
      WatchRetry podRetry) {
    this.cluster = cluster;
    this.nodeRetry = nodeRetry;
    this.podRetry = podRetry;
    this.writeCheck = writeCheck;
    this.nodes = nodes;
    this.pods = pods;
    this.configMaps = new SharedAnswers<>(answerLifetime);
    this.reviews = new SharedAnswers<>(answerLifetime.isZero() ? POLICY_LIFETIME : answerLifetime);
    this.nodeInformer = cluster
        .client()
        .nodes()
        .withLimit(Cluster.PAGE_SIZE)
        .runnableInformer(0)
        .removeNamespaceIndex()
        .itemStore(nodes)
        .exceptionHandler(nodeRetry);
    this.podInformer = cluster
        .client()
        .pods()
        .inAnyNamespace()
        .withLimit(Cluster.PAGE_SIZE)
        .runnableInformer(0)
        .removeNamespaceIndex()
        .itemStore(pods)
        .exceptionHandler(podRetry);
    this.nodePermission =
        new WatchPermission(cluster, NODES, "nodes", Optional.empty(), nodeRetry, nodeInformer);
    this.podPermission =
        new WatchPermission(cluster, PODS, "pods", Optional.empty(), podRetry, podInformer);
  }

  /** Every node of this view, as it was last seen. */
  public List<Node> cachedNodes() {
    return nodes.values().toList();
  }

  /** Starts both watches, and returns when each list is complete or waits for a permission. */
  public void start(Duration timeout) throws InterruptedException {
    cluster.await(NODES, nodeRetry.startedOrRefused(nodeInformer), timeout);
    cluster.await(PODS, podRetry.startedOrRefused(podInformer), timeout);
  }

  /** The request that is forbidden, so that the nodes may have changed since; empty if it is allowed. */
  public Optional<String> forbiddenNodes() {
    return nodePermission.forbidden();
  }

  /** The request that is forbidden, so that the pods may have changed since; empty if it is allowed. */
  public Optional<String> forbiddenPods() {
    return podPermission.forbidden();
  }

  /** Calls the listener if a watch fails and is not repeated, e.g. because it is no longer allowed. */
  public void onEnd(Consumer<RuntimeException> listener) {
    cluster.onFailure(NODES, nodeInformer.stopped(), listener);
    cluster.onFailure(PODS, podInformer.stopped(), listener);
  }

  @Override
  public void close() {
    nodeInformer.close();
    podInformer.close();
  }

  /** Sends a request while the watch has not delivered this client's last write of the node. */
  @Override
  public Optional<Node> node(String name) {
    Optional<Node> seen = nodes.latest(name);
    String expected = written.get(name);
    if (expected == null) {
      return seen;
    }
    if (seen.isPresent() && expected.equals(version(seen.get()))) {
      written.remove(name, expected);
      return seen;
    }
    Optional<Node> now = cluster.node(name);
    if (seen.map(SharedView::version).equals(now.map(SharedView::version))) {
      // Another client wrote after this one, and the watch has delivered that.
      written.remove(name, expected);
    }
    return now;
  }

  private static String version(Node node) {
    return node.getMetadata().getResourceVersion();
  }

  @Override
  public void beforeWrite() {
    writeCheck.run();
  }

  @Override
  public void wrote(Node after) {
    written.put(after.getMetadata().getName(), version(after));
  }

  /** As {@link #pods}, without a request. */
  public List<Pod> cachedPods(String node) {
    return pods.of(node);
  }

  /** Lists them while the watch is disconnected: a node must not look idle because of a stale cache. */
  @Override
  public List<Pod> pods(String node) {
    return podInformer.isWatching() ? pods.of(node) : cluster.podsOnNode(node);
  }

  @Override
  public List<Pod> managerPods(String node) {
    List<Pod> known = podRetry.isRefused() ? pods(node) : pods.of(node);
    return known.stream().filter(GpuPods::isManager).toList();
  }

  @Override
  public List<GenericKubernetesResource> clusterPolicies() {
    return policies.get("clusterpolicies", cluster::clusterPolicies);
  }

  @Override
  public Optional<ConfigMap> configMap(String namespace, String name) {
    return configMaps.get(namespace + "/" + name, () -> cluster.configMap(namespace, name));
  }

  @Override
  public Optional<Boolean> mayI(SelfSubjectAccessReview review) {
    return reviews.get(review.getSpec(), () -> cluster.mayI(review));
  }

  @Override
  public Following follow(String node, ResourceEventHandler<Node> listener, Duration timeout) {
    return nodes.follow(node, listener);
  }
}
