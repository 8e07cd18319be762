package io.github.mig4j.k8s.scenario;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real API server for all scenarios of one run: the cluster of {@code KUBECONFIG_FOR_TESTS}, or a
 * process of its own. Scenarios make nodes, a ClusterPolicy, ConfigMaps, Leases and pods, and these are
 * removed between them; a cluster that has any of these already is left alone.
 */
final class RealServer implements ExtensionContext.Store.CloseableResource {

  private static final String DEFINITION = "clusterpolicies.nvidia.com";

  private final Optional<KubernetesClient> client;
  private final String reason;
  private final Optional<ApiServerProcess> process;
  private boolean definedByUs;
  private boolean namespaceByUs;

  private RealServer(
      Optional<KubernetesClient> client, String reason, Optional<ApiServerProcess> process) {
    this.client = client;
    this.reason = reason;
    this.process = process;
  }

  static RealServer open() {
    RealServer server = connect();
    if (server.client.isEmpty()) {
      System.out.println("Scenarios are skipped: " + server.reason);
    }
    return server;
  }

  private static RealServer connect() {
    String file = System.getenv().getOrDefault("KUBECONFIG_FOR_TESTS", "");
    if (!file.isEmpty()) {
      // Whoever names a cluster wants it to be used.
      return named(Path.of(file));
    }
    try {
      return startProcess();
    } catch (RuntimeException | ServiceConfigurationError e) {
      return unavailable(
          "no API server could be started (%s); see CONTRIBUTING for its binaries, or name a cluster with KUBECONFIG_FOR_TESTS"
              .formatted(rootCause(e)));
    }
  }

  private static RealServer named(Path file) {
    try {
      return used(Files.readString(file), Optional.empty());
    } catch (IOException e) {
      throw new UncheckedIOException("KUBECONFIG_FOR_TESTS=" + file, e);
    }
  }

  private static RealServer startProcess() {
    Optional<ApiServerProcess> process =
        ServiceLoader.load(ApiServerProcess.class).findFirst();
    if (process.isEmpty()) {
      return unavailable("run them with 'mvn verify -Papiserver'");
    }
    return used(process.get().start(), process);
  }

  private static RealServer used(String kubeconfig, Optional<ApiServerProcess> process) {
    KubernetesClient client =
        TestClients.builder().withConfig(Config.fromKubeconfig(kubeconfig)).build();
    RealServer server = new RealServer(Optional.of(client), "", process);
    server.requireUnused(client);
    return server;
  }

  private static RealServer unavailable(String reason) {
    return new RealServer(Optional.empty(), reason, Optional.empty());
  }

