package io.github.mig4j.k8s.internal;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.StatusDetails;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewStatus;
import io.fabric8.kubernetes.api.model.policy.v1.Eviction;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** The requests of this package, with failures turned into exceptions that name a remedy. */
public final class Cluster {

  /** A write loses at most this often against other writers before it gives up. */
  private static final int ATTEMPTS = 16;

  /** Objects in one answer, as kubectl asks for. */
  private static final long PAGE = 500;

  private static final int TOO_MANY_REQUESTS = 429;

  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
  private static final PatchContext JSON = PatchContext.of(PatchType.JSON);

  private final KubernetesClient client;
  private final MigSettings settings;
  private final ClusterView outlook;

  public Cluster(KubernetesClient client, MigSettings settings) {
    this.client = client;
    this.settings = settings;
    this.outlook = new DirectView(this);
  }

  private Cluster(KubernetesClient client, MigSettings settings, ClusterView outlook) {
    this.client = client;
    this.settings = settings;
    this.outlook = outlook;
  }

  /** The same cluster, of which checks and waits see what others see as well. */
  public Cluster with(ClusterView shared) {
    return new Cluster(client, settings, shared);
  }

  /** How checks and waits see it. The other methods of this class ask the API server. */
  public ClusterView outlook() {
    return outlook;
  }

  /** Changes the ClusterPolicy; as {@link #patch(NodePatch)}. */
  public void patchClusterPolicy(MergePatch patch) {
    call(
        "patch clusterpolicy " + patch.name(),
        () -> client
            .genericKubernetesResources(ClusterPolicies.CONTEXT)
            .withName(patch.name())
            .patch(MERGE, patch.json()));
  }

  public KubernetesClient client() {
    return client;
  }

  public MigSettings settings() {
    return settings;
  }

  /**
   * The configured namespace, the one in which MIG manager pods run, or the one that the ClusterPolicy
   * names.
   */
  public String operatorNamespace() {
    return settings.operatorNamespace().orElseGet(() -> {
      List<Pod> managers = managerPods();
      return managers.isEmpty()
          ? clusterPolicy()
              .flatMap(ClusterPolicies::namespace)
              .orElse(MigSettings.DEFAULT_NAMESPACE)
          : namespaceOf(managers);
    });
  }

  /** As {@link #operatorNamespace()}, where the MIG manager pods are known. */
  public String operatorNamespace(List<Pod> managerPods) {
    return settings.operatorNamespace().orElseGet(() -> namespaceOf(managerPods));
  }

  /**
   * As {@link #operatorNamespace()}, where the policy is known. It names the namespace also in a
   * cluster without MIG manager pods.
   */
  public String operatorNamespace(Optional<GenericKubernetesResource> policy) {
    return settings
        .operatorNamespace()
        .or(() -> policy.flatMap(ClusterPolicies::namespace))
        .orElseGet(this::operatorNamespace);
  }

  private static String namespaceOf(List<Pod> managerPods) {
    return managerPods.stream()
        .map(pod -> pod.getMetadata().getNamespace())
        .sorted()
        .findFirst()
        .orElse(MigSettings.DEFAULT_NAMESPACE);
  }

  public List<Pod> managerPods() {
    return call(
        "list pods with label app=nvidia-mig-manager in all namespaces",
        () -> client
            .pods()
            .inAnyNamespace()
            .withLabel("app", "nvidia-mig-manager")
            .list()
            .getItems());
  }

  public List<Pod> podsOnNode(String node) {
    return call(
            "list pods of node %s in all namespaces".formatted(node),
            () -> podsBoundTo(node).list().getItems())
        .stream()
        .filter(pod -> isOn(pod, node))
        .toList();
  }

