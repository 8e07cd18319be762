package io.github.mig4j.k8s.simulator;

import static io.github.mig4j.k8s.fixture.ClusterUser.CONFIG;
import static io.github.mig4j.k8s.fixture.ClusterUser.PLUGIN;
import static io.github.mig4j.k8s.fixture.ClusterUser.STATE;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeGate;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/** Alone, since it looks at the threads of the process. */
@Isolated
@ExtendWith(MockApiServer.class)
class GpuOperatorSimulatorTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final GpuModel L4 = GpuCatalog.bundled().require("NVIDIA-L4");
  private static final String GPU = "nvidia.com/gpu";
  private static final String SMALL = "nvidia.com/mig-1g.23gb";
  private static final String MEDIUM = "nvidia.com/mig-2g.45gb";

  KubernetesClient client;
  KubernetesMockServer server;
  ClusterUser node;

  /** A test of another class that failed may have left some. */
  private Set<Thread> threadsBefore = Set.of();

  @BeforeEach
  void look() {
    threadsBefore = Thread.getAllStackTraces().keySet();
    node = new ClusterUser(client, "gpu-node");
  }

  @AfterEach
  void leavesNoThread() {
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> !threadsBefore.contains(thread))
        .extracting(Thread::getName)
        .noneMatch(
            name -> name.startsWith("mig-manager-") || name.equals("gpu-operator-simulator"));
  }

  @AfterEach
  void lookAway() {
    node.close();
  }

  /** What a user can see of a change, one line per event. */
  private record Sight(String config, String state, String plugin, Map<String, Integer> offer) {}

  private static Sight sight(io.fabric8.kubernetes.api.model.Node node) {
    Map<String, String> labels = labels(node);
    return new Sight(labels.get(CONFIG), labels.get(STATE), labels.get(PLUGIN), offer(node));
  }

  private GpuOperatorSimulator.Builder mixed() {
    return GpuOperatorSimulator.on(client).strategy(MigStrategy.MIXED);
  }

  /** Until the operator has asked for no MIG, and everything runs. */
  private void awaitWhole(int gpus) {
    node.await(found -> "success".equals(labels(found).get(STATE))
        && Integer.valueOf(gpus).equals(offer(found).get(GPU)));
  }

  /** A controller manager marks the pods of a node that did not report for a while. */
  @Test
  void managerThatIsMarkedAsNotReady_isReportedAsReadyAgain() {
    try (var simulator = mixed().node("gpu-node", B200, 1).start();
        var quiet = node.quiet()) {
      awaitWhole(1);

      client
          .pods()
          .resource(managerPods().get(0))
          .editStatus(pod -> new PodBuilder(pod)
              .editStatus()
              .editMatchingCondition(condition -> "Ready".equals(condition.getType()))
              .withStatus("False")
              .endCondition()
              .endStatus()
              .build());

      ClusterUser.eventually(() ->
          "True".equals(managerPods().get(0).getStatus().getConditions().get(0).getStatus()));
    }
  }

  @Test
  void start_makesNodeNamespacePolicyAndPod_andTheOperatorDisablesMig() {
    try (var simulator = mixed().node("gpu-node", B200, 2).start();
        var quiet = node.quiet()) {
      awaitWhole(2);

      assertThat(labels(node.get()))
          .containsEntry(CONFIG, "all-disabled")
          .containsEntry("nvidia.com/gpu.present", "true")
          .containsEntry("nvidia.com/gpu.deploy.mig-manager", "true")
          .containsEntry("nvidia.com/mig.capable", "true")
          // Made by the first run, for which an absent label is one that is not false.
          .containsEntry("nvidia.com/gpu.deploy.nvsm", "true");
      assertThat(client.namespaces().withName("gpu-operator").get()).isNotNull();
      assertThat(client
              .genericKubernetesResources(ClusterPolicies.CONTEXT)
              .withName("cluster-policy")
              .get()
              .<Map<String, Object>>get("spec"))
          .isEqualTo(Map.of(
              "daemonsets", Map.of("tolerations", OperatorPolicy.TOLERATIONS),
              "mig", Map.of("strategy", "mixed"),
              "migManager",
                  Map.of(
                      "enabled", true, "config", Map.of("name", "", "default", "all-disabled"))));
      assertThat(managerPods()).singleElement().satisfies(pod -> {
        assertThat(pod.getSpec().getNodeName()).isEqualTo("gpu-node");
        assertThat(pod.getStatus().getConditions().get(0).getType()).isEqualTo("Ready");
        assertThat(pod.getStatus().getConditions().get(0).getStatus()).isEqualTo("True");
      });
      assertThat(simulator.gpus("gpu-node"))
          .containsExactly(SimulatedGpu.whole(0, B200), SimulatedGpu.whole(1, B200));
    }
  }

  @Test
  void request_goesThroughPendingAndPause_andOffersTheDevicesAfterSuccess() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      try (var record = node.record(GpuOperatorSimulatorTest::sight)) {
        node.request("all-1g.23gb");

        assertThat(
                record.until(new Sight("all-1g.23gb", "success", "true", Map.of(GPU, 0, SMALL, 7))))
            .containsExactly(
                new Sight("all-disabled", "success", "true", Map.of(GPU, 1)),
                new Sight("all-1g.23gb", "success", "true", Map.of(GPU, 1)),
                new Sight("all-1g.23gb", "pending", "true", Map.of(GPU, 1)),
                new Sight("all-1g.23gb", "pending", "paused-for-mig-change", Map.of(GPU, 1)),
                new Sight("all-1g.23gb", "pending", "paused-for-mig-change", Map.of(GPU, 0)),
                new Sight("all-1g.23gb", "pending", "true", Map.of(GPU, 0)),
                new Sight("all-1g.23gb", "success", "true", Map.of(GPU, 0)),
                new Sight("all-1g.23gb", "success", "true", Map.of(GPU, 0, SMALL, 7)));
      }
      assertThat(simulator.gpus("gpu-node"))
          .containsExactly(
              SimulatedGpu.whole(0, B200).holding(Map.of(MigProfile.parse("1g.23gb"), 7)));
      node.await(found -> "7".equals(labels(found).get(SMALL + ".count")));
      assertThat(labels(node.get())).containsEntry("nvidia.com/gpu.deploy.nvsm", "true");
    }
  }

  @Test
  void request_ofAnotherLayout_leavesTheOldNameAtZero_andRemovesItsLabels() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      node.request("all-1g.23gb");
      node.await(found -> labels(found).containsKey(SMALL + ".count"));

      node.request("all-2g.45gb");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 0, MEDIUM, 3));
      var done = node.await(found -> labels(found).containsKey(MEDIUM + ".count"));

      assertThat(labels(done).keySet()).noneMatch(key -> key.startsWith(SMALL));
      assertThat(simulator.gpus("gpu-node").get(0).layout())
          .hasToString("Optional[b200-180gb [2g.45gb@0:2, 2g.45gb@2:2, 2g.45gb@4:2]]");
    }
  }

  @Test
  void request_ofAnUnknownName_fails_withoutPending_andTouchesNothing() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      try (var record = node.record(found -> labels(found).get(STATE))) {
        node.request("all-1g.5gb");

        assertThat(record.until("failed")).containsExactly("success", "failed");
      }
      assertThat(offer(node.get())).isEqualTo(Map.of(GPU, 1));
      assertThat(simulator.migManagerLog("gpu-node"))
          .contains("level=fatal msg=\"Error selecting MIG config: selected mig-config not present:"
              + " all-1g.5gb\"");
    }
  }

  @Test
  void request_ofTheConfigurationInForce_afterSuccess_causesNoEventButTheLabel() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      node.request("all-1g.23gb");
      node.await(found -> labels(found).containsKey(SMALL + ".count"));
      String before = node.get().getMetadata().getResourceVersion();
      try (var record = node.record(found -> found.getMetadata().getResourceVersion())) {
        node.request("only-1g.23gb");
        node.awaitState("failed");
        node.request("all-1g.23gb");
        String after = node.awaitState("success").getMetadata().getResourceVersion();

        // Our label and "failed", our label and "success"; no pending, no pause.
        assertThat(record.until(after)).startsWith(before).hasSize(5);
      }
      assertThat(simulator.gpus("gpu-node").get(0).devices())
          .isEqualTo(Map.of(MigProfile.parse("1g.23gb"), 7));
    }
  }

  @Test
  void labelRemoved_isAllDisabledToTheOperator_andTheDevicesAreLost() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      node.request("all-1g.23gb");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 7));

      node.removeLabel(CONFIG);
      var done = node.awaitOffer(Map.of(GPU, 1, SMALL, 0));

      assertThat(labels(done)).containsEntry(CONFIG, "all-disabled");
      assertThat(simulator.gpus("gpu-node")).containsExactly(SimulatedGpu.whole(0, B200));
    }
  }

  @Test
  void strategySingle_offersAUniformLayoutAsGpus() {
    try (var simulator =
            GpuOperatorSimulator.on(client).node("gpu-node", B200, 2).start();
        var quiet = node.quiet()) {
      awaitWhole(2);

      node.request("all-1g.23gb");
      node.awaitOffer(Map.of(GPU, 14));
      var done = node.await(found -> "14".equals(labels(found).get("nvidia.com/gpu.count")));

      assertThat(labels(done))
          .containsEntry("nvidia.com/gpu.product", "NVIDIA-B200-MIG-1g.23gb")
          .containsEntry("nvidia.com/mig.strategy", "single");
      assertThat(simulator.gpus("gpu-node")).hasSize(2);
    }
  }

  @Test
  void strategySingle_withAMixedLayout_succeeds_butOffersNothing() {
    try (var simulator = GpuOperatorSimulator.on(client).node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);

      node.request("all-balanced");
      var done = node.await(
          found -> "NVIDIA-B200-MIG-INVALID".equals(labels(found).get("nvidia.com/gpu.product")));

      assertThat(offer(done)).isEqualTo(Map.of(GPU, 0));
      assertThat(labels(done))
          .containsEntry(STATE, "success")
          .containsEntry(PLUGIN, "true")
          .containsEntry("nvidia.com/gpu.count", "0");
      assertThat(simulator.gpus("gpu-node").get(0).devices()).hasSize(3);
    }
  }

  @Test
  void policyChanged_toAnotherStrategy_restartsPluginAndDiscovery() {
    try (var simulator = GpuOperatorSimulator.on(client).node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      node.request("all-balanced");
      node.await(found -> "0".equals(labels(found).get("nvidia.com/gpu.count")));

      node.mergePolicy(Map.of("mig", Map.of("strategy", "mixed")));

      node.awaitOffer(Map.of(GPU, 0, SMALL, 2, MEDIUM, 1, "nvidia.com/mig-3g.90gb", 1));
      var done = node.await(found -> labels(found).containsKey(MEDIUM + ".count"));
      assertThat(labels(done))
          .containsEntry("nvidia.com/gpu.product", "NVIDIA-B200")
          .containsEntry("nvidia.com/gpu.replicas", "0")
          .containsEntry("nvidia.com/mig.strategy", "mixed");
      assertThat(simulator.gpus("gpu-node")).hasSize(1);
    }
  }

  @Test
  void start_usesExistingObjects_andOverwritesNothing() {
    client
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName("gpu-node")
            .addToLabels("zone", "a")
            .addToLabels(CONFIG, "all-2g.45gb")
            .addToLabels("nvidia.com/gpu.deploy.dcgm", "false")
            .endMetadata()
            .build())
        .create();
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .resource(new OperatorPolicy(
                MigStrategy.MIXED, "", "", new OperatorPolicy.PluginConfig("", ""), List.of())
            .toResource())
        .create();

    try (var simulator = GpuOperatorSimulator.on(client)
            .node("gpu-node", B200)
            .strategy(MigStrategy.NONE)
            .start();
        var quiet = node.quiet()) {
      node.await(found -> Integer.valueOf(3).equals(offer(found).get(MEDIUM)));

      assertThat(labels(node.get()))
          .containsEntry("zone", "a")
          .containsEntry(CONFIG, "all-2g.45gb")
          .containsEntry("nvidia.com/gpu.deploy.dcgm", "false");
      assertThat(simulator.gpus("gpu-node")).hasSize(1);
    }
  }

  /** As the controller of DaemonSets does: a pod that runs is kept, and none is started. */
  @Test
  void taint_thatTheDaemonSetsDoNotTolerate_letsNoPodStart() {
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .resource(new OperatorPolicy(
                MigStrategy.MIXED,
                "",
                "all-disabled",
                new OperatorPolicy.PluginConfig("", ""),
                List.of())
            .toResource())
        .create();
    try (var simulator = mixed().node("gpu-node", B200, 1).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      taint(NodeGate.TAINT);

      node.label(CONFIG, "all-1g.23gb");
      node.await(found -> "success".equals(labels(found).get(STATE))
          && "all-1g.23gb".equals(labels(found).get(CONFIG))
          && "true".equals(labels(found).get(PLUGIN)));
      assertThat(offer(node.get())).doesNotContainEntry(SMALL, 7);

      taint();
      node.await(found -> Integer.valueOf(7).equals(offer(found).get(SMALL)));
    }
  }

  private void taint(Taint... taints) {
    client
        .nodes()
        .withName("gpu-node")
        .edit(now ->
            new NodeBuilder(now).editOrNewSpec().withTaints(taints).endSpec().build());
  }

  @Test
  void start_onANodeWithoutMig_deploysNoMigManager() {
    try (var simulator = mixed().node("gpu-node", L4).start();
        var quiet = node.quiet()) {
      node.awaitOffer(Map.of(GPU, 1));
      var done = node.await(found -> labels(found).containsKey("nvidia.com/gpu.product"));

      assertThat(labels(done))
          .containsEntry("nvidia.com/mig.capable", "false")
          .doesNotContainKey(CONFIG)
          .doesNotContainKey("nvidia.com/gpu.deploy.mig-manager");
      assertThat(managerPods()).isEmpty();
      assertThat(simulator.migManagerLog("gpu-node")).isEmpty();
    }
  }

  @Test
  void podDeleted_isReplaced_andTheNewOneRunsTheLabelAgain() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      awaitWhole(1);
      String first = managerPods().get(0).getMetadata().getName();

      client.pods().inNamespace("gpu-operator").withName(first).delete();

      client
          .pods()
          .inNamespace("gpu-operator")
          .withLabel("app", "nvidia-mig-manager")
          .informOnCondition(pods -> pods.stream()
              .anyMatch(pod -> !pod.getMetadata().getName().equals(first)
                  && pod.getStatus() != null
                  && "Running".equals(pod.getStatus().getPhase())))
          .orTimeout(30, TimeUnit.SECONDS)
          .join();
      String run = "level=info msg=\"Updating to MIG config: all-disabled\"";
      ClusterUser.eventually(
          () -> Collections.frequency(simulator.migManagerLog("gpu-node"), run) == 2);
      assertThat(managerPods()).hasSize(1);
    }
  }

  @Test
  void close_afterTheApiServerHasStopped_ends() {
    var simulator = mixed().node("gpu-node", B200).start();
    awaitWhole(1);
    node.request("all-1g.23gb");
    node.awaitState("pending");

    server.shutdown();
    simulator.close();

    assertThat(simulator.gpus("gpu-node")).hasSize(1);
  }

  @Test
  void start_onANodeWithAnotherMigManager_isRefused() {
    client
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName("nvidia-mig-manager-x7k2p")
            .withNamespace("gpu-operator")
            .addToLabels("app", "nvidia-mig-manager")
            .endMetadata()
            .withNewSpec()
            .withNodeName("gpu-node")
            .endSpec()
            .build())
        .create();

    assertThatThrownBy(() -> mixed().node("gpu-node", B200).start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "Node gpu-node already runs a MIG manager, pod nvidia-mig-manager-x7k2p; simulate on a node without GPU Operator");
  }

  @Test
  void builder_withoutNode_orWithoutGpu_orTwice_isRefused() {
    assertThatThrownBy(() -> mixed().start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The simulator needs at least one node; add it with node()");
    assertThatThrownBy(() -> mixed().node("a", B200, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Node a needs at least one GPU");
    assertThatThrownBy(() -> mixed().node("a", B200).node("a", L4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Node a was added before");
  }

  @Test
  void gpus_ofAnUnknownNode_namesTheKnownNodes() {
    try (var simulator = mixed().node("gpu-node", B200).start();
        var quiet = node.quiet()) {
      assertThatThrownBy(() -> simulator.gpus("gpu-nod"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("The simulator has no node 'gpu-nod'; it has [gpu-node]");
    }
  }

  private List<Pod> managerPods() {
    return client
        .pods()
        .inNamespace("gpu-operator")
        .withLabel("app", "nvidia-mig-manager")
        .list()
        .getItems();
  }
}
