package io.github.mig4j.k8s.simulator;

import static io.github.mig4j.k8s.fixture.ClusterUser.CONFIG;
import static io.github.mig4j.k8s.fixture.ClusterUser.PLUGIN;
import static io.github.mig4j.k8s.fixture.ClusterUser.STATE;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Runs with configurations of the user's. */
@ExtendWith(MockApiServer.class)
class ConfigMapTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final String GPU = "nvidia.com/gpu";
  private static final String SMALL = "nvidia.com/mig-1g.23gb";
  private static final MigProfile G1 = MigProfile.parse("1g.23gb");

  private static final String CONFIGS = """
      version: v1
      mig-configs:
        all-disabled:
        - devices: all
          mig-enabled: false
        small:
        - devices: all
          mig-enabled: true
          mig-devices: {1g.23gb: 7}
        small-again:
        - devices: all
          mig-enabled: true
          mig-devices: {1g.23gb: 7}
        foreign:
        - devices: all
          mig-enabled: true
          mig-devices: {1g.23gb: 2, 1g.10gb: 1}
        too-much:
        - devices: all
          mig-enabled: true
          mig-devices: {3g.90gb: 2, 1g.23gb: 1}
      """;

  KubernetesClient client;
  ClusterUser node;

  @BeforeEach
  void look() {
    node = new ClusterUser(client, "gpu-node");
  }

  @AfterEach
  void lookAway() {
    node.close();
  }

  private GpuOperatorSimulator start() {
    return GpuOperatorSimulator.on(client)
        .node("gpu-node", B200)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .start();
  }

  private void publish(String yaml) {
    ConfigMap map = new ConfigMapBuilder()
        .withNewMetadata()
        .withName("mig-config")
        .withNamespace("gpu-operator")
        .endMetadata()
        .addToData("config.yaml", yaml)
        .build();
    client.resource(map).createOr(existing -> existing.update());
  }

  private GpuOperatorSimulator startSmall() {
    publish(CONFIGS);
    GpuOperatorSimulator simulator = start();
    node.awaitState("success");
    node.request("small");
    node.awaitOffer(Map.of(GPU, 0, SMALL, 7));
    node.await(found -> labels(found).containsKey(SMALL + ".count"));
    node.awaitState("success");
    return simulator;
  }

  @Test
  void start_withoutTheConfigMap_waitsForIt() {
    try (var simulator = start();
        var quiet = node.quiet()) {
      node.await(found -> "all-disabled".equals(labels(found).get(CONFIG)));
      assertThat(labels(node.get())).doesNotContainKey(STATE);

      publish(CONFIGS);

      node.awaitState("success");
      assertThat(simulator.gpus("gpu-node")).containsExactly(SimulatedGpu.whole(0, B200));
    }
  }

  @Test
  void request_ofEqualContent_afterSuccess_causesNoEvent() {
    try (var simulator = startSmall();
        var quiet = node.quiet()) {
      try (var record = node.record(found -> found.getMetadata().getResourceVersion())) {
        node.request("small-again");
        ClusterUser.eventually(() -> simulator.migManagerLog("gpu-node").stream()
                .filter(
                    line -> line.equals("level=info msg=\"Updating to MIG config: small-again\""))
                .count()
            == 1);
        node.request("no-such-name");
        String failed = node.awaitState("failed").getMetadata().getResourceVersion();

        // Before, our label, our label, failed: the run between our labels wrote nothing.
        assertThat(record.until(failed)).hasSize(4);
      }
      assertThat(simulator.gpus("gpu-node").get(0).devices()).isEqualTo(Map.of(G1, 7));
    }
  }

  @Test
  void request_ofAForeignProfile_succeeds_andRemovesAllDevices() {
    try (var simulator = startSmall();
        var quiet = node.quiet()) {
      node.request("foreign");
      var done = node.await(found -> "success".equals(labels(found).get(STATE))
          && offer(found).equals(Map.of(GPU, 0, SMALL, 0))
          && !labels(found).containsKey(SMALL + ".count"));

      assertThat(labels(done)).containsEntry(CONFIG, "foreign").containsEntry(PLUGIN, "true");
      assertThat(simulator.gpus("gpu-node"))
          .containsExactly(SimulatedGpu.whole(0, B200).holding(Map.of()));
    }
  }

  @Test
  void request_ofALayoutThatDoesNotFit_fails_losesTheOldLayout_andRestoresTheLabels() {
    try (var simulator = startSmall();
        var quiet = node.quiet()) {
      node.request("too-much");
      var failed = node.awaitState("failed");
      assertThat(labels(failed)).containsEntry(PLUGIN, "true");
      node.await(found -> !labels(found).containsKey(SMALL + ".count"));

      node.awaitOffer(Map.of(GPU, 0, SMALL, 0));
      assertThat(simulator.gpus("gpu-node"))
          .containsExactly(SimulatedGpu.whole(0, B200).holding(Map.of()));
      assertThat(simulator.migManagerLog("gpu-node"))
          .anyMatch(line -> line.equals("level=error msg=\"Error creating GPU instance for"
              + " '3g.90gb': Insufficient Resources\""));
    }
  }

  @Test
  void request_fromAFileWithOneBadEntry_fails_forEveryName() {
    try (var simulator = startSmall();
        var quiet = node.quiet()) {
      publish(CONFIGS.replace("1g.10gb: 1", "1g-10gb: 1"));

      node.request("small-again");
      node.awaitState("failed");

      assertThat(simulator.gpus("gpu-node").get(0).devices()).isEqualTo(Map.of(G1, 7));
      assertThat(simulator.migManagerLog("gpu-node"))
          .anyMatch(line -> line.startsWith("level=fatal msg=\"Error parsing config file: "));
    }
  }

  @Test
  void contentEdited_underTheSameName_changesNothing() {
    try (var simulator = startSmall();
        var quiet = node.quiet()) {
      publish(CONFIGS.replace("1g.23gb: 7", "2g.45gb: 3"));

      node.request("small");
      node.request("no-such-name");
      node.awaitState("failed");

      assertThat(simulator.gpus("gpu-node").get(0).devices()).isEqualTo(Map.of(G1, 7));
      assertThat(offer(node.get())).isEqualTo(Map.of(GPU, 0, SMALL, 7));
    }
  }

  @Test
  void policyNamesAnotherMap_theManagerStartsAgain_andReadsIt() {
    publish(CONFIGS);
    try (var simulator = GpuOperatorSimulator.on(client)
            .node("gpu-node", B200)
            .strategy(MigStrategy.MIXED)
            .timings(SimulatorTimings.everyStep(Duration.ofMillis(5)))
            .start();
        var quiet = node.quiet()) {
      node.awaitState("success");
      node.request("small");
      node.awaitState("failed");

      node.mergePolicy(Map.of(
          "mig", Map.of("strategy", "mixed"),
          "migManager", Map.of("config", Map.of("name", "mig-config"))));

      node.awaitOffer(Map.of(GPU, 0, SMALL, 7));
      assertThat(simulator.gpus("gpu-node").get(0).devices()).isEqualTo(Map.of(G1, 7));
    }
  }
}
