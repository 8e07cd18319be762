package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.CONFIG;
import static io.github.mig4j.k8s.fixture.ClusterUser.PLUGIN;
import static io.github.mig4j.k8s.fixture.ClusterUser.STATE;
import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static io.github.mig4j.k8s.scenario.Scenario.A100;
import static io.github.mig4j.k8s.scenario.Scenario.GPU;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.L4;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.MEDIUM;
import static io.github.mig4j.k8s.scenario.Scenario.NODE;
import static io.github.mig4j.k8s.scenario.Scenario.SMALL;
import static io.github.mig4j.k8s.scenario.Scenario.seen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.ConfigCode;
import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The traps of NVIDIA's MIG manager, each sprung twice: upon somebody who labels the node and
 * believes its state, and upon this library. docs/traps.md lists them.
 */
@Tag("scenario")
@ExtendWith(ScenarioServer.class)
class TrapScenarioTest {

  private static final String PAUSED = "paused-for-mig-change";

  /** A second until the log is looked into; without a log the stages end after some more. */
  private static final ApplyTimings LOOKS_SOON = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(600))
      .reaction(Duration.ofSeconds(4))
      .work(Duration.ofSeconds(4))
      .build();

  /** The time scale of the ConfigMap's lag: one second of a real cluster. */
  private static final Duration SECOND = Duration.ofMillis(25);

  KubernetesClient client;
  PodLogs logs;

  private Scenario.Builder scenario() {
    return Scenario.on(client).logs(logs);
  }

  @Test
  void trap01_staleSuccess_isNotBelieved() {
    try (var node = scenario().startWith("small", H100)) {
      Node believed = node.naive("medium");

      assertThat(offer(believed)).isEqualTo(Map.of(GPU, 0, SMALL, 7));

      node.assertVerified(node.apply("balanced").await(LONG), "balanced");
    }
  }

  /** Who waits for pending first waits for ever. */
  @Test
  void trap02_noEvent_isNoHang() {
    try (var node = scenario().startWith("small", H100)) {
      try (var states = node.view().record(found -> labels(found).get(STATE))) {
        node.view().request("small");
        node.awaitIdle("small", 1);

        assertThat(states.untilLast("success")).containsExactly("success");
      }

      ApplyOutcome outcome = node.apply("small").await(LONG);

      // API servers without kubelets have no logs.
      assertThat(
              outcome instanceof ApplyOutcome.VerifiedByStateOnly byState
                  ? byState.reason()
                  : ((ApplyOutcome.Verified) outcome).basis())
          .isEqualTo(
              ScenarioServer.isReal()
                  ? "the node offered the same before, and the GPU's clients were not seen to stop and start"
                  : "held for 100 ms, and the MIG manager's log reports success for '%s'"
                      .formatted(outcome.config()));
    }
  }

  /** One second is played as 25 ms, by operator and client alike. */
  @ParameterizedTest
  @ValueSource(ints = {0, 15, 60, 120})
  void trap03_configMapLag_isWaitedOut(int seconds) {
    SimulatorTimings lagging =
        SimulatorTimings.builder().configMapLag(SECOND.multipliedBy(seconds)).build();
    ApplyTimings scaled = ApplyTimings.builder()
        .stability(scaled(ApplyTimings.defaults().stability()))
        .failure(scaled(ApplyTimings.defaults().failure()))
        .transition(scaled(ApplyTimings.defaults().transition()))
        .propagation(scaled(ApplyTimings.defaults().propagation()))
        .reaction(scaled(ApplyTimings.defaults().reaction()))
        .work(scaled(ApplyTimings.defaults().work()))
        .offer(scaled(ApplyTimings.defaults().offer()))
        .build();
    try (var node = scenario().timings(lagging).start(H100)) {
      node.editMap(text -> text.replace("medium:", "new:"));
      if (seconds > 0) {
        node.naiveFailure("new");
        node.awaitIdle("new", 1);
      }

      node.assertVerified(node.node().apply("new").timings(scaled).await(LONG), "medium");
    }
  }

  private static Duration scaled(Duration real) {
    return SECOND.multipliedBy(real.toSeconds());
  }

  @Test
  void trap04_editInPlace_isAnotherName() {
    try (var node = scenario().start(H100)) {
      node.naive("small");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 7));
      node.editMap(text -> text.replace("small: [", "old: [").replace("medium: [", "small: ["));

      assertThat(offer(node.naiveAgain("small"))).isEqualTo(Map.of(GPU, 0, SMALL, 7));

      node.assertVerified(node.apply("small").await(LONG), "medium");
    }
  }

  @Test
  void trap05_silentEmpty_isRefused() {
    try (var node = scenario().startWith("small", H100)) {
      node.assertRefused(node.apply("foreign"), NodeCode.UNKNOWN_PROFILE);

      node.naive("foreign");
      node.awaitIdle("foreign", 1);
      assertThat(labels(node.view().get())).containsEntry(STATE, "success");
      assertThat(node.devices()).isEqualTo("[{}]");
    }
  }

  /** The GPUs hold what they held, and yet the node offers nothing. */
  @Test
  void trap06_pausedAfterFailure_isReported_andRecovered() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      Node believed = node.naiveFailure("medium");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 0));

      assertThat(labels(believed)).containsEntry(PLUGIN, PAUSED);
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");

      var failed = node.assertFails(node.apply("balanced"), FailureCode.IN_USE);
      assertThat(failed.lastSeen().paused()).contains("device-plugin");
      assertThat(failed.getMessage()).containsIgnoringCase("the node offers no GPU");

      node.remove(Trap.GPU_IN_USE);
      node.assertVerified(node.recover().await(LONG), "balanced");
    }
  }

  @Test
  void trap07_stuckPending_isReported_andRecovered() {
    SimulatorTimings impatient =
        SimulatorTimings.builder().podStopTimeout(Duration.ofMillis(200)).build();
    try (var node = scenario().timings(impatient).startWith("small", H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.view().request("medium");
      node.awaitIdle("medium", 1);

      assertThat(labels(node.view().get()))
          .containsEntry(STATE, "pending")
          .containsEntry(PLUGIN, PAUSED);

      var ended = node.assertEnds(
          node.apply("balanced").timings(LOOKS_SOON), FailureCode.PODS_DID_NOT_STOP);
      assertThat(ended.lastSeen().state()).contains(MigState.PENDING);

      node.remove(Trap.PODS_DO_NOT_STOP);
      node.assertVerified(node.recover().await(LONG), "balanced");
    }
  }

  @Test
  void trap08_uncoveredGpu_isRefused() {
    try (var node = scenario().start(H100, H100)) {
      node.naive("first-gpu");
      node.view().awaitOffer(Map.of(GPU, 1, SMALL, 7));
      node.awaitIdle("first-gpu", 1);

      // Every new process of the manager stops the clients of the whole node again, for nothing.
      CompletableFuture<Node> stopped =
          node.view().next(found -> PAUSED.equals(labels(found).get(PLUGIN)));
      node.restartManager();
      assertThat(labels(seen(stopped))).containsEntry(CONFIG, "first-gpu");
      node.awaitIdle("first-gpu", 2);

      node.assertRefused(node.apply("first-gpu"), PreflightCode.GPU_NOT_COVERED);
    }
  }

  @Test
  void trap09_zeroCount_isPublishedWithoutIt() {
    try (var node = scenario().start(H100)) {
      node.naive("zero");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 7));
      node.awaitIdle("zero", 1);
      CompletableFuture<Node> stopped =
          node.view().next(found -> PAUSED.equals(labels(found).get(PLUGIN)));
      node.restartManager();
      seen(stopped);
      node.awaitIdle("zero", 2);

      var outcome = node.apply("zero").await(LONG);

      String key = outcome.status().config().orElseThrow();
      CompletableFuture<Node> again =
          node.view().next(found -> PAUSED.equals(labels(found).get(PLUGIN)));
      node.restartManager();
      node.awaitIdle(key, 2);
      assertThat(again).isNotDone();
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
    }
  }

  @Test
  void trap10_mixedHardware_isDistinguished() {
    try (var node = scenario().start(H100, L4)) {
      node.set(Trap.REBOOT_ON_MODE_FAILURE);
      try (var states = node.view().record(found -> labels(found).get(STATE))) {
        node.view().request("medium");

        assertThat(states.untilLast("failed"))
            .containsExactly("success", "pending", "rebooting", "failed");
      }
      node.merge("by-model", entryFor(H100, "2g.20gb", 3), disabled(L4));

      node.assertRefused(node.apply("medium").gpus(gpus(H100, L4)), NodeCode.MIG_NOT_SUPPORTED);
      node.assertVerified(
          node.apply("by-model").gpus(gpus(H100, L4)).await(LONG),
          "{nvidia.com/gpu=1, nvidia.com/mig-2g.20gb=3}",
          "[{2g.20gb=3}, {}]");
    }
  }

  @Test
  void trap11_modeChangeOfOneGpu_isRefusedWhilePodsUseAnother() {
    try (var node = scenario().start(A100, A100)) {
      MigConfigSpec first = entry(DeviceSelector.of(0), "1g.5gb", 7);
      MigConfigSpec second = entry(DeviceSelector.of(1), "1g.5gb", 7);
      node.merge("only-first", first, off(1));
      node.merge("both", first, second);
      node.apply("only-first").await(LONG);
      var train = node.pod("train", "nvidia.com/mig-1g.5gb");

      node.assertRefused(node.apply("both"), PreflightCode.BUSY_PODS);
      node.assertRefused(
          node.apply("second-gpu"), PreflightCode.GPU_NOT_COVERED, PreflightCode.BUSY_PODS);

      // GPU 0 is not asked to change, and loses the devices that the pod uses.
      node.naive("second-gpu");
      node.awaitIdle("second-gpu", 1);
      assertThat(node.devices()).isEqualTo("[{}, {1g.5gb=7}]");

      node.delete(train);
      node.assertVerified(
          node.apply("both").await(LONG), "{nvidia.com/mig-1g.5gb=14}", "[{1g.5gb=7}, {1g.5gb=7}]");
    }
  }

  @Test
  void trap12_noStateAtAll_isNotTakenForSuccess() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.ERROR_BEFORE_RUN);
      node.naive("medium");
      node.awaitIdle("medium", 1);

      assertThat(labels(node.view().get()))
          .containsEntry(CONFIG, "medium")
          .containsEntry(STATE, "success");

      var ended = node.assertEnds(
          node.apply("balanced").timings(LOOKS_SOON), FailureCode.SYSTEMD_UNAVAILABLE);
      assertThat(ended.lastSeen().state()).contains(MigState.SUCCESS);
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
    }
  }

  /** A pod that comes before the GPU is cut gets it as a whole, and is in the way from then on. */
  @Test
  void trap13_presetLabel_isGated() {
    SimulatorTimings slow =
        SimulatorTimings.builder().assertion(Duration.ofSeconds(1)).build();
    client
        .resource(new NodeBuilder()
            .withNewMetadata()
            .withName(NODE)
            .addToLabels(CONFIG, "small")
            .endMetadata()
            .build())
        .create();
    try (var node = scenario().timings(slow).begin(H100)) {
      Node naive = node.view()
          .await(found -> Integer.valueOf(1).equals(offer(found).get(GPU))
              && labels(found).containsKey("nvidia.com/gpu.count"));
      assertThat(labels(naive)).containsEntry(CONFIG, "small");
      assertThat(isGated(naive)).isFalse();
      eventually(() -> node.apply("small").preflight().isClear());
      Map<ApplyPhase, Boolean> gated = new EnumMap<>(ApplyPhase.class);

      var outcome = node.apply("small")
          .gated()
          .onProgress(event -> gated.put(event.phase(), isGated(node.view().get())))
          .await(LONG);

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.10gb=7}");
      assertThat(gated.remove(ApplyPhase.CHECKED)).isFalse();
      assertThat(gated.remove(ApplyPhase.VERIFIED)).isFalse();
      assertThat(gated).containsKey(ApplyPhase.OFFERED).doesNotContainValue(false);
      assertThat(isGated(node.view().get())).isFalse();
    }
  }

  private static boolean isGated(Node node) {
    return node.getSpec() != null
        && node.getSpec().getTaints() != null
        && node.getSpec().getTaints().stream()
            .anyMatch(taint -> taint.getKey().equals("mig4j.github.io/unverified"));
  }

  /** Nobody acts on the label; the old state stays. */
  @Test
  void trap14_dra_isRefused() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.DRA_STACK);
      node.view().await(found -> !labels(found).containsKey(PLUGIN));

      Node believed = node.naive("medium");

      assertThat(labels(believed)).containsEntry(STATE, "success");
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
      node.assertRefused(node.apply("balanced"), PreflightCode.DRA_NODE);
    }
  }

  /** The run before this one ends with success under the new label, after pending. */
  @Test
  void trap15_foreignSuccess_isNotBelieved() {
    try (var node = scenario().start(H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.view().request("small");
      node.view().awaitState("pending");
      String key = node.merge("cut", entry(DeviceSelector.ALL, "2g.20gb", 3));
      CompletableFuture<Node> believed = node.nextState(key, "success");

      var outcome = node.apply("cut")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              node.remove(Trap.PODS_DO_NOT_STOP);
            }
          })
          .await(LONG);

      assertThat(offer(seen(believed))).doesNotContainKey(MEDIUM);
      node.assertVerified(outcome, "medium");
    }
  }

  @Test
  void trap16_successButPaused_isReported_andRecovered() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      node.naiveFailure("medium");
      Node believed = node.naive("small");

      assertThat(labels(believed)).containsEntry(PLUGIN, PAUSED);
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 0));

      var failed = node.assertFails(node.apply("small"), FailureCode.PAUSED_AFTER_SUCCESS);
      assertThat(failed.lastSeen().state()).contains(MigState.SUCCESS);

      node.assertVerified(node.recover().await(LONG), "small");
    }
  }

  @Test
  void trap17_poisonedFile_isRefused_andNeverWritten() {
    try (var node = scenario().startWith("small", H100)) {
      node.editMap(text -> text.replace("1g.5gb: 1", "1g-5gb: 1"));
      node.naiveFailure("medium");
      String poisoned = node.mapText();

      assertThatThrownBy(() -> node.merge("new", entry(DeviceSelector.ALL, "2g.20gb", 3)))
          .isInstanceOf(MigRefusedException.class);
      assertThat(node.mapText()).isEqualTo(poisoned);
      node.assertRefused(
          node.apply("balanced"), PreflightCode.MAP_REFUSED, ConfigCode.INVALID_PROFILE);
    }
  }

  @Test
  void trap18_partOfTheGpus_isRefused_orRolledBack() {
    try (var node = scenario().startWith("small", H100, H100, H100)) {
      node.assertRefused(node.apply("second-too-much"), NodeCode.NOT_PLACEABLE);

      node.naiveFailure("second-too-much");
      assertThat(node.devices()).isEqualTo("[{2g.20gb=3}, {}, {2g.20gb=3}]");

      node.apply("small").await(LONG);
      node.set(Trap.PASSING_DRIVER_ERROR);
      var failed =
          node.assertFails(node.apply("medium").rollbackOnFailure(), FailureCode.DRIVER_REFUSED);
      node.assertVerified(
          failed.rolledBack().orElseThrow(),
          "{nvidia.com/mig-1g.10gb=21}",
          "[{1g.10gb=7}, {1g.10gb=7}, {1g.10gb=7}]");
    }
  }

  @Test
  void trap19_modeChangeThatClearsTheRest_isRefusedWhileBusy_orRolledBack() {
    try (var node = scenario().startWith("half", H100, H100)) {
      var train = node.pod("train", SMALL);
      node.assertRefused(node.apply("small"), PreflightCode.BUSY_PODS);
      node.delete(train);
      node.set(Trap.LEFTOVER_GPU_INSTANCE);

      // GPU 0 had what was asked for, and loses it for the sake of GPU 1.
      node.naiveFailure("small");
      assertThat(node.devices()).isEqualTo("[{}, {}]");

      node.apply("half").await(LONG);
      node.set(Trap.LEFTOVER_GPU_INSTANCE);
      var failed = node.assertFails(
          node.apply("small").rollbackOnFailure(), FailureCode.INSUFFICIENT_RESOURCES);
      node.assertVerified(
          failed.rolledBack().orElseThrow(),
          "{nvidia.com/gpu=1, nvidia.com/mig-1g.10gb=7}",
          "[{1g.10gb=7}, {}]");
    }
  }

  /** Whoever waits for B waits for ever, and is not told that it never ran. */
  @Test
  void trap20_thereAndBack_isAConflict() {
    try (var node = scenario().start(H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.view().request("small");
      node.view().awaitState("pending");

      assertThatThrownBy(() -> node.apply("medium")
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.REQUESTED) {
                  node.view().request("small");
                }
              })
              .await(LONG))
          .isInstanceOf(MigConflictException.class)
          .hasMessageStartingWith(
              "Node gpu-node: another client set nvidia.com/mig.config=small while");

      node.remove(Trap.PODS_DO_NOT_STOP);
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 7));
      node.awaitIdle("small", 1);
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
    }
  }

  @Test
  void trap21_apiErrorDuringThePodWait_isReported_andRecovered() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.API_ERROR_DURING_POD_WAIT);
      node.view().request("medium");
      node.awaitIdle("medium", 1);

      assertThat(labels(node.view().get()))
          .containsEntry(STATE, "pending")
          .containsEntry(PLUGIN, PAUSED);

      node.set(Trap.API_ERROR_DURING_POD_WAIT);
      node.assertEnds(node.apply("balanced").timings(LOOKS_SOON), FailureCode.API_REQUEST_FAILED);
      node.assertVerified(node.recover().await(LONG), "balanced");
    }
  }

  @Test
  void trap22_leftoverInstance_isReported_andASecondApplyWorks() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.LEFTOVER_GPU_INSTANCE);
      node.naiveFailure("medium");
      assertThat(node.devices()).isEqualTo("[{}]");

      node.set(Trap.LEFTOVER_GPU_INSTANCE);
      var failed = node.assertFails(node.apply("balanced"), FailureCode.INSUFFICIENT_RESOURCES);
      String asked = failed.lastSeen().config().orElseThrow();

      var outcome = node.apply("balanced").await(LONG);

      // The manager does not try a name again, so it is asked under another of equal content.
      assertThat(outcome.status().config()).contains(asked + "-r2");
      assertThat(node.devices()).isEqualTo("[{1g.10gb=2, 2g.20gb=1, 3g.40gb=1}]");
    }
  }

  /** What a user writes into a deploy label during a run is lost, so this library writes none. */
  @Test
  void trap23_deployLabels_areTheManagersDuringARun() {
    // The label is written while the manager works, also on a slow machine.
    SimulatorTimings slow = SimulatorTimings.everyStep(Duration.ofMillis(300));
    try (var node = scenario().timings(slow).startWith("small", H100)) {
      node.view().label("nvidia.com/gpu.deploy.dcgm", "false");

      var outcome = node.apply("medium")
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.PAUSED) {
              node.view().label("nvidia.com/gpu.deploy.dcgm-exporter", "mine");
            }
          })
          .await(LONG);

      assertThat(labels(node.view().get()))
          .containsEntry("nvidia.com/gpu.deploy.dcgm", "false")
          .containsEntry("nvidia.com/gpu.deploy.dcgm-exporter", "true");
      node.assertVerified(outcome, "medium");
    }
  }

  /** One name, two sizes: pods get one or the other. */
  @Test
  void trap24_sameNameOnAnotherGpu_isWarnedAbout() {
    try (var node = scenario().start(H100, A100)) {
      List<NodeGpu> gpus = gpus(H100, A100);
      node.merge("h100-only", entryFor(H100, "2g.20gb", 3));
      node.naive("four");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 8));
      node.awaitIdle("four", 1);
      node.naive("h100-only");
      node.awaitIdle("h100-only", 1);
      assertThat(labels(node.view().get())).containsEntry(STATE, "success");
      assertThat(node.devices()).isEqualTo("[{2g.20gb=3}, {1g.10gb=4}]");

      assertThat(node.apply("four").gpus(gpus).preflight().findings())
          .filteredOn(finding -> finding.code() instanceof NodeCode)
          .extracting(Finding::message)
          .anySatisfy(message -> assertThat(message).contains("1g.10gb"));
      node.assertRefused(node.apply("h100-only").gpus(gpus), PreflightCode.GPU_NOT_COVERED);
      node.assertVerified(
          node.apply("four").gpus(gpus).await(LONG),
          "{nvidia.com/mig-1g.10gb=8}",
          "[{1g.10gb=4}, {1g.10gb=4}]");
    }
  }

  @Test
  void trap25_managerKilledDuringTheRun_isWaitedFor() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.KILLED_DURING_RUN);
      node.view().request("medium");
      Node stuck = node.view().await(found -> PAUSED.equals(labels(found).get(PLUGIN)));
      assertThat(labels(stuck)).containsEntry(STATE, "pending");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 0, MEDIUM, 3));
      assertThat(node.runs("medium")).isEqualTo(2);

      node.set(Trap.KILLED_DURING_RUN);
      var outcome = node.apply("balanced").await(LONG);

      assertThat(node.runs(outcome.status().config().orElseThrow())).isEqualTo(2);
      node.assertVerified(outcome, "balanced");
    }
  }

  @Test
  void trap26_oneAttempt_isReported_andASecondApplyWorks() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PASSING_DRIVER_ERROR);
      node.naiveFailure("medium");
      assertThat(node.devices()).isEqualTo("[{}]");

      node.apply("small").await(LONG);
      node.set(Trap.PASSING_DRIVER_ERROR);
      node.assertFails(node.apply("medium"), FailureCode.DRIVER_REFUSED);
      node.assertVerified(node.apply("medium").await(LONG), "medium");
    }
  }

  /** Without the map nobody knows which names there are. */
  @Test
  void trap27_generatedMapThatIsMissing_isRefused() {
    try (var node = scenario().generated().set(Trap.CONFIG_NOT_PUBLISHED).start(H100)) {
      node.naiveFailure("all-1g.10gb-typo");

      node.assertRefused(node.apply("all-1g.10gb"), PreflightCode.MAP_ABSENT);

      node.remove(Trap.CONFIG_NOT_PUBLISHED);
      node.restartManager();
      eventually(() -> node.apply("all-1g.10gb").preflight().isClear());
      node.assertVerified(node.apply("all-1g.10gb").await(LONG), "small");
    }
  }

  @Test
  void trap28_nodeThatIsRecreated_isAConflict_andASecondApplyWorks() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);

      assertThatThrownBy(() -> node.apply("medium")
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.PAUSED) {
                  client.nodes().withName(NODE).delete();
                }
              })
              .await(LONG))
          .isInstanceOf(MigConflictException.class)
          .hasMessage(
              "Node gpu-node was deleted during its change. Apply again when the node exists");

      // It comes back with another label, as a node pool gives it, and that is run.
      node.remove(Trap.PODS_DO_NOT_STOP);
      client
          .resource(new NodeBuilder()
              .withNewMetadata()
              .withName(NODE)
              .addToLabels(CONFIG, "balanced")
              .endMetadata()
              .build())
          .create();
      node.view()
          .await(found -> Integer.valueOf(2).equals(offer(found).get(SMALL))
              && labels(found).containsKey("nvidia.com/gpu.count"));
      node.assertVerified(node.apply("medium").await(LONG), "medium");
    }
  }

  @Test
  void trap28_rebootThatLosesTheMode_isReported() {
    try (var node = scenario().start(H100)) {
      node.set(Trap.REBOOT_ON_MODE_FAILURE, Trap.MODE_CHANGE_REFUSED);
      List<ApplyPhase> phases = new ArrayList<>();

      node.assertFails(
          node.apply("small").onProgress(event -> phases.add(event.phase())),
          FailureCode.REBOOT_WITHOUT_EFFECT);

      assertThat(phases).contains(ApplyPhase.REBOOTING);
    }
  }

  private static List<NodeGpu> gpus(GpuModel first, GpuModel second) {
    return List.of(NodeGpu.of(0, first), NodeGpu.of(1, second));
  }

  private static MigConfigSpec entry(DeviceSelector devices, String profile, int count) {
    return MigConfigSpec.builder()
        .devices(devices)
        .migEnabled(true)
        .putMigDevices(MigProfile.parse(profile), count)
        .build();
  }

  private static MigConfigSpec off(int index) {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.of(index))
        .migEnabled(false)
        .build();
  }

  private static MigConfigSpec entryFor(GpuModel model, String profile, int count) {
    return forModel(model)
        .migEnabled(true)
        .putMigDevices(MigProfile.parse(profile), count)
        .build();
  }

  private static MigConfigSpec disabled(GpuModel model) {
    return forModel(model).migEnabled(false).build();
  }

  private static MigConfigSpec.Builder forModel(GpuModel model) {
    MigConfigSpec.Builder entry = MigConfigSpec.builder().devices(DeviceSelector.ALL);
    model.boards().forEach(board -> entry.addDeviceFilters(DeviceFilter.of(board.id())));
    return entry;
  }
}
