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
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
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
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import java.net.HttpURLConnection;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Requests to the API server, whose failures are exceptions that name a remedy. */
public final class Cluster {

  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);
  private static final int MAX_CONFLICTS = 16;

  /** Objects in one answer, as in kubectl. */
  static final long PAGE_SIZE = 500;

  private static final Pattern VERB_AND_KIND = Pattern.compile("^\\S+ \\S+");

  /** For how long a 403 is repeated if a request of this kind was allowed before. */
  public static final Duration FORBIDDEN_RETRY = Duration.ofSeconds(5);

  /** When to repeat a request where the API server does not say it. */
  static final Duration RETRY = Duration.ofSeconds(5);

  private static final Duration FORBIDDEN_RETRY_INTERVAL = Duration.ofMillis(500);
  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
  private static final PatchContext JSON = PatchContext.of(PatchType.JSON);

  private final KubernetesClient client;
  private final MigSettings settings;
  private final ClusterView view;

  /** Kinds of requests that were allowed before. */
  private final Set<String> allowed;

  private final Memory memory;

  /**
   * What a client keeps between its requests: its name, if its settings have no identity, and the last
   * answer about each change that is refused now, so that it reports the same answer once.
   */
  public static final class Memory {
    private final String name = uniqueName();
    private final AtomicInteger requests = new AtomicInteger();
    private final Map<String, String> last = new ConcurrentHashMap<>();

    /** Whether the last answer about this change was another one; takes note of this one. */
    public boolean isNews(String change, String answer) {
      return !answer.equals(last.put(change, answer));
    }

    /** The change is no longer refused. */
    public void forget(String change) {
      last.remove(change);
    }
  }

  public Cluster(KubernetesClient client, MigSettings settings) {
    this(client, settings, new Memory());
  }

  /** The same, with the answers that the client has reported before. */
  public Cluster(KubernetesClient client, MigSettings settings, Memory memory) {
    this(client, settings, Optional.empty(), ConcurrentHashMap.newKeySet(), memory);
  }

  private Cluster(
      KubernetesClient client,
      MigSettings settings,
      Optional<ClusterView> shared,
      Set<String> allowed,
      Memory memory) {
    this.client = client;
    this.settings = settings;
    this.view = shared.orElseGet(() -> new DirectView(this));
    this.allowed = allowed;
    this.memory = memory;
  }

  /** The same cluster with a view that many checks and waits share. */
  public Cluster with(ClusterView shared) {
    return new Cluster(client, settings, Optional.of(shared), allowed, memory);
  }

  /** What this client keeps between its requests. */
  public Memory memory() {
    return memory;
  }

  /** How checks and waits read the cluster. The other methods of this class send requests. */
  public ClusterView view() {
    return view;
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

  /** As {@link #operatorNamespace()}, from MIG manager pods that were read before. */
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
        .filter(pod -> GpuPods.isOn(pod, node))
        .toList();
  }

  /**
   * The question whether this client may do something.
   *
   * @param group the API group, empty for the core's
   * @param resource the plural, with a subresource after a slash, e.g. {@code pods/eviction}
   * @param namespace null for the whole cluster
   */
  public static SelfSubjectAccessReview review(
      String verb, String group, String resource, @Nullable String namespace) {
    String[] parts = resource.split("/", 2);
    return new SelfSubjectAccessReviewBuilder()
        .withNewSpec()
        .withNewResourceAttributes()
        .withVerb(verb)
        .withGroup(group)
        .withResource(parts[0])
        .withSubresource(parts.length > 1 ? parts[1] : null)
        .withNamespace(namespace)
        .endResourceAttributes()
        .endSpec()
        .build();
  }

  /** Whether this client may do something; empty if the API server does not answer that. */
  public Optional<Boolean> mayI(SelfSubjectAccessReview review) {
    try {
      return Optional.ofNullable(call(
                  "create selfsubjectaccessreviews.authorization.k8s.io",
                  () -> client.authorization().v1().selfSubjectAccessReview().create(review))
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

  /** The nodes that have a GPU label. */
  public List<Node> gpuNodes() {
    List<Node> found = new ArrayList<>();
    forEachNode("", node -> {
      if (NodeFields.hasGpu(node)) {
        found.add(node);
      }
    });
    return found;
  }

  /**
   * Passes nodes to the consumer, one page at a time.
   *
   * @param selector a label selector as kubectl takes it; empty for all nodes
   */
  public void forEachNode(String selector, Consumer<Node> consumer) {
    if (selector.isEmpty()) {
      forEach("list nodes", options -> client.nodes().list(options), consumer);
    } else {
      forEach(
          "list nodes with " + selector,
          options -> client.nodes().withLabelSelector(selector).list(options),
          consumer);
    }
  }

  /** The pods of all namespaces. */
  public List<Pod> allPods() {
    List<Pod> found = new ArrayList<>();
    forEach(
        "list pods in all namespaces",
        options -> client.pods().inAnyNamespace().list(options),
        found::add);
    return found;
  }

  /**
   * Lists objects in pages, of which only one is in memory at a time.
   *
   * @param what as in {@link #call}
   * @param list the request for one page
   */
  public <T extends HasMetadata> void forEach(
      String what,
      Function<ListOptions, ? extends KubernetesResourceList<T>> list,
      Consumer<T> consumer) {
    String next = "";
    do {
      ListOptions options = new ListOptionsBuilder()
          .withLimit(PAGE_SIZE)
          .withContinue(next.isEmpty() ? null : next)
          .build();
      KubernetesResourceList<T> page = call(what, () -> list.apply(options));
      page.getItems().forEach(consumer);
      next = Objects.requireNonNullElse(page.getMetadata().getContinue(), "");
    } while (!next.isEmpty());
  }

  /** A ConfigMap; empty if it does not exist. */
  public Optional<ConfigMap> configMap(String namespace, String name) {
    return Optional.ofNullable(call(
        "get configmap %s/%s".formatted(namespace, name),
        () -> client.configMaps().inNamespace(namespace).withName(name).get()));
  }

  public Node requireNode(String name) {
    return node(name)
        .orElseThrow(() -> new MigRefusedException(
            "Node " + name, List.of("it does not exist; see 'kubectl get nodes'")));
  }

  /** Waits for the result of a request that was started. {@code what} is as in {@link #call}. */
  public void await(String what, CompletionStage<?> started, Duration timeout)
      throws InterruptedException {
    try {
      Object unused = started.toCompletableFuture().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw failure(what, KubernetesClientException.launderThrowable(e.getCause()));
    } catch (TimeoutException e) {
      throw MigClusterException.temporary(
          "No answer from the API server %s within %s to: %s. Check the address in the kubeconfig's current context"
              .formatted(client.getMasterUrl(), DurationText.of(timeout), what),
          e,
          RETRY);
    }
  }

  /** Starts an informer, and closes it if it does not start. {@code what} is as in {@link #call}. */
  public void start(String what, SharedIndexInformer<?> informer, Duration timeout)
      throws InterruptedException {
    boolean started = false;
    try {
      await(what, informer.start(), timeout);
      started = true;
    } finally {
      if (!started) {
        informer.close();
      }
    }
  }

  /** Calls the listener if what a request started fails. {@code what} is as in {@link #call}. */
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
   * Changes the version of a node that the patch was computed from.
   *
   * @throws MigConflictException if the node has changed since
   */
  public Node patch(NodePatch patch) {
    String name = patch.node().getMetadata().getName();
    Node after = call("patch node " + name, () -> {
      view.beforeWrite();
      // With the name alone, fabric8 would read the node first.
      return client.nodes().resource(patch.node()).patch(JSON, patch.json());
    });
    view.wrote(after);
    return after;
  }

  /**
   * Changes the version of a node that the patch was computed from, if that is the latest.
   *
   * @param attempt how often the caller has tried, from 1
   * @return the node after the change; empty if it has changed since
   * @throws MigConflictException if the node has changed since at the last attempt that is made
   */
  public Optional<Node> patchIfSame(NodePatch patch, int attempt) {
    try {
      return Optional.of(patch(patch));
    } catch (MigConflictException lost) {
      requireRepeatable(lost, attempt);
      return Optional.empty();
    }
  }

  /** The pods that are bound to a node, of all namespaces. */
  public FilterWatchListDeletable<Pod, PodList, PodResource> podsBoundTo(String node) {
    return client.pods().inAnyNamespace().withField("spec.nodeName", node);
  }

  /** Evicts a pod; false if its disruption budget does not allow that now. */
  public boolean evict(Pod pod) {
    String namespace = pod.getMetadata().getNamespace();
    String name = pod.getMetadata().getName();
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
      view.beforeWrite();
      try {
        return withoutRepetition()
            .client
            .pods()
            .inNamespace(namespace)
            .withName(name)
            .evict(eviction);
      } catch (KubernetesClientException e) {
        // The pod no longer exists, or another pod has its name.
        if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
            || e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
          return true;
        }
        throw e;
      }
    });
  }

  /** The active ClusterPolicy; empty if none exists. */
  public Optional<GenericKubernetesResource> clusterPolicy() {
    return clusterPolicies().stream().findFirst();
  }

  /** The ClusterPolicies, the active one first; empty if none exists or the kind is not installed. */
  public List<GenericKubernetesResource> clusterPolicies() {
    return call("list clusterpolicies.nvidia.com", () -> installed(ClusterPolicies.CONTEXT));
  }

  /**
   * The GPUCluster, with which the GPU Operator from 26.7 on allocates GPUs by DRA and runs no MIG
   * manager; empty if none exists or the kind is not installed.
   */
  public Optional<String> gpuCluster() {
    return call("list gpuclusters.nvidia.com", () -> installed(ClusterPolicies.GPU_CLUSTER))
        .stream()
        .map(found -> found.getMetadata().getName())
        .findFirst();
  }

  /** The objects of a kind; none if the kind is not installed. */
  private List<GenericKubernetesResource> installed(ResourceDefinitionContext kind) {
    try {
      return client.genericKubernetesResources(kind).list().getItems().stream()
          .sorted(ClusterPolicies.BY_PRECEDENCE)
          .toList();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  /** The same cluster with a Kubernetes client that does not repeat a request after a 429 or 5xx. */
  public Cluster withoutRepetition() {
    RequestConfig once = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
        .withRequestRetryBackoffLimit(0)
        .build();
    KubernetesClient other = client.newClient(once).adapt(KubernetesClient.class);
    return new Cluster(
        other,
        settings,
        view.sendsRequests() ? Optional.empty() : Optional.of(view),
        allowed,
        memory);
  }

  /** The MIG manager's pods in a namespace. */
  public FilterWatchListDeletable<Pod, PodList, PodResource> managerPodsIn(String namespace) {
    return client.pods().inNamespace(namespace).withLabel("app", "nvidia-mig-manager");
  }

  /** The MIG manager's pods on a node. */
  public List<Pod> managerPods(String node) {
    return managerPods().stream().filter(pod -> GpuPods.isOn(pod, node)).toList();
  }

  /** Deletes this version of the pod, so that a new pod of the same name is not deleted. */
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

  /** The configured identity, or one of this request, in which all requests of this client agree. */
  public String identity() {
    return settings
        .identity()
        .orElseGet(() -> memory.name + "#" + memory.requests.incrementAndGet());
  }

  /** A name that no other client has: that of the host or pod, and a random part. */
  public static String uniqueName() {
    return "%s-%s"
        .formatted(
            System.getenv().getOrDefault("HOSTNAME", "mig4j"),
            UUID.randomUUID().toString().substring(0, 8));
  }

  /** Whether two identities are of the same client. */
  public static boolean isSameClient(String one, String other) {
    return withoutRequest(one).equals(withoutRequest(other));
  }

  private static String withoutRequest(String identity) {
    return identity.replaceFirst("#[0-9]+$", "");
  }

  /** Repeats a read-change-write cycle while another client writes in between, up to a limit. */
  public <T> T onLatestVersion(Supplier<T> cycle) {
    for (int attempt = 1; ; attempt++) {
      try {
        return cycle.get();
      } catch (MigConflictException lost) {
        requireRepeatable(lost, attempt);
      }
    }
  }

  /** Only a conflict that the API server reports has a cause; reading again does not resolve others. */
  private void requireRepeatable(MigConflictException lost, int attempt) {
    if (attempt >= MAX_CONFLICTS || lost.getCause() == null) {
      throw lost;
    }
    report(new MigEvent.RequestRepeated("", HttpURLConnection.HTTP_CONFLICT));
  }

  /** As {@link #onLatestVersion(Supplier)}. */
  public void onLatestVersion(Runnable cycle) {
    onLatestVersion(() -> {
      cycle.run();
      return true;
    });
  }

  /**
   * Sends a request. A 403 is repeated for some seconds if a request of this kind was allowed before:
   * an API server that has just started answers 403 until it has read its RBAC objects. One that holds
   * longer is not repeated with the next request.
   *
   * @param what a verb and its object, e.g. {@code get node gpu-0}, for messages
   */
  public <T> T call(String what, Supplier<T> request) {
    String kind = kind(what);
    long endNanos = System.nanoTime() + FORBIDDEN_RETRY.toNanos();
    while (true) {
      try {
        T answer = measured(what, request);
        allowed.add(kind);
        return answer;
      } catch (KubernetesClientException e) {
        if (e.getCode() != HttpURLConnection.HTTP_FORBIDDEN
            || !allowed.contains(kind)
            || System.nanoTime() - endNanos >= 0) {
          if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
            allowed.remove(kind);
          }
          throw failure(what, e);
        }
        report(new MigEvent.RequestRepeated(verbAndKind(what), e.getCode()));
        pause(what);
      }
    }
  }

  private <T> T measured(String what, Supplier<T> request) {
    long startNanos = System.nanoTime();
    int status = HttpURLConnection.HTTP_OK;
    try {
      return request.get();
    } catch (KubernetesClientException e) {
      status = Math.max(0, e.getCode());
      throw e;
    } finally {
      report(new MigEvent.RequestEnded(
          verbAndKind(what), status, Duration.ofNanos(System.nanoTime() - startNanos)));
    }
  }

  /** Passes an event to the listener, whose failure changes nothing. */
  public void report(MigEvent event) {
    try {
      settings.listener().onEvent(event);
    } catch (RuntimeException | Error e) {
      LOG.warn("listener=failed event={}", event.getClass().getSimpleName(), e);
    }
  }

  /** The verb, the kind, and the namespace where the name begins with one. */
  private static String kind(String what) {
    int slash = what.indexOf('/');
    return slash >= 0 ? what.substring(0, slash) : verbAndKind(what);
  }

  private static String verbAndKind(String what) {
    Matcher words = VERB_AND_KIND.matcher(what);
    return words.find() ? words.group() : what;
  }

  private static void pause(String what) {
    try {
      TimeUnit.NANOSECONDS.sleep(FORBIDDEN_RETRY_INTERVAL.toNanos());
    } catch (InterruptedException e) {
      throw interrupted(what);
    }
  }

  private static CancellationException interrupted(String what) {
    Thread.currentThread().interrupt();
    return new CancellationException("Interrupted during: " + what);
  }

  /** The text under a key of a ConfigMap; empty if it has no such key. */
  public static String data(ConfigMap map, String key) {
    return texts(map).getOrDefault(key, "");
  }

  /** All texts of a ConfigMap by key. */
  public static SortedMap<String, String> texts(ConfigMap map) {
    return map.getData() == null ? new TreeMap<>() : new TreeMap<>(map.getData());
  }

  /** What {@link #call} throws for a failure of the Kubernetes client. */
  public RuntimeException failure(String what, RuntimeException e) {
    Throwable root = rootCause(e);
    if (root instanceof InterruptedException) {
      return interrupted(what);
    }
    return e instanceof KubernetesClientException answered && answered.getCode() > 0
        ? ServerAnswer.of(answered).exception(what, e)
        : MigClusterException.temporary(
            "No answer from the API server %s to: %s (%s). Check the address in the kubeconfig's current context"
                .formatted(client.getMasterUrl(), what, describe(root)),
            e,
            RETRY);
  }

  /** A host that is unknown is the reason, whatever its resolver says below it. */
  private static Throwable rootCause(Throwable e) {
    return e.getCause() == null || e instanceof UnknownHostException ? e : rootCause(e.getCause());
  }

  private static String describe(Throwable e) {
    return e.getClass().getSimpleName() + (e.getMessage() == null ? "" : ": " + e.getMessage());
  }
}
