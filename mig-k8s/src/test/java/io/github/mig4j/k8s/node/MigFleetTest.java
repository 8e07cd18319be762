package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From nodes and pods to a plan, and from the plan to configurations that are applied. */
@ExtendWith(MockApiServer.class)
class MigFleetTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .transition(Duration.ofSeconds(1))
      .build();
  private static final MigLayout SMALL = MigLayout.on(B200).add("1g.23gb", 7).build();

  KubernetesClient client;
  private MigClient mig;

  @BeforeEach
  void connect() {
    mig = MigClient.of(client);
  }

  /** What a program computes that has the objects already. */
  private List<NodeCapacity> ofCaches() {
    return MigFleet.of(
        client.nodes().list().getItems(),
        client.pods().inAnyNamespace().list().getItems(),
        Optional.of(MigConfigDocument.parse(client
            .configMaps()
            .inNamespace("gpu-operator")
            .withName("mig-config")
            .require()
            .getData()
            .get("config.yaml"))),
        MigSettings.defaults());
  }

  @Test
  void nodes_haveTheDevicesOfPods_andTheLayouts() {
    try (var simulator = simulator()) {
      apply("node-a", "small");
      client
          .pods()
          .resource(pod("train", "node-a", "nvidia.com/mig-1g.23gb", 2))
          .create();
      client.pods().resource(ended("done", "node-a", "nvidia.com/mig-1g.23gb")).create();

      List<NodeCapacity> capacities = mig.fleet().nodes();

      assertThat(capacities)
          .extracting(capacity -> capacity.status().node())
          .containsExactly("node-a", "node-b");
      assertThat(ofCaches()).isEqualTo(capacities);
      NodeCapacity a = capacities.get(0);
      assertThat(a.used()).hasToString("{nvidia.com/mig-1g.23gb=2}");
      assertThat(a.free()).hasToString("{nvidia.com/mig-1g.23gb=12}");
      assertThat(a.isPinned()).isTrue();
      assertThat(a.layouts().keySet()).containsExactly(0, 1);
      assertThat(a.layouts().get(1).devices()).isEqualTo(SMALL.devices());
      NodeCapacity b = capacities.get(1);
      assertThat(b.isPinned()).isFalse();
      assertThat(b.free()).hasToString("{nvidia.com/gpu=2}");
      assertThat(b.layouts()).isEmpty();
    }
  }

  @Test
  void planNodes_pinNodesWithGpuPods() {
    try (var simulator = simulator()) {
      client.pods().resource(pod("train", "node-a", "nvidia.com/gpu", 1)).create();

      List<PlanNode> nodes = mig.fleet().planNodes();

      assertThat(nodes).extracting(PlanNode::name).containsExactly("node-a", "node-b");
      assertThat(nodes.get(0).gpu(0).isPinned()).isTrue();
      assertThat(nodes.get(1).gpu(0).isPinned()).isFalse();
      assertThat(nodes.get(1).gpuCount()).isEqualTo(2);
      assertThat(nodes.get(1).labels()).containsEntry("kubernetes.io/hostname", "node-b");
      assertThat(mig.fleet().nodes().stream().flatMap(node -> node.fleetGpus().stream()))
          .extracting(FleetGpu::toString)
          .containsExactly(
              "node-a/0 b200-180gb [], cordoned",
              "node-a/1 b200-180gb [], cordoned",
              "node-b/0 b200-180gb []",
              "node-b/1 b200-180gb []");
    }
  }

  /** A node that a plan cannot change, or that gets no pods, is not offered; its capacity says why. */
  @Test
  void planNodes_skipNodesThatNoPlanCanUse() {
    var cluster = TestCluster.of(client).policy("mixed", "mig-config");
    cluster.node(Nodes.b200(2));
    edit(node -> node.withNewStatusLike(node.buildStatus())
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .endStatus());
    assertThat(mig.fleet().planNodes()).extracting(PlanNode::name).containsExactly("gpu-node");

    edit(node -> node.editOrNewSpec()
        .withUnschedulable(true)
        .endSpec()
        .editStatus()
        .editFirstCondition()
        .withStatus("Unknown")
        .endCondition()
        .endStatus());

    assertThat(mig.fleet().planNodes()).isEmpty();
    assertThat(mig.fleet().nodes())
        .singleElement()
        .extracting(NodeCapacity::obstacles)
        .isEqualTo(
            List.of(
                "Node gpu-node: it is not ready; see 'kubectl describe node gpu-node'",
                "Node gpu-node: it is cordoned, so no pod would be scheduled; run 'kubectl uncordon gpu-node'"));
    // A scheduler keeps what it has placed there.
    assertThat(mig.fleet().nodes().get(0).fleetGpus())
        .extracting(FleetGpu::toString)
        .containsExactly(
            "gpu-node/0 b200-180gb [], cordoned", "gpu-node/1 b200-180gb [], cordoned");
  }

  @ParameterizedTest
  @ValueSource(strings = {"single", "none"})
  void planNodes_skipNodesWithAnotherStrategy(String strategy) {
    TestCluster.of(client).policy(strategy, "mig-config").node(Nodes.b200(2));

    assertThat(mig.fleet().planNodes()).isEmpty();
    assertThat(mig.fleet().nodes())
        .singleElement()
        .extracting(NodeCapacity::obstacles)
        .isEqualTo(List.of(
            "Node gpu-node: MIG strategy %s cannot offer every layout of a plan; set mig.strategy=mixed in the GPU Operator's helm values"
                .formatted(strategy)));
  }

  @Test
  void nodes_withFewLabels_haveAllKnownValues() {
    TestCluster.of(client)
        .policy("mixed", "mig-config")
        .node(Nodes.bare().label(Labels.GPU_PRODUCT, "NVIDIA-Unheard-Of"));

    assertThat(mig.fleet().nodes())
        .singleElement()
        .extracting(NodeCapacity::obstacles)
        .isEqualTo(
            List.of(
                "Node gpu-node: the product 'NVIDIA-Unheard-Of' does not identify the model of its GPUs; see its status",
                "Node gpu-node: the number of its GPUs is unknown; wait for GPU Feature Discovery, or for the change in progress"));
  }

  @Test
  void nodes_withoutMig_haveThatObstacle() {
    TestCluster.of(client)
        .policy("mixed", "mig-config")
        .node(Nodes.bare().label(Labels.GPU_PRODUCT, "NVIDIA-L40S").label(Labels.GPU_COUNT, "2"));

    assertThat(mig.fleet().nodes())
        .singleElement()
        .extracting(NodeCapacity::obstacles)
        .isEqualTo(
            List.of(
                "Node gpu-node: its GPU l40s does not support MIG; share it by time-slicing or MPS instead"));
  }

  private void edit(Consumer<NodeBuilder> change) {
    client.nodes().withName("gpu-node").edit(current -> {
      NodeBuilder changed = new NodeBuilder(current);
      change.accept(changed);
      return changed.build();
    });
  }

  /** Devices that pods have taken meet no demand. */
  @Test
  void planNodes_ofAFullNode_acceptNothing() {
    try (var simulator = simulator()) {
      apply("node-a", "small");
      client
          .pods()
          .resource(pod("train", "node-a", "nvidia.com/mig-1g.23gb", 13))
          .create();
      client.pods().resource(pod("other", "node-b", "nvidia.com/gpu", 1)).create();

      var plan = Planner.of(mig.fleet().planNodes()).plan(Demand.of(DemandItem.of("1g.23gb", 3)));

      assertThat(plan.unmetCount()).isEqualTo(2);
    }
  }

  /** The node on which a pod runs stays as it is; the other gets what is asked for. */
  @Test
  void publish_aPlan_canBeApplied() {
    try (var simulator = simulator()) {
      client.pods().resource(pod("train", "node-a", "nvidia.com/gpu", 1)).create();
      var plan = Planner.of(mig.fleet().planNodes())
          .plan(Demand.of(DemandItem.of("3g.90gb", 3), DemandItem.of("1g.23gb", 2)));

      var configs = mig.fleet().publish("mig-config", "planned", plan);

      assertThat(configs.keySet()).containsExactly("node-b");
      assertThat(configs.get("node-b")).matches("planned-[0-9a-f]{8}");
      assertThat(apply("node-b", configs.get("node-b")).allocatable())
          .containsEntry("nvidia.com/mig-3g.90gb", 3L)
          .containsEntry("nvidia.com/mig-1g.23gb", 2L);
      assertThat(mig.node("node-b").status().config()).contains(configs.get("node-b"));
      assertThat(mig.configMap("mig-config").read().orElseThrow().configs().keySet())
          .filteredOn(name -> name.startsWith("planned"))
          .containsExactly(configs.get("node-b"));
    }
  }

  @Test
  void publish_aPlanForOtherNodes_isRefused_andWritesNothing() {
    try (var simulator = simulator()) {
      var plan = Planner.of(PlanNode.named("gone").gpus(B200, 1))
          .plan(Demand.of(DemandItem.of("1g.23gb", 1)));

      assertThatThrownBy(() -> mig.fleet().publish("mig-config", "planned", plan))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage("The plan for node gone: no node of this name has these GPUs and"
              + " no pod that uses them; read the nodes and plan again");
      assertThat(mig.configMap("mig-config").read().orElseThrow().configs().keySet())
          .noneMatch(name -> name.startsWith("planned"));
    }
  }

  private GpuOperatorSimulator simulator() {
    mig.configMap("mig-config").merge("small", MigConfigSpec.allDevices(SMALL));
    return GpuOperatorSimulator.on(client)
        .node("node-a", B200, 2)
        .node("node-b", B200, 2)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .start()
        .awaitReady(LONG);
  }

  private ApplyOutcome apply(String node, String config) {
    return mig.node(node).apply(config).timings(QUICK).await(LONG);
  }

  private static Pod pod(String name, String node, String resource, int count) {
    return Pods.with("ml", name, resource, String.valueOf(count))
        .editSpec()
        .withNodeName(node)
        .endSpec()
        .build();
  }

  private static Pod ended(String name, String node, String resource) {
    return new PodBuilder(pod(name, node, resource, 1))
        .withNewStatus()
        .withPhase("Succeeded")
        .endStatus()
        .build();
  }

  @Test
  void of_aPodWhoseAmountIsNoNumber_refusesItByName() {
    var pod = Pods.with("ml", "train-0", "nvidia.com/gpu", "two")
        .editSpec()
        .editFirstContainer()
        .editResources()
        .addToLimits("example.com/fpga", new Quantity("many"))
        .endResources()
        .endContainer()
        .endSpec()
        .build();
    var node = Nodes.b200(1).build();

    assertThatThrownBy(() ->
            MigFleet.of(List.of(node), List.of(pod), Optional.empty(), MigSettings.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Pod ml/train-0 has 'two' of nvidia.com/gpu in container main, which is not a number of devices");
  }

  /** Nodes that are cut alike share the work; each still has its own evidence. */
  @Test
  void of_manyNodesWithOneConfiguration_haveTheLayoutsThatEachOffers() {
    var document = MigConfigDocument.parse("""
        version: v1
        mig-configs:
          small:
          - devices: all
            mig-enabled: true
            mig-devices: {1g.23gb: 7}
        """);
    var cut = Nodes.cutIntoSeven().config("small", "success").build();
    var same =
        new NodeBuilder(cut).editMetadata().withName("same").endMetadata().build();
    var other = new NodeBuilder(cut)
        .editMetadata()
        .withName("other")
        .endMetadata()
        .editStatus()
        .addToAllocatable("nvidia.com/mig-1g.23gb", new Quantity("3"))
        .endStatus()
        .build();

    var capacities = MigFleet.of(
        List.of(cut, same, other), List.of(), Optional.of(document), MigSettings.defaults());

    assertThat(capacities)
        .extracting(each -> each.status().node() + " " + each.layouts().size())
        .containsExactly("gpu-node 1", "other 0", "same 1");
  }
}
