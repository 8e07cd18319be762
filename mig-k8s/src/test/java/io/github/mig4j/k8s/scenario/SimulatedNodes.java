package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Several nodes with a simulated operator, which knows the configurations of {@link Scenario}. */
final class SimulatedNodes implements AutoCloseable {

  private final KubernetesClient client;
  private final GpuOperatorSimulator simulator;
  private final List<String> names;

  private SimulatedNodes(
      KubernetesClient client, GpuOperatorSimulator simulator, List<String> names) {
    this.client = client;
    this.simulator = simulator;
    this.names = names;
  }

  /** Nodes {@code gpu-node-1} and so on, each with one GPU, when everything runs. */
  static SimulatedNodes start(KubernetesClient client, int count, GpuModel gpu) {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(Scenario.MAP)
            .withNamespace(Scenario.NAMESPACE)
            .endMetadata()
            .addToData("config.yaml", Scenario.CONFIGS)
            .build())
        .create();
    List<String> names =
        IntStream.rangeClosed(1, count).mapToObj(i -> Scenario.NODE + "-" + i).toList();
    GpuOperatorSimulator.Builder builder = GpuOperatorSimulator.on(client)
        .strategy(MigStrategy.MIXED)
        .configMap(Scenario.MAP)
        .installClusterPolicyDefinition()
        .timings(Scenario.STEPS);
    names.forEach(name -> builder.node(name, gpu, 1));
    SimulatedNodes nodes = new SimulatedNodes(client, builder.start(), names);
    names.forEach(name -> eventually(() -> nodes.isIdle(name)));
    return nodes;
  }

  private boolean isIdle(String name) {
    Node node = get(name);
    return Integer.valueOf(1).equals(offer(node).get(Scenario.GPU))
        && labels(node).containsKey("nvidia.com/gpu.count")
        && "success".equals(labels(node).getOrDefault("nvidia.com/mig.config.state", "success"));
  }

  void awaitReady() {
    eventually(() ->
        names.stream().noneMatch(name -> NodeFields.isReady(get(name)).equals(Optional.of(false))));
  }

  Node get(String name) {
    return client.nodes().withName(name).require();
  }

  List<String> names() {
    return names;
  }

  GpuOperatorSimulator simulator() {
    return simulator;
  }

  /** What the GPUs hold, by node. */
  SortedMap<String, String> devices() {
    SortedMap<String, String> devices = new TreeMap<>();
    names.forEach(name -> devices.put(
        name,
        simulator.gpus(name).stream()
            .map(gpu -> new TreeMap<>(gpu.devices()))
            .toList()
            .toString()));
    return devices;
  }

  Map<String, String> annotations(String name) {
    return get(name).getMetadata().getAnnotations();
  }

  @Override
  public void close() {
    simulator.close();
  }
}
