package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.reconcile.ReconcileHour;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The hour on a real API server, with {@code -Dmig4j.reconcile.hour=N} nodes, 4 unless set. The server is
 * restarted if N is set and {@code CLUSTER_FOR_TESTS} says how.
 */
@Tag("scenario")
@Tag("apiserver")
@Timeout(900)
@ExtendWith(ScenarioServer.class)
class ReconcileHourScenarioTest {

  private static final String HOLD = "mig4j.github.io/hold";
  private static final String HOUR = "mig4j.reconcile.hour";
  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  /** The second node; it has a simulator of its own. */
  private static final String REBOOTED = Scenario.NODE + "-2";

  KubernetesClient client;

  @Test
  void everyNode_isAsDeclared_orSaysWhyNot() throws Exception {
    try (RealWorld world = new RealWorld(client, Integer.getInteger(HOUR, 4))) {
      ReconcileHour.play(world).forEach(System.out::println);
    }
  }

  private static final class RealWorld implements ReconcileHour.World, AutoCloseable {
    private final KubernetesClient client;
    private final Map<String, GpuOperatorSimulator> simulators = new HashMap<>();
    private final List<String> nodes = new ArrayList<>();

    RealWorld(KubernetesClient client, int count) {
      this.client = client;
      client
          .configMaps()
          .inNamespace(Scenario.NAMESPACE)
          .resource(new ConfigMapBuilder()
              .withNewMetadata()
              .withName(Scenario.MAP)
              .withNamespace(Scenario.NAMESPACE)
              .endMetadata()
              .addToData("config.yaml", Scenario.CONFIGS)
              .build())
          .create();
      nodes.addAll(
          IntStream.rangeClosed(1, count).mapToObj(i -> Scenario.NODE + "-" + i).toList());
      List<String> others = new ArrayList<>(nodes);
      others.remove(REBOOTED);
      simulators.put("others", start(others));
      simulators.put(REBOOTED, start(List.of(REBOOTED)));
    }

    private GpuOperatorSimulator start(List<String> names) {
      return start(names, 2);
    }

    private GpuOperatorSimulator start(List<String> names, int gpus) {
      GpuOperatorSimulator.Builder builder = GpuOperatorSimulator.on(client)
          .strategy(MigStrategy.MIXED)
          .configMap(Scenario.MAP)
          .installClusterPolicyDefinition()
          .timings(Scenario.STEPS);
      names.forEach(name -> builder.node(name, B200, gpus));
      return builder.start().awaitReady(Duration.ofMinutes(3));
    }

    @Override
    public Config config() {
      return client.getConfiguration();
    }

    @Override
    public List<String> nodes() {
      return List.copyOf(nodes);
    }

    @Override
    public String join() {
      String name = Scenario.NODE + "-" + (nodes.size() + 1);
      nodes.add(name);
      simulators.put(name, start(List.of(name)));
      return name;
    }

    /** Again on a conflict, as any client must. */
    private void edit(String node, UnaryOperator<Node> change) {
      again(() -> client.nodes().withName(node).edit(change));
    }

    private static void again(Runnable write) {
      while (true) {
        try {
          write.run();
          return;
        } catch (KubernetesClientException e) {
          if (e.getCode() != 409) {
            throw e;
          }
        }
      }
    }

    @Override
    public void label(String node, String key, String value) {
      edit(
          node,
          before -> new NodeBuilder(before)
              .editMetadata()
              .addToLabels(key, value)
              .endMetadata()
              .build());
    }

    @Override
    public void cordon(String node, boolean isCordoned) {
      edit(
          node,
          before -> new NodeBuilder(before)
              .editSpec()
              .withUnschedulable(isCordoned)
              .endSpec()
              .build());
    }

    private void offers(String node, String resource, int count) {
      again(() -> client.nodes().withName(node).editStatus(before -> {
        Map<String, Quantity> allocatable = new HashMap<>(before.getStatus().getAllocatable());
        allocatable.put(resource, new Quantity(String.valueOf(count)));
        return new NodeBuilder(before)
            .editStatus()
            .withAllocatable(allocatable)
            .endStatus()
            .build();
      }));
    }

    /** A GPU loses MIG mode by a reboot, and nothing runs until the node is up. */
    @Override
    public void loseDevices(String node) {
      simulators.remove(node).close();
      offers(node, "nvidia.com/mig-1g.23gb", 0);
    }

    @Override
    public void startManager(String node) {
      simulators.put(node, start(List.of(node)));
    }

    /** The operator comes up again with the other GPU; nobody changes the node until it offers that one. */
    @Override
    public void loseGpu(String node) {
      edit(
          node,
          before -> new NodeBuilder(before)
              .editMetadata()
              .addToAnnotations(HOLD, "true")
              .endMetadata()
              .build());
      simulators.remove(node).close();
      simulators.put(node, start(List.of(node), 1));
      client
          .nodes()
          .withName(node)
          .waitUntilCondition(
              now -> "3".equals(now.getMetadata().getLabels().get("nvidia.com/mig-2g.45gb.count"))
                  && new Quantity("3")
                      .equals(now.getStatus().getAllocatable().get("nvidia.com/mig-2g.45gb")),
              60,
              TimeUnit.SECONDS);
      edit(
          node,
          before -> new NodeBuilder(before)
              .editMetadata()
              .removeFromAnnotations(HOLD)
              .endMetadata()
              .build());
    }

    @Override
    public void startPod(String node) {
      client
          .pods()
          .resource(new PodBuilder()
              .withNewMetadata()
              .withName("train")
              .withNamespace("default")
              .endMetadata()
              .withNewSpec()
              .withNodeName(node)
              .addNewContainer()
              .withName("main")
              .withImage("registry.k8s.io/pause:3.10")
              .withNewResources()
              .addToLimits("nvidia.com/mig-1g.23gb", new Quantity("1"))
              .endResources()
              .endContainer()
              .endSpec()
              .build())
          .create();
    }

    @Override
    public void endPod(String node) {
      client.pods().inNamespace("default").withName("train").withGracePeriod(0).delete();
    }

    @Override
    public void emptyConfigMap() {
      client.configMaps().inNamespace(Scenario.NAMESPACE).withName(Scenario.MAP).edit(map -> {
        map.getData().put("config.yaml", Scenario.CONFIGS);
        return map;
      });
    }

    @Override
    public boolean restartServer() {
      if (Integer.getInteger(HOUR) == null
          || System.getenv().getOrDefault("CLUSTER_FOR_TESTS", "").isEmpty()) {
        return false;
      }
      TestedCluster cluster = TestedCluster.require();
      cluster.stopApiServer();
      cluster.startApiServer();
      eventually(() -> nodes.stream().allMatch(node -> offer(node(node)).size() > 0));
      return true;
    }

    private Node node(String name) {
      return client.nodes().withName(name).require();
    }

    @Override
    public Map<String, String> labels(String node) {
      return ClusterUser.labels(node(node));
    }

    @Override
    public Map<String, String> annotations(String node) {
      return node(node).getMetadata().getAnnotations();
    }

    @Override
    public void close() {
      simulators.values().forEach(GpuOperatorSimulator::close);
    }
  }
}