  /** Whether this client may do something; empty if the API server does not say. */
  public Optional<Boolean> mayI(SelfSubjectAccessReview asked) {
    try {
      return Optional.ofNullable(call(
                  "create selfsubjectaccessreviews.authorization.k8s.io",
                  () -> client.authorization().v1().selfSubjectAccessReview().create(asked))
              .getStatus())
          .map(SubjectAccessReviewStatus::getAllowed);
    } catch (MigClusterException | MigConflictException unanswered) {
      return Optional.empty();
    }
  }

  public Optional<Node> node(String name) {
    return Optional.ofNullable(
        call("get node " + name, () -> client.nodes().withName(name).get()));
  }

  /** The nodes that have a GPU label, read in pages. */
  public List<Node> gpuNodes() {
    List<Node> found = new ArrayList<>();
    forEachNode("", node -> {
      if (labels(node).containsKey(Labels.GPU_PRESENT)
          || labels(node).containsKey(Labels.GPU_PRODUCT)) {
        found.add(node);
      }
    });
    return found;
  }

  /**
   * Reads nodes in pages, of which only one is held at a time.
   *
   * @param selector labels as kubectl takes them; empty for all nodes
   */
  public void forEachNode(String selector, Consumer<Node> consumer) {
    if (selector.isEmpty()) {
      inPages("list nodes", options -> client.nodes().list(options), consumer);
    } else {
      inPages(
          "list nodes with " + selector,
          options -> client.nodes().withLabelSelector(selector).list(options),
          consumer);
    }
  }

  /** The pods of all namespaces, read in pages. */
  public List<Pod> allPods() {
    List<Pod> found = new ArrayList<>();
    inPages(
        "list pods in all namespaces",
        options -> client.pods().inAnyNamespace().list(options),
        found::add);
    return found;
  }

  private <T extends HasMetadata> void inPages(
      String what,
      Function<ListOptions, ? extends KubernetesResourceList<T>> list,
      Consumer<T> consumer) {
    String next = "";
    do {
      ListOptions options = new ListOptionsBuilder()
          .withLimit(PAGE)
          .withContinue(next.isEmpty() ? null : next)
          .build();
      KubernetesResourceList<T> page = call(what, () -> list.apply(options));
      page.getItems().forEach(consumer);
      next = Objects.requireNonNullElse(page.getMetadata().getContinue(), "");
    } while (!next.isEmpty());
  }

  /** A ConfigMap; empty if there is none. */
  public Optional<ConfigMap> configMap(String namespace, String name) {
    return Optional.ofNullable(call(
        "get configmap %s/%s".formatted(namespace, name),
        () -> client.configMaps().inNamespace(namespace).withName(name).get()));
  }

  public Node requireNode(String name) {
    return node(name)
        .orElseThrow(() -> new MigRefusedException(
            "Node " + name, List.of("there is no such node; see 'kubectl get nodes'")));
  }

  /** Waits for what a request starts. {@code what} is as in {@link #call}. */
  public void await(String what, CompletionStage<?> started, Duration patience)
      throws InterruptedException {
    try {
      Object unused = started.toCompletableFuture().get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw failure(what, KubernetesClientException.launderThrowable(e.getCause()));
    } catch (TimeoutException e) {
      throw new MigClusterException(
          "No answer from the API server %s within %s, to %s. Check the address in the kubeconfig's current context"
              .formatted(client.getMasterUrl(), DurationText.of(patience), what),
          e);
    }
  }

