package io.github.mig4j.examples.migctl;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * A cluster with the node {@code gpu-node}, which has one B200, for a terminal to speak to. Its
 * operator reads the ConfigMap {@code mig-config}, which holds nothing but {@code all-disabled}.
 */
final class SimulatedCluster implements AutoCloseable {

  static final String NODE = "gpu-node";
  static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  private static final String ALL_DISABLED = """
      version: v1
      mig-configs:
        all-disabled:
          - devices: all
            mig-enabled: false
      """;

  private final EmbeddedCluster cluster = new EmbeddedCluster(
      (request, server) -> this.rule.apply(request).orElseGet(() -> server.apply(request)));
  private volatile Function<RecordedRequest, Optional<MockResponse>> rule =
      request -> Optional.empty();
  private final GpuOperatorSimulator operator;

  /** Steps far enough apart that they are told in the order in which they were made. */
  static SimulatorTimings.Builder visible() {
    Duration step = Duration.ofMillis(300);
    return SimulatorTimings.builder()
        .assertion(step)
        .podStop(step)
        .partitioning(step)
        .podStart(step);
  }

  SimulatedCluster(Terminal terminal, UnaryOperator<GpuOperatorSimulator.Builder> described)
      throws IOException {
    client()
        .configMaps()
        .inNamespace("gpu-operator")
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName("mig-config")
            .withNamespace("gpu-operator")
            .endMetadata()
            .addToData("config.yaml", ALL_DISABLED)
            .build())
        .create();
    operator = described
        .apply(GpuOperatorSimulator.on(client())
            .node(NODE, B200, 1)
            .strategy(MigStrategy.MIXED)
            .configMap("mig-config")
            .timings(visible().build()))
        .start();
    cluster.showLogsOf(operator);
    operator.awaitReady(Duration.ofMinutes(1));
    Files.writeString(terminal.kubeconfig(), cluster.kubeconfig());
  }

  /** Labels the node, as 'kubectl label --overwrite' does. */
  void label(String key, String value) {
    String labels = "{\"metadata\": {\"labels\": {\"%s\": \"%s\"}}}".formatted(key, value);
    until(() -> {
      try {
        Node unused =
            client().nodes().withName(NODE).patch(PatchContext.of(PatchType.JSON_MERGE), labels);
        return true;
      } catch (KubernetesClientException e) {
        if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
          throw e;
        }
        return false;
      }
    });
  }

  void await(Predicate<MigNodeStatus> condition) {
    MigNode node = MigClient.of(client()).node(NODE);
    until(() -> condition.test(node.status()));
  }

  /** Asks for a configuration of the map by its plain name, as 'kubectl label' does. */
  void ask(String config, String untilTheLogSays) {
    label(Labels.MIG_CONFIG, config);
    until(() ->
        operator.migManagerLog(NODE).stream().anyMatch(line -> line.contains(untilTheLogSays)));
  }

  void askAndGet(String config, String resource) {
    ask(config, "Successfully updated to MIG config: " + config);
    await(
        status -> status.allocatable().containsKey(resource) && status.paused().isEmpty());
  }

  /** Puts a configuration into the map, as 'kubectl apply' does, whatever it is. */
  void write(String config, String devices) {
    client()
        .configMaps()
        .inNamespace("gpu-operator")
        .withName("mig-config")
        .edit(map -> new ConfigMapBuilder(map)
            .addToData("config.yaml", ALL_DISABLED + """
                  %s:
                    - devices: all
                      mig-enabled: true
                      mig-devices: %s
                """.formatted(config, devices))
            .build());
  }

  /** Polls for a condition that no event reports. */
  private void until(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("It did not come about: " + operator.migManagerLog(NODE));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  /** Runs a pod that has one of a resource. */
  void runPod(String name, String resource) {
    client()
        .pods()
        .inNamespace("default")
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("default")
            .endMetadata()
            .withNewSpec()
            .withNodeName(NODE)
            .addNewContainer()
            .withName("main")
            .withImage("registry.k8s.io/pause:3.10")
            .withNewResources()
            .addToLimits(resource, new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .withNewStatus()
            .withPhase("Running")
            .endStatus()
            .build())
        .create();
  }

  /** Decides about each request, as RBAC does. */
  void authorize(Function<RecordedRequest, Optional<MockResponse>> authorization) {
    rule = authorization;
  }

  KubernetesClient client() {
    return cluster.client();
  }

  GpuOperatorSimulator operator() {
    return operator;
  }

  @Override
  public void close() {
    operator.close();
    cluster.close();
  }
}
