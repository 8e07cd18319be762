package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator.PluginVersion;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.lint.Severity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests against a simulated operator, from the label to the evidence. */
@ExtendWith(MockApiServer.class)
class ApplyTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofSeconds(20))
      .transition(Duration.ofSeconds(1))
      .build();
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());

  KubernetesClient client;
  private final RecordedRequests requests = new RecordedRequests();
  private KubernetesClient recorded;
  private MigClient mig;

  @BeforeEach
  void connect() {
    recorded = requests.client(client.getConfiguration());
    mig = MigClient.of(recorded);
  }

  @AfterEach
  void disconnect() {
    recorded.close();
  }

  @Test
  void await_twoLayoutsInTurn_areVerified() {
    try (var simulator = simulator(1)) {
      var small = apply("small");
      var medium = apply("medium");

      assertThat(small).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(small.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
      assertThat(medium).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(medium.allocatable()).hasToString("{nvidia.com/mig-2g.45gb=3}");
      assertThat(medium.status().configName()).contains("medium");
    }
  }

  @Test
  void await_onEightGpus_countsThemAll() {
    try (var simulator = simulator(8)) {
      assertThat(apply("small").allocatable()).hasToString("{nvidia.com/mig-1g.23gb=56}");
    }
  }

  @Test
  void await_underSingle_knowsTheNumberOfGpusFromTheConfigInForce() {
    try (var simulator = started(GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 2)
        .strategy(MigStrategy.SINGLE)
        .configMap("mig-config"))) {
      assertThat(apply("small").allocatable()).hasToString("{nvidia.com/gpu=14}");
      assertThat(apply("medium").allocatable()).hasToString("{nvidia.com/gpu=6}");
    }
  }

  @Test
  void await_plainPath_writesTheRequestAndTheEnd_andTheMapNotAtAll() {
    try (var simulator = simulator(1)) {
      int before = requests.writes().size();

      apply("small");

      assertThat(requests.writes().subList(before, requests.writes().size()))
          .containsExactly("PATCH /api/v1/nodes/gpu-node", "PATCH /api/v1/nodes/gpu-node");
    }
  }

  @Test
  void await_whatIsInForce_verifiesAndWritesNothing() {
    try (var simulator = simulator(1)) {
      apply("small");
      int before = requests.writes().size();

      var again = apply("small");

      assertThat(again).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(requests.writes()).hasSize(before);
    }
  }

  @Test
  void await_tellsEachStepInOrder() {
    try (var simulator = simulator(1)) {
      List<ApplyPhase> phases = new ArrayList<>();

      mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .onProgress(event -> phases.add(event.phase()))
          .await(LONG);

      assertThat(phases)
          .containsExactly(
              ApplyPhase.CHECKED,
              ApplyPhase.REQUESTED,
              ApplyPhase.PENDING,
              ApplyPhase.PAUSED,
              ApplyPhase.RESUMED,
              ApplyPhase.REPORTED,
              ApplyPhase.OFFERED,
              ApplyPhase.VERIFIED);
    }
  }

  /** A map that somebody else writes has no hashed names; apply adds the one it needs. */
  @Test
  void await_handWrittenMap_publishesTheHashedName() {
    try (var simulator = simulator(1)) {
      var map = client.configMaps().inNamespace("gpu-operator").withName("mig-config");
      map.edit(current -> {
        current.getData().put("config.yaml", """
                    version: v1
                    mig-configs:
                      by-hand:
                      - devices: all
                        mig-enabled: true
                        mig-devices:
                          "3g.90gb": 2
                    """);
        return current;
      });

      var outcome = apply("by-hand");

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-3g.90gb=2}");
      assertThat(outcome.status().config())
          .hasValueSatisfying(c -> assertThat(c).matches("by-hand-[0-9a-f]{8}"));
    }
  }

  @Test
  void await_exactName_asksForThatName() {
    try (var simulator = simulator(1)) {
      var outcome = mig.node("gpu-node").applyExact("small").timings(QUICK).await(LONG);

      assertThat(outcome.status().config()).contains("small");
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    }
  }

  /** A map that is not ours is read, and its configurations are asked for as they are called. */
  @Test
  void await_generatedConfig_isAppliedByItsName_andNothingIsPublished() {
    try (var simulator = started(
        GpuOperatorSimulator.on(client).node("gpu-node", B200, 1).strategy(MigStrategy.MIXED))) {
      int before = requests.writes().size();

      var outcome = apply("all-3g.90gb");

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-3g.90gb=2}");
      assertThat(outcome.status().config()).contains("all-3g.90gb");
      assertThat(requests.writes().subList(before, requests.writes().size()))
          .containsExactly("PATCH /api/v1/nodes/gpu-node", "PATCH /api/v1/nodes/gpu-node");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "V0_19, {nvidia.com/mig-1g.23gb=1}, a version before v0.20.0 offers",
    "V0_20, {nvidia.com/mig-1g.23gb.me=1}, v0.20.0 or later offers"
  })
  void await_devicesWithAttributes_areVerifiedUnderEitherName(
      PluginVersion plugin, String offered, String assumed) {
    List<String> verified = new ArrayList<>();
    try (var simulator = started(GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .devicePlugin(plugin))) {
      var outcome = mig.node("gpu-node")
          .apply("all-1g.23gb.me")
          .timings(QUICK)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.VERIFIED) {
              verified.add(event.detail());
            }
          })
          .await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(outcome.allocatable()).hasToString(offered);
      assertThat(verified)
          .singleElement()
          .asString()
          .endsWith(
              "; The version of the device-plugin is not known; the node offers what " + assumed);
    }
  }

  @Test
  void await_busyNode_isRefused_unlessTheConfigIsInForce() {
    try (var simulator = simulator(1)) {
      apply("small");
      client
          .resource(Pods.with("ml", "train", "nvidia.com/mig-1g.23gb", "1").build())
          .create();

      assertThat(apply("small")).isInstanceOf(ApplyOutcome.Verified.class);
      assertThatThrownBy(() -> apply("medium"))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "Config 'medium' on node gpu-node: pods use the node's GPUs: ml/train; a change takes"
                  + " the GPUs from them, so drain the node first");
      assertThat(simulator.gpus("gpu-node").get(0).toString()).contains("1g.23gb");
    }
  }

  @Test
  void await_noOperatorAtWork_endsAtTheDeadline_andSaysWhatIsMissing() {
    TestCluster.of(client).node(Nodes.b200(1)).policy("mixed", "mig-config");
    publish();

    assertThatThrownBy(
            () -> mig.node("gpu-node").apply("small").timings(QUICK).await(Duration.ofMillis(300)))
        .isInstanceOfSatisfying(
            MigDeadlineException.class,
            e -> assertThat(e.lastSeen().configName()).contains("small"))
        .hasMessage(
            "Node gpu-node: waited 300 ms for {nvidia.com/mig-1g.23gb=7}, but its MIG state is absent, nvidia.com/mig-1g.23gb is 0 instead of 7, nvidia.com/gpu is 1 instead of 0, label nvidia.com/mig-1g.23gb.count is absent instead of 7. No pod of the MIG manager runs on node gpu-node. It runs on nodes with the labels nvidia.com/mig.capable=true and nvidia.com/gpu.deploy.mig-manager=true; check these with 'kubectl get node gpu-node --show-labels', or why the pod does not start");
  }

  @Test
  void await_interrupted_keepsTheFlag() {
    TestCluster.of(client).node(Nodes.b200(1)).policy("mixed", "mig-config");
    publish();

    assertThatThrownBy(() -> mig.node("gpu-node")
            .apply("small")
            .onProgress(event -> Thread.currentThread().interrupt())
            .await(LONG))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void await_labelTakenOverBySomebody_isAConflict() {
    TestCluster.of(client).node(Nodes.b200(1)).policy("mixed", "mig-config");
    publish();

    assertThatThrownBy(() -> mig.node("gpu-node")
            .apply("small")
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.REQUESTED) {
                relabel("theirs");
              }
            })
            .await(LONG))
        .isInstanceOf(MigConflictException.class)
        .hasMessageStartingWith(
            "Node gpu-node: another client set nvidia.com/mig.config=theirs while 'small-");
  }

  /** Trap 3: the kubelet refreshes the mounted file only after the label was set. */
  @Test
  void await_configMapThatLags_asksAgainUntilTheManagerKnowsIt() {
    var lagging = GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(SimulatorTimings.builder().configMapLag(Duration.ofSeconds(2)).build());
    var impatient = ApplyTimings.builder()
        .stability(Duration.ofMillis(100))
        .failure(Duration.ofMillis(500))
        .build();
    try (var simulator = started(lagging)) {
      apply("medium");
      mig.configMap("mig-config").merge("late", SMALL);
      List<ApplyPhase> phases = new ArrayList<>();

      var outcome = mig.node("gpu-node")
          .apply("late")
          .timings(impatient)
          .onProgress(event -> phases.add(event.phase()))
          .await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(phases).contains(ApplyPhase.RETRIED);
      assertThat(outcome.status().configName()).contains("late");
    }
  }

  /** What the checks report and do not refuse is part of the outcome. */
  @Test
  void await_withAWarning_hasItInTheOutcome() {
    try (var simulator = simulator(1)) {
      TestCluster.of(client).policy("second-policy", Map.of());

      var outcome = apply("small");

      assertThat(outcome.findings())
          .filteredOn(finding -> finding.severity() == Severity.WARNING)
          .extracting(finding -> finding.code().toString())
          .containsExactly("several-policies");
    }
  }

  /** Two clients may want the same; the second only follows. */
  @Test
  void await_whatSomebodyElseAsksForMeanwhile_isNoConflict() {
    try (var simulator = simulator(1)) {
      String key = MigConfig.of(SMALL).contentName("small");

      var outcome = mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.CHECKED) {
              relabel(key);
            }
          })
          .await(LONG);

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    }
  }

  /** What another client published after the check stays. */
  @Test
  void await_publishesOnlyTheHashedName() {
    TestCluster.of(client)
        .node(Nodes.b200(1))
        .policy("mixed", "mig-config")
        .configMap(MigConfigDocument.empty().with("small", MigConfig.of(SMALL)).toYaml());

    assertThatThrownBy(() -> mig.node("gpu-node")
            .apply("small")
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.CHECKED) {
                MigClient.of(client).configMap("mig-config").merge("small", MEDIUM);
              }
            })
            .timings(QUICK)
            .await(Duration.ofSeconds(2)))
        .isInstanceOf(MigDeadlineException.class);
    assertThat(mig.configMap("mig-config").read().orElseThrow().configs())
        .containsEntry("small", MigConfig.of(MEDIUM))
        .containsEntry(MigConfig.of(SMALL).contentName("small"), MigConfig.of(SMALL))
        .containsEntry(MigConfig.of(MEDIUM).contentName("small"), MigConfig.of(MEDIUM));
  }

  @Test
  void await_deadlineThatIsNone_isRefusedBeforeAnything() {
    assertThatThrownBy(() -> mig.node("gpu-node").apply("small").await(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The deadline must be positive, but was 0 s; allow some minutes");
    assertThat(requests.all()).isEmpty();
  }

  @Test
  void await_deadlineOfCenturies_isNoOverflow() {
    try (var simulator = simulator(1)) {
      var outcome =
          mig.node("gpu-node").apply("small").timings(QUICK).await(Duration.ofDays(365L * 1000));

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
    }
  }

  @Test
  void timings_outsideADay_areRefused() {
    assertThatThrownBy(
            () -> ApplyTimings.builder().stability(Duration.ofSeconds(-5)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The time stability must be between 0 s and 24 h, but was -5 s");
  }

  /** The MIG manager does not try the same value again, so the node is asked under another. */
  @Test
  void await_afterAFailure_asksUnderAnAliasOfEqualContent() {
    TestCluster.of(client).policy("mixed", "mig-config");
    publish();
    String key = MigConfig.of(SMALL).contentName("small");
    TestCluster.of(client).node(Nodes.b200(1).config(key, "failed"));

    assertThatThrownBy(
            () -> mig.node("gpu-node").apply("small").timings(QUICK).await(Duration.ofMillis(300)))
        .isInstanceOfSatisfying(
            MigDeadlineException.class,
            e -> assertThat(e.lastSeen().config()).contains(key + "-r2"));
    assertThat(mig.configMap("mig-config").read().orElseThrow().config(key + "-r2"))
        .contains(MigConfig.of(SMALL));
  }

  private void relabel(String config) {
    client
        .nodes()
        .withName("gpu-node")
        .edit(current -> new NodeBuilder(current)
            .editMetadata()
            .addToLabels(Labels.MIG_CONFIG, config)
            .endMetadata()
            .build());
  }

  private GpuOperatorSimulator simulator(int gpus) {
    return started(GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, gpus)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config"));
  }

  /** With the map in place, until every part of the operator has spoken. */
  private GpuOperatorSimulator started(GpuOperatorSimulator.Builder builder) {
    publish();
    return builder.start().awaitReady(LONG);
  }

  private void publish() {
    mig.configMap("mig-config").merge("small", SMALL);
    mig.configMap("mig-config").merge("medium", MEDIUM);
  }

  private ApplyOutcome apply(String config) {
    return mig.node("gpu-node").apply(config).timings(QUICK).await(LONG);
  }
}
