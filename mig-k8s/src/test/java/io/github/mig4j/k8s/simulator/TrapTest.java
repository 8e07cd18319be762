package io.github.mig4j.k8s.simulator;

import static io.github.mig4j.k8s.fixture.ClusterUser.CONFIG;
import static io.github.mig4j.k8s.fixture.ClusterUser.PLUGIN;
import static io.github.mig4j.k8s.fixture.ClusterUser.STATE;
import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The traps of NVIDIA's MIG manager, each as a client sees it that asks for a configuration and
 * believes the state label. Not among them is the fourteenth, the DRA driver's kubelet plugin, which
 * the MIG manager does not stop: ResourceSlices are not simulated.
 */
@ExtendWith(MockApiServer.class)
class TrapTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("NVIDIA-H100-80GB-HBM3");
  private static final GpuModel A100 = GpuCatalog.bundled().require("NVIDIA-A100-SXM4-40GB");
  private static final GpuModel L4 = GpuCatalog.bundled().require("NVIDIA-L4");
  private static final String GPU = "nvidia.com/gpu";
  private static final String SMALL = "nvidia.com/mig-1g.10gb";
  private static final String MEDIUM = "nvidia.com/mig-2g.20gb";
  private static final MigProfile G1 = MigProfile.parse("1g.10gb");
  private static final MigProfile G2 = MigProfile.parse("2g.20gb");
  private static final MigProfile G3 = MigProfile.parse("3g.40gb");
  private static final String PAUSED = "paused-for-mig-change";

  private static final String CONFIGS = """
      version: v1
      mig-configs:
        all-disabled: [{devices: all, mig-enabled: false}]
        small: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7}}]
        medium: [{devices: all, mig-enabled: true, mig-devices: {2g.20gb: 3}}]
        balanced: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 2, 2g.20gb: 1, 3g.40gb: 1}}]
        foreign: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 1, 1g.5gb: 1}}]
        uncovered: [{devices: [0], mig-enabled: true, mig-devices: {1g.10gb: 7}}]
        zero: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7, 2g.20gb: 0}}]
        odd-name: [{devices: all, mig-enabled: true, mig-devices: {1c.1g.10gb: 7}}]
        second-too-much:
        - {devices: [0, 2], mig-enabled: true, mig-devices: {2g.20gb: 3}}
        - {devices: [1], mig-enabled: true, mig-devices: {3g.40gb: 2, 1g.10gb: 1}}
      """;

  KubernetesClient client;
  ClusterUser node;

  @BeforeEach
  void publishAndLook() {
    node = new ClusterUser(client, "gpu-node");
    publish(CONFIGS);
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

  @AfterEach
  void lookAway() {
    node.close();
  }

  private GpuOperatorSimulator.Builder builder() {
    return GpuOperatorSimulator.on(client)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(SimulatorTimings.everyStep(Duration.ofMillis(10)));
  }

  /** A simulator on which the operator has disabled MIG, and everything runs. */
  private GpuOperatorSimulator started(GpuModel... gpus) {
    GpuOperatorSimulator simulator = builder().node("gpu-node", gpus).start();
    node.await(found -> "success".equals(labels(found).get(STATE))
        && Integer.valueOf(gpus.length).equals(offer(found).get(GPU)));
    return simulator;
  }

  private GpuOperatorSimulator startedSmall() {
    GpuOperatorSimulator simulator = started(H100);
    node.request("small");
    node.awaitOffer(Map.of(GPU, 0, SMALL, 7));
    node.await(found -> labels(found).containsKey(SMALL + ".count")
        && "success".equals(labels(found).get(STATE)));
    return simulator;
  }

  private static long runs(GpuOperatorSimulator simulator, String name) {
    return simulator.migManagerLog("gpu-node").stream()
        .filter(("level=info msg=\"Updating to MIG config: " + name + "\"")::equals)
        .count();
  }

  private static List<Map<MigProfile, Integer>> devices(GpuOperatorSimulator simulator) {
    return simulator.gpus("gpu-node").stream()
        .<Map<MigProfile, Integer>>map(gpu -> new TreeMap<>(gpu.devices()))
        .toList();
  }

  private static boolean isPaused(Node node) {
    return PAUSED.equals(labels(node).get(PLUGIN));
  }

  private Node awaitStuck() {
    return node.await(found -> isPaused(found)
        && "pending".equals(labels(found).get(STATE))
        && offer(found).values().stream().allMatch(count -> count == 0));
  }

  @Test
  void trap01_staleSuccess_isSeenUnderTheNewLabel() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      try (var record =
          node.record(found -> labels(found).get(CONFIG) + " " + labels(found).get(STATE))) {
        node.request("medium");

        assertThat(record.until("medium pending"))
            .containsExactly("small success", "medium success", "medium pending");
      }
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));
    }
  }

  @Test
  void trap02_alreadyApplied_afterFailed_goesToSuccessWithoutPending() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      node.request("no-such-name");
      node.awaitState("failed");
      try (var record = node.record(found -> labels(found).get(STATE))) {
        node.request("small");

        assertThat(record.until("success")).containsExactly("failed", "success");
      }
      assertThat(runs(simulator, "small")).isEqualTo(2);
    }
  }

  @Test
  void trap03_configMapLag_failsANameThatIsPublished() {
    SimulatorTimings lagging =
        SimulatorTimings.builder().configMapLag(Duration.ofHours(1)).build();
    try (var simulator = builder().timings(lagging).node("gpu-node", H100).start();
        var quiet = node.quiet()) {
      node.awaitState("success");
      publish(CONFIGS.replace("medium:", "new:"));

      node.request("new");
      node.awaitState("failed");

      assertThat(simulator.migManagerLog("gpu-node"))
          .contains(
              "level=fatal msg=\"Error selecting MIG config: selected mig-config not present: new\"");

      // A change of the pod makes its kubelet refresh the volume; the next value is then found.
      var pod = client
          .pods()
          .inNamespace("gpu-operator")
          .withLabel("app", "nvidia-mig-manager")
          .list()
          .getItems()
          .get(0);
      client
          .pods()
          .resource(pod)
          .edit(before -> new PodBuilder(before)
              .editMetadata()
              .addToAnnotations("refreshed", "now")
              .endMetadata()
              .build());
      eventually(() -> {
        node.request("no-such-name");
        node.request("new");
        return devices(simulator).equals(List.of(Map.of(G2, 3)));
      });
    }
  }

  @Test
  void trap03_configMapLag_endsByItself() {
    SimulatorTimings lagging =
        SimulatorTimings.builder().configMapLag(Duration.ofMillis(300)).build();
    try (var simulator = builder().timings(lagging).node("gpu-node", H100).start();
        var quiet = node.quiet()) {
      node.awaitState("success");
      publish(CONFIGS.replace("medium:", "new:"));

      eventually(() -> {
        node.request("no-such-name");
        node.request("new");
        return devices(simulator).equals(List.of(Map.of(G2, 3)));
      });
    }
  }

  @Test
  void trap04_contentEditedInPlace_isNotNoticed() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      publish(CONFIGS.replace("small: [", "unused: [").replace("medium: [", "small: ["));
      node.request("small");
      node.request("no-such-name");
      node.awaitState("failed");

      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));
    }
  }

  @Test
  void trap05_foreignProfile_emptiesTheGpu_withSuccess() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      node.request("foreign");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 0));
      var done =
          node.await(found -> "success".equals(labels(found).get(STATE)) && !isPaused(found));

      assertThat(labels(done)).containsEntry(CONFIG, "foreign");
      assertThat(devices(simulator)).containsExactly(Map.of());
    }
  }

  @Test
  void trap06_failureAfterACompleteRun_leavesTheNodePaused() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PAUSED_AFTER_FAILURE, Trap.LEFTOVER_GPU_INSTANCE);
      node.request("medium");
      var failed = node.awaitState("failed");

      assertThat(isPaused(failed)).isTrue();
      assertThat(offer(failed)).isEqualTo(Map.of(GPU, 0, SMALL, 0));

      // Until another run succeeds.
      node.request("balanced");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 2, MEDIUM, 1, "nvidia.com/mig-3g.40gb", 1));
    }
  }

  @Test
  void trap06_firstRunOfAProcess_putsTheLabelsBack() {
    try (var simulator = started(H100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PAUSED_AFTER_FAILURE, Trap.LEFTOVER_GPU_INSTANCE);
      node.request("small");

      assertThat(isPaused(node.awaitState("failed"))).isFalse();
    }
  }

  @Test
  void trap07_podsDoNotStop_leavesPendingAndPaused() {
    SimulatorTimings impatient =
        SimulatorTimings.builder().podStopTimeout(Duration.ofMillis(50)).build();
    try (var simulator = builder().timings(impatient).node("gpu-node", H100).start();
        var quiet = node.quiet()) {
      node.awaitState("success");
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("small");
      awaitStuck();
      eventually(() -> simulator
          .migManagerLog("gpu-node")
          .contains("level=error msg=\"Error: failed to wait for pods to be deleted: device-plugin"
              + " pod did not shutdown: context deadline exceeded\""));

      assertThat(labels(node.get())).containsEntry(STATE, "pending").containsEntry(PLUGIN, PAUSED);
      assertThat(simulator.gpus("gpu-node")).containsExactly(SimulatedGpu.whole(0, H100));

      // Until another value is set.
      simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("medium");
      node.awaitOffer(Map.of(GPU, 0, MEDIUM, 3));
    }
  }

  @Test
  void trap08_uncoveredGpu_isNeverRecognised_soARestartRunsAgain() {
    try (var simulator = started(H100, H100);
        var quiet = node.quiet()) {
      node.request("uncovered");
      node.awaitOffer(Map.of(GPU, 1, SMALL, 7));
      try (var record = node.record(found -> labels(found).get(STATE))) {
        restartManager();

        assertThat(record.until("pending")).containsExactly("success", "pending");
      }
      node.awaitOffer(Map.of(GPU, 1, SMALL, 7));
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7), Map.of());
    }
  }

  @Test
  void trap09_zeroCountOrOddName_isNeverRecognised_soARestartRunsAgain() {
    try (var simulator = started(H100);
        var quiet = node.quiet()) {
      for (String name : List.of("zero", "odd-name")) {
        node.request(name);
        node.await(found -> name.equals(labels(found).get(CONFIG))
            && runs(simulator, name) == 1
            && "success".equals(labels(found).get(STATE))
            && Integer.valueOf(7).equals(offer(found).get(SMALL)));
        eventually(() -> lastLine(simulator).contains("Waiting for change"));
        node.quiet().close();
        try (var record = node.record(found -> labels(found).get(STATE))) {
          restartManager();

          assertThat(record.until("pending")).containsExactly("success", "pending");
        }
        node.awaitState("success");
      }
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));
    }
  }

  @Test
  void trap10_gpuWithoutMig_amongAll_withReboot_alwaysFails() {
    try (var simulator = started(H100, L4);
        var quiet = node.quiet()) {
      node.request("small");
      node.awaitOffer(Map.of(GPU, 1, SMALL, 7));
      simulator.set("gpu-node", Trap.REBOOT_ON_MODE_FAILURE);
      try (var record = node.record(found -> labels(found).get(STATE))) {
        node.request("medium");

        assertThat(record.until("failed"))
            .containsExactly("success", "pending", "rebooting", "failed");
      }
      assertThat(simulator.migManagerLog("gpu-node"))
          .contains(
              "level=error msg=\"Error: failed to check if a MIG mode change is required: MIG mode"
                  + " change did not take effect after rebooting\"");
      assertThat(devices(simulator)).containsExactly(Map.of(), Map.of());
    }
  }

  @Test
  void trap11_changeOfOneGpu_pausesTheWholeNode() {
    try (var simulator = started(H100, H100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("uncovered");

      assertThat(offer(awaitStuck())).isEqualTo(Map.of(GPU, 0));

      simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.awaitOffer(Map.of(GPU, 1, SMALL, 7));
    }
  }

  @Test
  void trap12_errorBeforeTheRun_keepsTheOldSuccess() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.ERROR_BEFORE_RUN);
      node.request("medium");
      eventually(() -> lastLine(simulator).contains("Waiting") && runs(simulator, "medium") == 1);

      assertThat(labels(node.get()))
          .containsEntry(CONFIG, "medium")
          .containsEntry(STATE, "success");
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));
    }
  }

  @Test
  void trap13_presetLabel_offersTheWholeGpuFirst() {
    client
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName("gpu-node")
            .addToLabels(CONFIG, "small")
            .endMetadata()
            .build())
        .create();
    try (var record = node.record(ClusterUser::offer);
        var simulator = builder().node("gpu-node", H100).start();
        var quiet = node.quiet()) {
      assertThat(record.until(new TreeMap<>(Map.of(GPU, 0, SMALL, 7))))
          .contains(new TreeMap<>(Map.of(GPU, 1)));
      assertThat(runs(simulator, "small")).isEqualTo(1);
    }
  }

  @Test
  void draStack_ignoresTheLabel() {
    try (var simulator = builder().node("gpu-node", H100).set(Trap.DRA_STACK).start();
        var quiet = node.quiet()) {
      node.await(found -> labels(found).containsKey("nvidia.com/gpu.product"));
      node.request("small");
      node.request("medium");

      assertThat(labels(node.get())).doesNotContainKey(STATE).doesNotContainKey(PLUGIN);
      assertThat(simulator.migManagerLog("gpu-node")).isEmpty();

      simulator.remove("gpu-node", Trap.DRA_STACK);
      node.awaitOffer(Map.of(GPU, 0, MEDIUM, 3));
    }
  }

  @Test
  void trap15_successOfThePreviousRun_isSeenUnderTheNewLabel() {
    try (var simulator = started(H100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("small");
      awaitStuck();
      try (var record =
          node.record(found -> labels(found).get(CONFIG) + " " + labels(found).get(STATE))) {
        node.request("medium");
        simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);

        assertThat(record.until("medium success"))
            .containsExactly("small pending", "medium pending", "medium success");
      }
      assertThat(runs(simulator, "small")).isEqualTo(1);
      node.awaitOffer(Map.of(GPU, 0, SMALL, 0, MEDIUM, 3));
    }
  }

  @Test
  void trap16_successWhilePaused_afterAFailureThatChangedNothing() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      node.request("medium");
      node.awaitState("failed");
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));

      node.request("small");
      var success = node.awaitState("success");

      assertThat(isPaused(success)).isTrue();
      assertThat(offer(success)).isEqualTo(Map.of(GPU, 0, SMALL, 0));
    }
  }

  @Test
  void trap17_oneBadEntry_failsEveryName() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      publish(CONFIGS.replace("1g.5gb", "1g-5gb"));
      node.request("medium");
      node.awaitState("failed");

      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));
      assertThat(lastError(simulator)).startsWith("level=fatal msg=\"Error parsing config file: ");
    }
  }

  @Test
  void trap18_failureOnTheSecondGpu_leavesThreeLayouts() {
    try (var simulator = started(H100, H100, H100);
        var quiet = node.quiet()) {
      node.request("small");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 21));
      node.request("second-too-much");
      node.awaitState("failed");

      // The first entry is applied to GPUs 0 and 2 before the second entry fails.
      assertThat(devices(simulator)).containsExactly(Map.of(G2, 3), Map.of(), Map.of(G2, 3));
    }
  }

  @Test
  void trap19_neededModeChange_clearsGpusThatWereRight() {
    try (var simulator = started(H100, H100);
        var quiet = node.quiet()) {
      node.request("uncovered");
      node.awaitOffer(Map.of(GPU, 1, SMALL, 7));
      simulator.set("gpu-node", Trap.LEFTOVER_GPU_INSTANCE);
      node.request("small");
      node.awaitState("failed");

      assertThat(devices(simulator)).containsExactly(Map.of(), Map.of());
    }
  }

  @Test
  void trap20_aToBToA_whileBusy_neverRunsB() {
    try (var simulator = started(H100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("small");
      awaitStuck();
      node.request("medium");
      node.request("small");
      simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.awaitOffer(Map.of(GPU, 0, SMALL, 7));
      node.request("balanced");
      node.await(found -> Integer.valueOf(1).equals(offer(found).get(MEDIUM)));

      assertThat(runs(simulator, "medium")).isZero();
      assertThat(runs(simulator, "small")).isEqualTo(1);
    }
  }

  @Test
  void trap21_apiErrorDuringThePodWait_leavesPendingAndPaused() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.API_ERROR_DURING_POD_WAIT);
      node.request("medium");
      awaitStuck();
      eventually(() -> lastLine(simulator).contains("Waiting"));

      assertThat(labels(node.get())).containsEntry(STATE, "pending").containsEntry(PLUGIN, PAUSED);
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));

      node.request("balanced");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 2, MEDIUM, 1, "nvidia.com/mig-3g.40gb", 1));
    }
  }

  @Test
  void trap22_leftoverGpuInstance_failsOnce_andTheSecondAttemptWorks() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.LEFTOVER_GPU_INSTANCE);
      node.request("balanced");
      node.awaitState("failed");
      assertThat(devices(simulator)).containsExactly(Map.of());

      node.request("no-such-name");
      node.request("balanced");
      node.awaitState("success");
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 2, G2, 1, G3, 1));
    }
  }

  @Test
  void trap23_editedDeployLabel_isOverwritten_andFalseStays() {
    try (var simulator = started(H100);
        var quiet = node.quiet()) {
      node.label("nvidia.com/gpu.deploy.dcgm", "false");
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("small");
      awaitStuck();
      node.label("nvidia.com/gpu.deploy.dcgm-exporter", "mine");
      simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);
      var done = node.awaitState("success");

      assertThat(labels(done))
          .containsEntry("nvidia.com/gpu.deploy.dcgm", "false")
          .containsEntry("nvidia.com/gpu.deploy.dcgm-exporter", "true")
          .containsEntry("nvidia.com/gpu.deploy.nvsm", "true");
    }
  }

  @Test
  void trap24_sameName_isAnotherProfileOnAnotherGpu_andBothAreOneResource() {
    publish("""
        version: v1
        mig-configs:
          all-disabled: [{devices: all, mig-enabled: false}]
          four: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 4}}]
        """);
    try (var simulator = started(H100, A100);
        var quiet = node.quiet()) {
      node.request("four");
      node.awaitOffer(Map.of(GPU, 0, SMALL, 8));

      assertThat(simulator.gpus("gpu-node"))
          .extracting(gpu -> gpu.layout().orElseThrow().placements().get(0).size())
          .containsExactly(1, 2);
    }
  }

  @Test
  void trap25_killedDuringTheRun_staysPaused_untilTheNextProcessIsDone() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.KILLED_DURING_RUN, Trap.CONFIG_NOT_PUBLISHED);
      try (var record = node.record(found -> "%s %s %d"
          .formatted(
              labels(found).get(STATE),
              labels(found).get(PLUGIN),
              offer(found).getOrDefault(MEDIUM, 0)))) {
        node.request("medium");

        assertThat(record.until("success true 3"))
            .containsExactly(
                "success true 0",
                "pending true 0",
                "pending " + PAUSED + " 0",
                "pending true 0",
                "success true 0",
                "success true 3");
      }
      assertThat(runs(simulator, "medium")).isEqualTo(2);
    }
  }

  @Test
  void trap26_passingDriverError_failsOneProfile_butNotSeveral() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.PASSING_DRIVER_ERROR);
      node.request("medium");
      node.awaitState("failed");
      assertThat(lastError(simulator))
          .isEqualTo(
              "level=error msg=\"Error creating GPU instance for '2g.20gb': Unknown Error\"");

      simulator.set("gpu-node", Trap.PASSING_DRIVER_ERROR);
      node.request("balanced");
      node.awaitState("success");
      assertThat(devices(simulator)).containsExactly(Map.of(G1, 2, G2, 1, G3, 1));
    }
  }

  @Test
  void generatedConfig_isPublished() {
    try (var simulator = builder().configMap("").node("gpu-node", H100).start();
        var quiet = node.quiet()) {
      node.awaitState("success");
      var map = client
          .configMaps()
          .inNamespace("gpu-operator")
          .withName("gpu-node-mig-config")
          .require();

      assertThat(map.getMetadata().getLabels())
          .isEqualTo(Map.of(
              "app.kubernetes.io/component", "nvidia-mig-manager",
              "nvidia.com/node-name", "gpu-node"));
      assertThat(map.getMetadata().getOwnerReferences())
          .singleElement()
          .satisfies(owner -> assertThat(owner.getKind()).isEqualTo("Pod"));
      assertThat(MigConfigDocument.parse(map.getData().get("config.yaml")).configs())
          .containsKeys(
              "all-disabled", "all-enabled", "all-1g.10gb", "all-1g.10gb.me", "all-balanced");
    }
  }

  @Test
  void trap27_generatedConfig_isNotPublished_whereThePodIsNotFound() {
    try (var simulator = builder()
            .configMap("")
            .node("gpu-node", H100)
            .set(Trap.CONFIG_NOT_PUBLISHED)
            .start();
        var quiet = node.quiet()) {
      node.awaitState("success");

      assertThat(client
              .configMaps()
              .inNamespace("gpu-operator")
              .withName("gpu-node-mig-config")
              .get())
          .isNull();
      assertThat(simulator.gpus("gpu-node")).hasSize(1);
    }
  }

  @Test
  void trap28_nodeThatIsRecreated_startsARun() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      client.nodes().withName("gpu-node").delete();
      client
          .resource(new NodeBuilder()
              .withNewMetadata()
              .withName("gpu-node")
              .addToLabels(CONFIG, "medium")
              .endMetadata()
              .build())
          .create();

      node.await(found -> Integer.valueOf(3).equals(offer(found).get(MEDIUM)));
      assertThat(runs(simulator, "medium")).isPositive();
    }
  }

  @Test
  void trap28_reboot_losesTheModeOnHopper() {
    try (var simulator = started(H100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.REBOOT_ON_MODE_FAILURE, Trap.MODE_CHANGE_REFUSED);
      try (var record = node.record(found -> labels(found).get(STATE))) {
        node.request("small");

        assertThat(record.until("failed"))
            .containsExactly("success", "pending", "rebooting", "failed");
      }
    }
  }

  @Test
  void reboot_bringsTheModeOnAmpere() {
    publish(CONFIGS + "  tiny: [{devices: all, mig-enabled: true, mig-devices: {1g.5gb: 7}}]\n");
    try (var simulator = started(A100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.REBOOT_ON_MODE_FAILURE, Trap.MODE_CHANGE_REFUSED);
      try (var record = node.record(found -> labels(found).get(STATE))) {
        node.request("tiny");
        node.awaitOffer(Map.of(GPU, 0, "nvidia.com/mig-1g.5gb", 7));
        node.request("no-such-name");

        assertThat(record.until("failed"))
            .containsExactly("success", "pending", "rebooting", "pending", "success", "failed");
      }
    }
  }

  @Test
  void modeChangeRefused_withoutReboot_fails() {
    try (var simulator = started(A100);
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.MODE_CHANGE_REFUSED);
      node.request("small");
      node.awaitState("failed");

      assertThat(simulator.gpus("gpu-node")).containsExactly(SimulatedGpu.whole(0, A100));
      assertThat(lastError(simulator))
          .isEqualTo("level=error msg=\"Resetting GPU 00000000:00:04.0 is not supported.\"");
    }
  }

  @Test
  void gpuInUse_failsADisable_andKeepsTheDevices() {
    try (var simulator = startedSmall();
        var quiet = node.quiet()) {
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      node.request("all-disabled");
      node.awaitState("failed");

      assertThat(devices(simulator)).containsExactly(Map.of(G1, 7));
      node.awaitOffer(Map.of(GPU, 0, SMALL, 7));
    }
  }

  private void restartManager() {
    client
        .pods()
        .inNamespace("gpu-operator")
        .withLabel("app", "nvidia-mig-manager")
        .list()
        .getItems()
        .forEach(pod -> client.pods().resource(pod).delete());
  }

  private static String lastLine(GpuOperatorSimulator simulator) {
    List<String> lines = simulator.migManagerLog("gpu-node");
    return lines.get(lines.size() - 1);
  }

  private static String lastError(GpuOperatorSimulator simulator) {
    return simulator.migManagerLog("gpu-node").stream()
        .filter(line -> line.startsWith("level=error") || line.contains("Error parsing"))
        .filter(line -> !line.contains("exit status"))
        .reduce((first, second) -> second)
        .orElse("");
  }
}