  private static Throwable rootCause(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  /** Nothing of the user's may be mistaken for a scenario's. */
  private void requireUnused(KubernetesClient cluster) {
    boolean operated = hasPolicies(cluster);
    boolean named = !nodes(cluster).isEmpty()
        || cluster
                .configMaps()
                .inNamespace(Scenario.NAMESPACE)
                .withName(Scenario.MAP)
                .get()
            != null;
    if (operated || named) {
      throw new IllegalStateException(
          "The cluster of KUBECONFIG_FOR_TESTS has a ClusterPolicy, a node %s or one like it, or a ConfigMap %s/%s; scenarios need one without"
              .formatted(Scenario.NODE, Scenario.NAMESPACE, Scenario.MAP));
    }
    definedByUs = cluster
            .apiextensions()
            .v1()
            .customResourceDefinitions()
            .withName(DEFINITION)
            .get()
        == null;
    awaitNamespaceGone(cluster);
    namespaceByUs = cluster.namespaces().withName(Scenario.NAMESPACE).get() == null;
    if (namespaceByUs) {
      cluster
          .namespaces()
          .resource(new NamespaceBuilder()
              .withNewMetadata()
              .withName(Scenario.NAMESPACE)
              .endMetadata()
              .build())
          .create();
    }
  }

  private static boolean hasPolicies(KubernetesClient cluster) {
    try {
      return !cluster
          .genericKubernetesResources(ClusterPolicies.CONTEXT)
          .list()
          .getItems()
          .isEmpty();
    } catch (KubernetesClientException notDefined) {
      return false;
    }
  }

  Optional<KubernetesClient> client() {
    return client;
  }

  /** Why there is no server. */
  String reason() {
    return reason;
  }

  /** Removes what a scenario has made. */
  void clean() {
    KubernetesClient cluster = client.orElseThrow();
    List<String> nodes = nodes(cluster);
    nodes.forEach(name -> cluster.nodes().withName(name).delete());
    cluster.leases().inNamespace("kube-node-lease").list().getItems().stream()
        .map(lease -> lease.getMetadata().getName())
        .filter(RealServer::isOurs)
        .forEach(name ->
            cluster.leases().inNamespace("kube-node-lease").withName(name).delete());
    if (hasPolicies(cluster)) {
      cluster
          .genericKubernetesResources(ClusterPolicies.CONTEXT)
          .withName("cluster-policy")
          .delete();
    }
    cluster.configMaps().inNamespace(Scenario.NAMESPACE).list().getItems().stream()
        .map(map -> map.getMetadata().getName())
        .filter(RealServer::isOurs)
        .forEach(name ->
            cluster.configMaps().inNamespace(Scenario.NAMESPACE).withName(name).delete());
    cluster.leases().inNamespace(Scenario.NAMESPACE).list().getItems().stream()
        .map(lease -> lease.getMetadata().getName())
        .filter(RealServer::isOurs)
        .forEach(name ->
            cluster.leases().inNamespace(Scenario.NAMESPACE).withName(name).delete());
    pods(cluster).forEach(pod -> cluster.pods().resource(pod).withGracePeriod(0).delete());
    ClusterUser.eventually(() -> nodes(cluster).isEmpty() && pods(cluster).isEmpty());
  }

  private static List<String> nodes(KubernetesClient cluster) {
    return cluster.nodes().list().getItems().stream()
        .map(node -> node.getMetadata().getName())
        .filter(RealServer::isOurs)
        .toList();
  }

  private static List<Pod> pods(KubernetesClient cluster) {
    return cluster.pods().inAnyNamespace().list().getItems().stream()
        .filter(
            pod -> pod.getSpec().getNodeName() != null && isOurs(pod.getSpec().getNodeName()))
        .toList();
  }

  /** Whether a node, a ConfigMap, or a Lease has a name that scenarios give. */
  private static boolean isOurs(String name) {
    return name.matches(Scenario.NODE + "(-[0-9]+)?(-mig-config)?")
        || name.equals(Scenario.MAP)
        || name.equals(Scenario.SHARING_MAP)
        || name.startsWith("mig4j-rollout-")
        || name.equals("mig4j-reconciler");
  }

  @Override
  public void close() {
    if (client.isPresent()) {
      try (KubernetesClient cluster = client.get()) {
        clean();
        if (definedByUs) {
          cluster
              .apiextensions()
              .v1()
              .customResourceDefinitions()
              .withName(DEFINITION)
              .delete();
        }
        if (namespaceByUs) {
          cluster.namespaces().withName(Scenario.NAMESPACE).delete();
          if (process.isEmpty()) {
            awaitNamespaceGone(cluster);
          }
        }
      }
    }
    process.ifPresent(ApiServerProcess::close);
  }

  /** Where it is terminating; a cluster without a controller manager never deletes a namespace. */
  private static void awaitNamespaceGone(KubernetesClient cluster) {
    try {
      cluster
          .namespaces()
          .withName(Scenario.NAMESPACE)
          .waitUntilCondition(
              namespace ->
                  namespace == null || namespace.getMetadata().getDeletionTimestamp() == null,
              1,
              TimeUnit.MINUTES);
    } catch (KubernetesClientTimeoutException e) {
      System.out.printf(
          "Namespace %s is still terminating after 1 min; no run can begin before it has gone%n",
          Scenario.NAMESPACE);
    }
  }
}