  /** Tells if what was started by a request ends by a failure. {@code what} is as in {@link #call}. */
  public void onFailure(
      String what, CompletionStage<?> started, Consumer<RuntimeException> listener) {
    Object unused = started.whenComplete((none, failure) -> {
      if (failure != null) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        listener.accept(failure(what, KubernetesClientException.launderThrowable(cause)));
      }
    });
  }

  /**
   * Changes a node, on the version of it that the patch was computed from.
   *
   * @throws MigConflictException if the node has changed since
   */
  public Node patch(NodePatch patch) {
    String name = patch.node().getMetadata().getName();
    outlook.beforeWrite();
    // By name alone, fabric8 would read the node first.
    Node after = call(
        "patch node " + name,
        () -> client.nodes().resource(patch.node()).patch(JSON, patch.json()));
    outlook.wrote(after);
    return after;
  }

  /** The pods that are bound to a node, of all namespaces. */
  public FilterWatchListDeletable<Pod, PodList, PodResource> podsBoundTo(String node) {
    return client.pods().inAnyNamespace().withField("spec.nodeName", node);
  }

  /**
   * Asks for a pod to be evicted.
   *
   * @return false if its disruption budget does not allow it now
   */
  public boolean evict(Pod pod) {
    String namespace = pod.getMetadata().getNamespace();
    String name = pod.getMetadata().getName();
    outlook.beforeWrite();
    Eviction eviction = new EvictionBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName(name)
        .endMetadata()
        .withDeleteOptions(new DeleteOptionsBuilder()
            .withNewPreconditions()
            .withUid(pod.getMetadata().getUid())
            .endPreconditions()
            .build())
        .build();
    return call("evict pod %s/%s".formatted(namespace, name), () -> {
      try {
        return withoutRepetition()
            .client
            .pods()
            .inNamespace(namespace)
            .withName(name)
            .evict(eviction);
      } catch (KubernetesClientException e) {
        // Gone, or another pod of that name by now.
        if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
            || e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
          return true;
        }
        throw e;
      }
    });
  }

  /** The operator's custom resource that counts; empty if there is none. */
  public Optional<GenericKubernetesResource> clusterPolicy() {
    return clusterPolicies().stream().findFirst();
  }

  /** The one that counts first; empty if there is none or the kind is not installed. */
  public List<GenericKubernetesResource> clusterPolicies() {
    return call("list clusterpolicies.nvidia.com", () -> {
      try {
        return client.genericKubernetesResources(ClusterPolicies.CONTEXT).list().getItems().stream()
            .sorted(ClusterPolicies.BY_PRECEDENCE)
            .toList();
      } catch (KubernetesClientException e) {
        if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
          return List.of();
        }
        throw e;
      }
    });
  }

  /** The same cluster, asked once; the Kubernetes client repeats what is answered 429 or 5xx. */
  public Cluster withoutRepetition() {
    RequestConfig once = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
        .withRequestRetryBackoffLimit(0)
        .build();
    Cluster other = new Cluster(client.newClient(once).adapt(KubernetesClient.class), settings);
    return outlook instanceof DirectView ? other : other.with(outlook);
  }

  /** The MIG manager's pods of a namespace. */
  public FilterWatchListDeletable<Pod, PodList, PodResource> managerPodsIn(String namespace) {
    return client.pods().inNamespace(namespace).withLabel("app", "nvidia-mig-manager");
  }

  /** The MIG manager's pods on a node. */
  public List<Pod> managerPods(String node) {
    return managerPods().stream().filter(pod -> isOn(pod, node)).toList();
  }

  /** Deletes this very pod; one of the same name that was made since stays. */
  public void delete(Pod pod) {
    String namespace = pod.getMetadata().getNamespace();
    String name = pod.getMetadata().getName();
    List<StatusDetails> unused = call(
        "delete pod %s/%s".formatted(namespace, name),
        () -> client
            .pods()
            .inNamespace(namespace)
            .withName(name)
            .lockResourceVersion(pod.getMetadata().getResourceVersion())
            .delete());
  }

  /** The configured identity, or one that nobody else has. */
  public String identity() {
    return settings
        .identity()
        .orElseGet(() -> "%s-%s"
            .formatted(
                System.getenv().getOrDefault("HOSTNAME", "mig4j"),
                UUID.randomUUID().toString().substring(0, 8)));
  }

  /** Repeats a read-change-write cycle for as long as somebody else was faster. */
  public <T> T onLatestVersion(Supplier<T> cycle) {
    for (int attempt = 1; ; attempt++) {
      try {
        return cycle.get();
      } catch (MigConflictException lost) {
        if (attempt == ATTEMPTS || !isStaleVersion(lost)) {
          throw lost;
        }
      }
    }
  }

  /** Only the API server's 409 has a cause; to other conflicts a second look changes nothing. */
  private static boolean isStaleVersion(MigConflictException lost) {
    return lost.getCause() != null;
  }

  /** As {@link #onLatestVersion(Supplier)}. */
  public void onLatestVersion(Runnable cycle) {
    onLatestVersion(() -> {
      cycle.run();
      return true;
    });
  }

  /** Sends a request. {@code what} is a verb and its object, for messages. */
  public <T> T call(String what, Supplier<T> request) {
    try {
      return request.get();
    } catch (KubernetesClientException e) {
      throw failure(what, e);
    }
  }

  private RuntimeException failure(String what, RuntimeException e) {
    if (rootCause(e) instanceof InterruptedException) {
      Thread.currentThread().interrupt();
      return new CancellationException("Interrupted, to " + what);
    }
    int code =
        e instanceof KubernetesClientException answered ? Math.max(0, answered.getCode()) : 0;
    return switch (code) {
      case HttpURLConnection.HTTP_FORBIDDEN -> MigClusterException.forbidden(what, e);
      case HttpURLConnection.HTTP_UNAUTHORIZED ->
        new MigClusterException(
            "The API server %s does not accept these credentials, to %s. Log in again or check the kubeconfig's user"
                .formatted(client.getMasterUrl(), what),
            e);
      case HttpURLConnection.HTTP_CONFLICT ->
        new MigConflictException(
            "Could not %s: others kept changing it. Try again".formatted(what), e);
      case 0 ->
        new MigClusterException(
            "No answer from the API server %s, to %s (%s). Check the address in the kubeconfig's current context"
                .formatted(client.getMasterUrl(), what, describe(rootCause(e))),
            e);
      case HttpURLConnection.HTTP_NOT_FOUND ->
        new MigClusterException(
            "The API server knows no place to %s. If the GPU Operator is in another namespace, set MigSettings.operatorNamespace"
                .formatted(what),
            e);
      default ->
        new MigClusterException(
            "The API server refused to %s: %d %s".formatted(what, code, e.getMessage()), e);
    };
  }

  public static Map<String, String> labels(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }

  /** The text under a key of a ConfigMap; empty if it has none. */
  public static String data(ConfigMap map, String key) {
    Map<String, String> data = map.getData();
    return data == null ? "" : data.getOrDefault(key, "");
  }

  /** All texts of a ConfigMap by key. */
  public static SortedMap<String, String> texts(ConfigMap map) {
    return map.getData() == null ? new TreeMap<>() : new TreeMap<>(map.getData());
  }

  /** The number in a label of a node; 0 if it has none. */
  public static int number(Node node, String label) {
    String text = labels(node).getOrDefault(label, "");
    return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
  }

  public static Map<String, String> annotations(Node node) {
    Map<String, String> annotations = node.getMetadata().getAnnotations();
    return annotations == null ? Map.of() : annotations;
  }

  public static boolean isCordoned(Node node) {
    return node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable());
  }

  public static boolean isOn(Pod pod, String node) {
    return pod.getSpec() != null && node.equals(pod.getSpec().getNodeName());
  }

  /**
   * Whether a watch that failed should be tried again: the API server did not answer, has too much
   * to do, or no longer has the version to start from.
   */
  public static boolean mayPass(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof KubernetesClientException answered && answered.getCode() > 0) {
        int code = answered.getCode();
        return code == HttpURLConnection.HTTP_GONE
            || code == TOO_MANY_REQUESTS
            || code >= HttpURLConnection.HTTP_INTERNAL_ERROR;
      }
    }
    return true;
  }

  private static Throwable rootCause(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private static String describe(Throwable e) {
    return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
  }
}
