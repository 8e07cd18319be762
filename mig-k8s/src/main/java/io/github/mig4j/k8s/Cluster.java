package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The requests of this package, with failures turned into exceptions that name a remedy. */
final class Cluster {

  /** A write loses at most this often against other writers before it gives up. */
  private static final int ATTEMPTS = 16;

  private final KubernetesClient client;
  private final MigSettings settings;

  Cluster(KubernetesClient client, MigSettings settings) {
    this.client = client;
    this.settings = settings;
  }

  KubernetesClient client() {
    return client;
  }

  MigSettings settings() {
    return settings;
  }

  /** The configured namespace, or the one in which MIG manager pods run. */
  String operatorNamespace() {
    return settings
        .operatorNamespace()
        .orElseGet(() -> managerPods().stream()
            .map(pod -> pod.getMetadata().getNamespace())
            .sorted()
            .findFirst()
            .orElse(MigSettings.DEFAULT_NAMESPACE));
  }

  private List<Pod> managerPods() {
    return call(
        "list pods with label app=nvidia-mig-manager in all namespaces",
        () -> client
            .pods()
            .inAnyNamespace()
            .withLabel("app", "nvidia-mig-manager")
            .list()
            .getItems());
  }

  Node requireNode(String name) {
    Node node = call("get node " + name, () -> client.nodes().withName(name).get());
    if (node == null) {
      throw new MigRefusedException(
          "Node " + name, List.of("there is no such node; see 'kubectl get nodes'"));
    }
    return node;
  }

  /** Changes a node on the version that the change was computed from; again if that is stale. */
  Node editNode(String name, UnaryOperator<Node> change) {
    return onLatestVersion(
        "patch node " + name, () -> client.nodes().withName(name).edit(change));
  }

  /** The operator's one custom resource; empty if there is none or its kind is not installed. */
  Optional<GenericKubernetesResource> clusterPolicy() {
    List<GenericKubernetesResource> found = call("list clusterpolicies.nvidia.com", () -> {
      try {
        return client.genericKubernetesResources(ClusterPolicies.CONTEXT).list().getItems();
      } catch (KubernetesClientException e) {
        if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
          return List.of();
        }
        throw e;
      }
    });
    return found.stream().findFirst();
  }

  /** Repeats a read-change-write cycle for as long as somebody else was faster. */
  <T> T onLatestVersion(String what, Supplier<T> cycle) {
    for (int attempt = 1; ; attempt++) {
      try {
        return call(what, cycle);
      } catch (MigConflictException lost) {
        if (attempt == ATTEMPTS) {
          throw lost;
        }
      }
    }
  }

  /** Sends a request. {@code what} is a verb and its object, for messages. */
  <T> T call(String what, Supplier<T> request) {
    try {
      return request.get();
    } catch (KubernetesClientException e) {
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        throw new CancellationException("Interrupted, to " + what);
      }
      throw switch (Math.max(0, e.getCode())) {
        case HttpURLConnection.HTTP_FORBIDDEN ->
          new MigClusterException(
              "Not allowed to %s. Grant the verb in RBAC to the user of this client"
                  .formatted(what),
              e);
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
                  .formatted(client.getMasterUrl(), what, rootCause(e)),
              e);
        default ->
          new MigClusterException(
              "The API server refused to %s: %d %s".formatted(what, e.getCode(), e.getMessage()),
              e);
      };
    }
  }

  static Map<String, String> labels(Node node) {
    Map<String, String> labels = node.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }

  private static String rootCause(Throwable e) {
    Throwable root = e;
    @Nullable Throwable cause = e.getCause();
    while (cause != null) {
      root = cause;
      cause = cause.getCause();
    }
    return root.getClass().getSimpleName()
        + (root.getMessage() == null ? "" : ": " + root.getMessage());
  }
}
