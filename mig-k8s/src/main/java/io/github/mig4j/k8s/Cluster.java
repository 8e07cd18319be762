package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** The requests of this package, with failures turned into exceptions that name a remedy. */
final class Cluster {

  /** A write loses at most this often against other writers before it gives up. */
  private static final int ATTEMPTS = 16;

  private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);

  private final KubernetesClient client;
  private final MigSettings settings;

  Cluster(KubernetesClient client, MigSettings settings) {
    this.client = client;
    this.settings = settings;
  }

  /** Changes the ClusterPolicy; as {@link #label}. */
  void patchClusterPolicy(MergePatch patch) {
    call(
        "patch clusterpolicy " + patch.name(),
        () -> client
            .genericKubernetesResources(ClusterPolicies.CONTEXT)
            .withName(patch.name())
            .patch(MERGE, patch.json()));
  }

  KubernetesClient client() {
    return client;
  }

  MigSettings settings() {
    return settings;
  }

  /** The configured namespace, or the one in which MIG manager pods run. */
  String operatorNamespace() {
    return settings.operatorNamespace().orElseGet(() -> namespaceOf(managerPods()));
  }

  /** As {@link #operatorNamespace()}, where the MIG manager pods are known. */
  String operatorNamespace(List<Pod> managerPods) {
    return settings.operatorNamespace().orElseGet(() -> namespaceOf(managerPods));
  }

  private static String namespaceOf(List<Pod> managerPods) {
    return managerPods.stream()
        .map(pod -> pod.getMetadata().getNamespace())
        .sorted()
        .findFirst()
        .orElse(MigSettings.DEFAULT_NAMESPACE);
  }

  List<Pod> managerPods() {
    return call(
        "list pods with label app=nvidia-mig-manager in all namespaces",
        () -> client
            .pods()
            .inAnyNamespace()
            .withLabel("app", "nvidia-mig-manager")
            .list()
            .getItems());
  }

  List<Pod> podsOnNode(String node) {
    return call(
        "list pods of node %s in all namespaces".formatted(node),
        () -> client
            .pods()
            .inAnyNamespace()
            .withField("spec.nodeName", node)
            .list()
            .getItems());
  }

  /** Whether this client may do something; empty if the API server does not say. */
  Optional<Boolean> mayI(Permission permission, String operatorNamespace) {
    SelfSubjectAccessReview asked = permission.review(operatorNamespace);
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

  Optional<Node> node(String name) {
    return Optional.ofNullable(
        call("get node " + name, () -> client.nodes().withName(name).get()));
  }

  Node requireNode(String name) {
    return node(name)
        .orElseThrow(() -> new MigRefusedException(
            "Node " + name, List.of("there is no such node; see 'kubectl get nodes'")));
  }

  /** Waits for what a request starts. {@code what} is as in {@link #call}. */
  void await(String what, CompletionStage<?> started, Duration patience)
      throws InterruptedException {
    try {
      Object unused = started.toCompletableFuture().get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw failure(what, KubernetesClientException.launderThrowable(e.getCause()));
    } catch (TimeoutException e) {
      throw new MigClusterException(
          "No answer from the API server %s within %s, to %s. Check the address in the kubeconfig's current context"
              .formatted(client.getMasterUrl(), patience, what),
          e);
    }
  }

  /**
   * Sets a label, on the version of the node that the decision was made on.
   *
   * @throws MigConflictException if the node has changed since
   */
  Node label(Node node, String key, String value) {
    String name = node.getMetadata().getName();
    return call(
        "patch node " + name,
        () -> client
            .nodes()
            .withName(name)
            .patch(
                MERGE, MergePatch.on(node).put("metadata", "labels", key, value).json()));
  }

  /** The operator's custom resource that counts; empty if there is none. */
  Optional<GenericKubernetesResource> clusterPolicy() {
    return clusterPolicies().stream().findFirst();
  }

  /** The one that counts first; empty if there is none or the kind is not installed. */
  List<GenericKubernetesResource> clusterPolicies() {
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

  /** Repeats a read-change-write cycle for as long as somebody else was faster. */
  <T> T onLatestVersion(Supplier<T> cycle) {
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
  void onLatestVersion(Runnable cycle) {
    onLatestVersion(() -> {
      cycle.run();
      return true;
    });
  }

  /** Sends a request. {@code what} is a verb and its object, for messages. */
  <T> T call(String what, Supplier<T> request) {
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

  static Map<String, String> labels(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
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
