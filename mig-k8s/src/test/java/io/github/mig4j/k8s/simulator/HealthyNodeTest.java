package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Status and diagnosis of nodes on which nothing is wrong, for every strategy and sharing. */
@ExtendWith(MockApiServer.class)
class HealthyNodeTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final String CONFIGS = """
      version: v1
      mig-configs:
        all-disabled: [{devices: all, mig-enabled: false}]
        small: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7}}]
        foreign: [{devices: all, mig-enabled: true, mig-devices: {1g.5gb: 7}}]
      """;

  KubernetesClient client;

  static Stream<Arguments> nodes() {
    return Stream.of(MigStrategy.values())
        .flatMap(strategy -> Stream.of("all-disabled", "small")
            .flatMap(config -> Stream.of("unshared", "sliced", "renamed", "mps")
                // The device plugin refuses MPS for a GPU in MIG mode, and under strategy mixed.
                .filter(sharing -> !(sharing.equals("mps")
                    && (config.equals("small") || strategy == MigStrategy.MIXED)))
                .map(sharing -> Arguments.of(strategy, config, sharing))));
  }

  @ParameterizedTest
  @MethodSource("nodes")
  void healthyNode_hasNoProblem_andNothingIsWrong(
      MigStrategy strategy, String config, String sharing) {
    publish("mig-config", Map.of("config.yaml", CONFIGS));
    publish(
        "plugin-config",
        Map.of(
            "unshared", DevicePluginConfig.unshared().toYaml(),
            "sliced", DevicePluginConfig.of(GpuSharing.timeSlicing(4)).toYaml(),
            "renamed",
                DevicePluginConfig.of(GpuSharing.timeSlicing(4).renamed()).toYaml(),
            "mps", DevicePluginConfig.of(GpuSharing.mps(4)).toYaml()));
    try (var node = new ClusterUser(client, "gpu-node");
        var simulator = GpuOperatorSimulator.on(client)
            .strategy(strategy)
            .configMap("mig-config")
            .devicePluginConfigMap("plugin-config")
            .timings(SimulatorTimings.everyStep(Duration.ofMillis(10)))
            .node("gpu-node", H100, 2)
            .start();
        var quiet = node.quiet()) {
      MigClient mig = MigClient.of(client);
      node.await(found -> Integer.valueOf(2).equals(ClusterUser.offer(found).get("nvidia.com/gpu"))
          && "success".equals(ClusterUser.labels(found).get(ClusterUser.STATE)));
      if (!sharing.equals("unshared")) {
        label(Labels.DEVICE_PLUGIN_CONFIG, sharing);
      }
      label(Labels.MIG_CONFIG, config);

      int devices = config.equals("small") && strategy != MigStrategy.NONE ? 14 : 2;
      // The configurations share nvidia.com/gpu, and not a resource of a profile.
      boolean shared =
          !sharing.equals("unshared") && !(config.equals("small") && strategy == MigStrategy.MIXED);
      String offered = "=" + devices * (shared ? 4 : 1) + "}";
      Diagnosis diagnosis = awaited(
          () -> mig.node("gpu-node").diagnose(),
          found -> found.code() == FailureCode.NOTHING_WRONG
              && found.explanation().contains(offered)
              && found.explanation().contains("as its configuration '" + config + "'"));

      assertThat(diagnosis.explanation())
          .startsWith("Nothing is wrong on node gpu-node: it offers {")
          .endsWith(
              "}, as its configuration '" + config + "' and its labels say. No action is needed");
      assertThat(mig.node("gpu-node").status().problems()).isEmpty();
      assertThat(mig.nodes())
          .singleElement()
          .satisfies(found -> assertThat(found.problems()).isEmpty());
    }
  }

  /** Trap 5: a profile that no GPU has removes all devices, and the manager reports success. */
  @Test
  void foreignProfile_isAProblemOfTheStatus_andOfTheDiagnosis() {
    publish("mig-config", Map.of("config.yaml", CONFIGS));
    try (var node = new ClusterUser(client, "gpu-node");
        var simulator = GpuOperatorSimulator.on(client)
            .strategy(MigStrategy.MIXED)
            .configMap("mig-config")
            .timings(SimulatorTimings.everyStep(Duration.ofMillis(10)))
            .node("gpu-node", H100, 1)
            .start();
        var quiet = node.quiet()) {
      MigClient mig = MigClient.of(client);
      label(Labels.MIG_CONFIG, "foreign");

      var diagnosis = awaited(
          () -> mig.node("gpu-node").diagnose(), found -> found.code() == FailureCode.NO_DEVICES);

      assertThat(diagnosis.explanation())
          .startsWith(
              "The MIG manager reports success for 'foreign', but node gpu-node has no GPU device at all: nvidia.com/mig-1g.5gb is 0 instead of 7, label nvidia.com/mig-1g.5gb.count is absent instead of 7. For a profile that no GPU of the node supports");
      assertThat(mig.node("gpu-node").status().problems())
          .containsExactly(
              "Node gpu-node reports success for 'foreign' and offers no GPU (nvidia.com/mig-1g.5gb is 0 instead of 7, label nvidia.com/mig-1g.5gb.count is absent instead of 7). Check that its GPUs support the profiles of that configuration");
    }
  }

  /** The wait for pods ends in one of three texts; all are one failure. */
  @Test
  void podsThatDoNotStop_endInThreeTexts_withOneCode() {
    publish("mig-config", Map.of("config.yaml", CONFIGS));
    try (var node = new ClusterUser(client, "gpu-node");
        var simulator = GpuOperatorSimulator.on(client)
            .strategy(MigStrategy.MIXED)
            .configMap("mig-config")
            .timings(
                SimulatorTimings.builder().podStopTimeout(Duration.ofMillis(50)).build())
            .node("gpu-node", H100, 1)
            .start();
        var quiet = node.quiet()) {
      MigClient mig = MigClient.of(client);
      node.await(found -> "success".equals(ClusterUser.labels(found).get(ClusterUser.STATE)));
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);

      for (String config : List.of("small", "foreign", "small")) {
        long ended = ends(simulator);
        label(Labels.MIG_CONFIG, config);
        ClusterUser.eventually(() -> ends(simulator) > ended);
        var diagnosis =
            Diagnosis.of(mig.node("gpu-node").status(), simulator.migManagerLog("gpu-node"));
        assertThat(diagnosis.explanation())
            .startsWith("The pods of device-plugin on node gpu-node did not stop");
      }

      String error = "level=error msg=\"Error: failed to wait for pods to be deleted: device-plugin"
          + " pod did not shutdown: ";
      assertThat(simulator.migManagerLog("gpu-node"))
          .contains(
              error + "context deadline exceeded\"",
              error
                  + "client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context"
                  + " deadline\"",
              error + "client rate limiter Wait returned an error: context deadline exceeded\"");
    }
  }

  private static Diagnosis awaited(Supplier<Diagnosis> diagnose, Predicate<Diagnosis> condition) {
    AtomicReference<Diagnosis> last = new AtomicReference<>(diagnose.get());
    try {
      ClusterUser.eventually(() -> {
        last.set(diagnose.get());
        return condition.test(last.get());
      });
    } catch (AssertionError late) {
      throw new AssertionError("The last diagnosis is " + last.get(), late);
    }
    return last.get();
  }

  private static long ends(GpuOperatorSimulator simulator) {
    return simulator.migManagerLog("gpu-node").stream()
        .filter(line -> line.contains("did not shutdown"))
        .count();
  }

  private void label(String key, String value) {
    var unused = client
        .nodes()
        .withName("gpu-node")
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\":{\"labels\":{\"%s\":\"%s\"}}}".formatted(key, value));
  }

  private void publish(String name, Map<String, String> data) {
    ConfigMap map = new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("gpu-operator")
        .endMetadata()
        .withData(data)
        .build();
    client.resource(map).create();
  }
}
