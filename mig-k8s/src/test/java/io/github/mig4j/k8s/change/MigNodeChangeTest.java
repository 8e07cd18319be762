package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.Claims;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.PodBudgets;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.lint.Finding;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a change does to its node beside the label: claim, cordon, drain, gate, and the way back. */
@ExtendWith(MockApiServer.class)
class MigNodeChangeTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(500))
      .transition(Duration.ofSeconds(1))
      .propagation(Duration.ZERO)
      .build();
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  KubernetesClient client;
  KubernetesMockServer server;
  PodBudgets budgets;
  private MigClient mig;

  @BeforeEach
  void connect() {
    mig = MigClient.of(client);
  }

  // Two clients

  @Test
  void await_whileAnotherClientChangesTheNode_isAConflict_andChangesNothing() {
    try (var simulator = simulator()) {
      record("their-config", "ops-1", NOON, NOON.plusSeconds(600), List.of());
      Node before = node();

      assertThatThrownBy(
              () -> at(NOON.plusSeconds(60)).node("gpu-node").apply("small").await(LONG))
          .isInstanceOf(MigConflictException.class)
          .hasMessage(
              "Node gpu-node is being changed: ops-1 has been changing it to 'their-config' since"
                  + " 2026-01-01T12:00:00Z, with a deadline at 2026-01-01T12:10:00Z."
                  + " Wait until it is done, or recover the node if that client no longer runs");
      assertThat(node().getMetadata().getLabels())
          .isEqualTo(before.getMetadata().getLabels());
      assertThat(node().getMetadata().getAnnotations())
          .isEqualTo(before.getMetadata().getAnnotations());
    }
  }

  /** A clock that runs behind the other client's takes nothing away from it. */
  @Test
  void await_whileAnotherClientChangesTheNode_byAClockThatWentBack_isAConflict() {
    try (var simulator = simulator()) {
      record("their-config", "ops-1", NOON, NOON.plusSeconds(600), List.of());

      assertThatThrownBy(
              () -> at(NOON.minusSeconds(86400)).node("gpu-node").apply("small").await(LONG))
          .isInstanceOf(MigConflictException.class);
    }
  }

  @Test
  void await_afterAnotherClientsTimeIsUp_goesOn() {
    try (var simulator = simulator()) {
      record("their-config", "ops-1", NOON, NOON.plusSeconds(600), List.of());

      var outcome = apply(at(NOON.plusSeconds(601)), "small");

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
      assertThat(annotations()).doesNotContainKey("mig4j.github.io/change");
    }
  }

  @Test
  void await_twoClientsAtOnce_oneWins_theOtherIsToldOfIt() {
    try (var simulator = simulator()) {
      List<Throwable> lost = new ArrayList<>();

      var outcome = mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              try {
                apply(MigClient.of(client), "medium");
              } catch (MigConflictException e) {
                lost.add(e);
              }
            }
          })
          .await(LONG);

      assertThat(outcome.status().configName()).contains("small");
      assertThat(lost)
          .singleElement()
          .extracting(Throwable::getMessage)
          .asString()
          .startsWith("Node gpu-node is being changed: ");
    }
  }

  @Test
  void await_aRecordThatNobodyCanRead_isAConflict_andSaysHowToRemoveIt() {
    try (var simulator = simulator()) {
      annotate("mig4j.github.io/change", "{\"config\":1");

      assertThatThrownBy(() -> apply(mig, "small"))
          .isInstanceOf(MigConflictException.class)
          .hasMessage(
              "Node gpu-node has an annotation mig4j.github.io/change that cannot be read: {\"config\":1. Remove it with 'kubectl annotate node gpu-node mig4j.github.io/change-' when no other client changes the node");
    }
  }

  /** A client that died left its record and the label; whoever asks for the same finishes it. */
  @Test
  void await_whatADeadClientHadBegun_isFinished_andItsCordonTakenBack() {
    try (var simulator = simulator()) {
      apply(mig, "medium");
      String key = mig.configMap("mig-config").merge("small", SMALL).contentName();
      record(key, "ops-1", NOON, NOON.plusSeconds(600), List.of(ChangeRecord.Done.CORDONED));
      edit(node -> node.editOrNewSpec()
          .withUnschedulable(true)
          .endSpec()
          .editMetadata()
          .addToLabels(Labels.MIG_CONFIG, key)
          .endMetadata());

      var outcome = apply(at(NOON.plusSeconds(60)), "small");

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(annotations()).doesNotContainKey("mig4j.github.io/change");
      assertThat(node().getSpec().getUnschedulable()).isNull();
    }
  }

  // Pods in the way

  @Test
  void await_gpusInUse_isRefused_namingThePods() {
    try (var simulator = simulator()) {
      pod("train", "ReplicaSet");
      client
          .resource(Pods.with("default", "by-hand", "nvidia.com/gpu", "1").build())
          .create();

      assertThatThrownBy(() -> apply(mig, "small"))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage("Config 'small' on node gpu-node: pods use the node's GPUs: default/by-hand,"
              + " default/train; a change takes the GPUs from them, so drain the node first");
      assertThat(mig.node("gpu-node").status().config()).contains("all-disabled");
    }
  }

  @Test
  void await_whatIsInForce_isVerifiedWhilePodsUseIt() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      pod("train", "ReplicaSet");

      assertThat(apply(mig, "small")).isInstanceOf(ApplyOutcome.Verified.class);
    }
  }

  @Test
  void await_cordon_keepsPodsAway_untilTheChangeIsVerified() {
    try (var simulator = simulator()) {
      Map<ApplyPhase, Boolean> cordoned = new EnumMap<>(ApplyPhase.class);

      mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .disruption(Disruption.CORDON)
          .onProgress(event -> cordoned.put(event.phase(), NodeFields.isCordoned(node())))
          .await(LONG);

      assertThat(cordoned.remove(ApplyPhase.CHECKED)).isFalse();
      assertThat(cordoned.remove(ApplyPhase.VERIFIED)).isFalse();
      assertThat(cordoned).containsKey(ApplyPhase.OFFERED).doesNotContainValue(false);
    }
  }

  @Test
  void await_cordonOnANodeThatSomebodyCordoned_leavesItCordoned() {
    try (var simulator = simulator()) {
      edit(node -> node.editOrNewSpec().withUnschedulable(true).endSpec());

      mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .disruption(Disruption.CORDON)
          .await(LONG);

      assertThat(NodeFields.isCordoned(node())).isTrue();
    }
  }

  @Test
  void await_cordonAndBusy_isRefused_andTheCordonTakenBack() {
    try (var simulator = simulator()) {
      pod("train", "ReplicaSet");

      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("small")
              .timings(QUICK)
              .disruption(Disruption.CORDON)
              .await(LONG))
          .isInstanceOf(MigRefusedException.class);
      assertThat(NodeFields.isCordoned(node())).isFalse();
      assertThat(annotations()).doesNotContainKey("mig4j.github.io/change");
    }
  }

  @Test
  void await_drain_evictsWhatUsesGpus_andNothingElse() {
    try (var simulator = simulator()) {
      pod("train", "ReplicaSet");
      client
          .pods()
          .resource(new PodBuilder(Pods.ownedBy("ReplicaSet", "default", "web"))
              .editSpec()
              .editFirstContainer()
              .withResources(null)
              .endContainer()
              .endSpec()
              .build())
          .create();
      List<String> details = new ArrayList<>();

      var outcome = mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .disruption(Disruption.DRAIN)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.DRAINED) {
              details.add(event.detail());
            }
          })
          .await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(budgets.evicted()).containsExactly("train");
      assertThat(details).containsExactly("evicted default/train");
      assertThat(NodeFields.isCordoned(node())).isFalse();
    }
  }

  /** The pod names the claim, and the claim the driver of its device. */
  @Test
  void await_drain_evictsPodsThatHoldAGpuByAClaim() {
    Claims.serve(server);
    Claims.allocated(server, "mig", "gpu.nvidia.com");
    Claims.allocated(server, "mig-of-template", "gpu.nvidia.com");
    Claims.allocated(server, "nic", "dra.net");
    Claims.allocated(server, "domain", "compute-domain.nvidia.com");
    Claims.withAdminAccess(server, "all-gpus", "gpu.nvidia.com");
    Claims.pending(server, "later");
    try (var simulator = simulator()) {
      client.resource(Claims.pod("train", "ReplicaSet", "mig")).create();
      client
          .resource(Claims.podFromTemplate("serve", "ReplicaSet", "mig-of-template"))
          .create();
      client.resource(Claims.pod("network", "ReplicaSet", "nic")).create();
      client.resource(Claims.pod("imex", "ReplicaSet", "domain")).create();
      client.resource(Claims.pod("monitor", "ReplicaSet", "all-gpus")).create();
      client.resource(Claims.pod("waiting", "ReplicaSet", "later")).create();
      client.resource(Claims.pod("orphan", "ReplicaSet", "deleted")).create();

      assertThat(mig.node("gpu-node").preflight("small").errors())
          .extracting(Finding::message)
          .containsExactly("pods use the node's GPUs: ml/serve, ml/train");
      var outcome = mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .disruption(Disruption.DRAIN)
          .await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(budgets.evicted()).containsExactlyInAnyOrder("train", "serve");
    }
  }

  @Test
  void await_drain_refusesAPodWithAClaimThatItWouldLose() {
    Claims.serve(server);
    Claims.allocated(server, "mig", "gpu.nvidia.com");
    try (var simulator = simulator()) {
      client.resource(Claims.pod("agent", "DaemonSet", "mig")).create();

      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("small")
              .timings(QUICK)
              .disruption(Disruption.DRAIN)
              .await(LONG))
          .isInstanceOf(MigRefusedException.class)
          .hasMessageContaining(": ml/agent; delete them, or wait until they are done");
      assertThat(budgets.evicted()).isEmpty();
    }
  }

  @Test
  void await_drainAgainstABudget_endsAtItsDeadline_andTakesTheCordonBack() {
    try (var simulator = simulator()) {
      pod("train", "ReplicaSet");
      budgets.keep("train");

      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("small")
              .timings(ApplyTimings.builder().drain(Duration.ofMillis(300)).build())
              .disruption(Disruption.DRAIN)
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class)
          .hasMessage("Node gpu-node: waited 300 ms for the pods that use its GPUs to leave, but"
              + " default/train cannot be evicted yet, since its disruption budget does not allow it."
              + " The node was not changed. See 'kubectl get poddisruptionbudgets -A', or delete the"
              + " pods");
      assertThat(NodeFields.isCordoned(node())).isFalse();
      assertThat(mig.node("gpu-node").status().config()).contains("all-disabled");
    }
  }

  @Test
  void await_drain_refusesPodsThatItWouldLose_beforeItCordons() {
    try (var simulator = simulator()) {
      pod("train", "ReplicaSet");
      pod("agent", "DaemonSet");

      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("small")
              .timings(QUICK)
              .disruption(Disruption.DRAIN)
              .await(LONG))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "Config 'small' on node gpu-node: these pods that use the node's GPUs cannot be"
                  + " drained, because no controller would recreate them or their DaemonSet would recreate"
                  + " them here: default/agent; delete them, or wait until they are done");
      assertThat(budgets.evicted()).isEmpty();
    }
  }

  // The gate

  @Test
  void await_gated_taintsTheNodeUntilItIsVerified() {
    try (var simulator = simulator()) {
      Map<ApplyPhase, Boolean> closed = new EnumMap<>(ApplyPhase.class);

      mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .gated()
          .onProgress(event -> closed.put(event.phase(), NodePatch.has(node(), NodeGate.TAINT)))
          .await(LONG);

      assertThat(closed.remove(ApplyPhase.CHECKED)).isFalse();
      assertThat(closed.remove(ApplyPhase.VERIFIED)).isFalse();
      assertThat(closed).containsKey(ApplyPhase.OFFERED).doesNotContainValue(false);
    }
  }

  @Test
  void await_gated_leavesTheTaintsOfOthers() {
    try (var simulator = simulator()) {
      edit(node -> node.editOrNewSpec()
          .withTaints(new Taint("NoSchedule", NodeGate.TAINT.getKey(), null, "by-kubelet"))
          .endSpec());

      mig.node("gpu-node").apply("small").timings(QUICK).gated().await(LONG);

      assertThat(node().getSpec().getTaints())
          .singleElement()
          .satisfies(taint -> assertThat(taint.getValue()).isEqualTo("by-kubelet"));
    }
  }

  // The way back

  @Test
  void rollback_returnsToWhatWasInForceBefore() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      apply(mig, "medium");

      var back = mig.node("gpu-node").rollback().timings(QUICK).await(LONG);

      assertThat(back.status().configName()).contains("small");
      assertThat(back.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    }
  }

  @Test
  void rollback_ofANodeThatWasNeverChanged_isRefused() {
    try (var simulator = simulator()) {
      assertThatThrownBy(() -> mig.node("gpu-node").rollback().await(LONG))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage("Rolling back node gpu-node: its annotation mig4j.github.io/previous-config"
              + " records no previous configuration; apply one by name");
    }
  }

  /** In use: the new layout is refused, the old one is still there, and its pods too. */
  @Test
  void rollbackOnFailure_returnsToTheOldLayout_andThrowsAllTheSame() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      List<ApplyPhase> phases = new ArrayList<>();

      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("medium")
              .timings(QUICK)
              .rollbackOnFailure()
              .onProgress(event -> phases.add(event.phase()))
              .await(LONG))
          .isInstanceOf(MigFailedException.class);
      assertThat(phases).contains(ApplyPhase.ROLLED_BACK);
      var status = mig.node("gpu-node").status();
      assertThat(status.configName()).contains("small");
      assertThat(status.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
      assertThat(annotations()).doesNotContainKey("mig4j.github.io/change");
    }
  }

  @Test
  void disable_returnsToWholeGpus_andPublishesWhatThatTakes() {
    try (var simulator = simulator()) {
      apply(mig, "small");

      var whole = mig.node("gpu-node").disable().timings(QUICK).await(LONG);

      assertThat(whole.allocatable()).hasToString("{nvidia.com/gpu=1}");
      assertThat(whole.status().configName()).contains("all-disabled");
      assertThat(mig.configMap("mig-config").read().orElseThrow().configs())
          .containsKeys(whole.status().config().orElseThrow(), "small", "medium");
    }
  }

  @Test
  void disable_byAConfigThatSwitchesMigOn_isRefused() {
    try (var simulator = simulator()) {
      mig.configMap("mig-config").merge("all-disabled", SMALL);

      assertThatThrownBy(() -> mig.node("gpu-node").disable().timings(QUICK).await(LONG))
          .isInstanceOf(MigRefusedException.class)
          .hasMessageStartingWith("Config 'all-disabled' on node gpu-node: ");
    }
  }

  /** What a node can go back to stays, whatever is published meanwhile. */
  @Test
  void rollback_afterTheNameWasPublishedAnew_findsWhatWasBefore() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      mig.configMap("mig-config").merge("small", MEDIUM);
      apply(mig, "small");
      mig.configMap("mig-config").merge("small", MEDIUM);

      var back = mig.node("gpu-node").rollback().timings(QUICK).await(LONG);

      assertThat(back.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    }
  }

  /** Trap 7: the run ends without a word while pods do not stop. */
  @Test
  void recover_aNodeThatIsPendingWithoutEnd_startsAFreshManager_andVerifies() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      simulator.set("gpu-node", Trap.API_ERROR_DURING_POD_WAIT);
      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("medium")
              .timings(ApplyTimings.builder().work(Duration.ofSeconds(1)).build())
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class)
          .hasMessageStartingWith("Node gpu-node: the MIG manager has been at work on 'medium-")
          .hasMessageContaining("' for 1 s, but its MIG state is pending, ")
          .satisfies(e -> assertThat(((MigDeadlineException) e).diagnosis().code())
              .isIn(
                  FailureCode.STILL_RUNNING,
                  FailureCode.RUN_ABANDONED,
                  FailureCode.API_REQUEST_FAILED));

      var outcome = mig.node("gpu-node").recover().timings(QUICK).await(LONG);

      assertThat(outcome.status().configName()).contains("medium");
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-2g.45gb=3}");
    }
  }

  /** Traps 6 and 16: success, and yet the clients stay stopped. */
  @Test
  void recover_aNodeThatWasLeftPaused_letsItsClientsStart() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      simulator.set("gpu-node", Trap.GPU_IN_USE, Trap.PAUSED_AFTER_FAILURE);
      assertThatThrownBy(() -> apply(mig, "medium")).isInstanceOf(MigFailedException.class);
      assertThatThrownBy(() -> apply(mig, "small"))
          .isInstanceOf(MigFailedException.class)
          .hasMessageStartingWith("Node gpu-node: the MIG manager reports success for 'small-")
          .satisfies(e -> assertThat(((MigFailedException) e).diagnosis().code())
              .isEqualTo(FailureCode.PAUSED_AFTER_SUCCESS));

      var outcome = mig.node("gpu-node").recover().timings(QUICK).await(LONG);

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
      assertThat(outcome.status().paused()).isEmpty();
    }
  }

  @Test
  void recover_aHealthyNode_restartsNothing() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      List<ApplyPhase> phases = new ArrayList<>();

      mig.node("gpu-node")
          .recover()
          .timings(QUICK)
          .onProgress(event -> phases.add(event.phase()))
          .await(LONG);

      assertThat(phases).doesNotContain(ApplyPhase.RESTARTED).endsWith(ApplyPhase.VERIFIED);
    }
  }

  @Test
  void recover_whatAClientThatIsGoneHasLeft_isTakenBack() {
    try (var simulator = simulator()) {
      apply(mig, "small");
      record(
          "other-config",
          "ops-1",
          NOON,
          NOON.plusSeconds(600),
          List.of(ChangeRecord.Done.CORDONED));
      edit(node -> node.editOrNewSpec().withUnschedulable(true).endSpec());

      at(NOON.plusSeconds(60)).node("gpu-node").recover().timings(QUICK).await(LONG);

      assertThat(annotations()).doesNotContainKey("mig4j.github.io/change");
      assertThat(NodeFields.isCordoned(node())).isFalse();
    }
  }

  @Test
  void diagnose_ofANodeInOrder_saysThatNothingIsWrong() {
    try (var simulator = simulator()) {
      apply(mig, "small");

      assertThat(mig.node("gpu-node").diagnose().code()).isEqualTo(FailureCode.NOTHING_WRONG);
    }
  }

  // Futures

  @Test
  void start_completesWithTheOutcome() {
    try (var simulator = simulator()) {
      var outcome = mig.node("gpu-node").apply("small").timings(QUICK).start(LONG);

      assertThat(outcome).succeedsWithin(LONG).isInstanceOf(ApplyOutcome.Verified.class);
    }
  }

  @Test
  void start_cancelled_endsTheWait_andTheClaim() throws Exception {
    TestCluster.of(client).node(Nodes.b200(1)).policy("mixed", "mig-config");
    publish();
    var asked = new CountDownLatch(1);
    var outcome = mig.node("gpu-node")
        .apply("small")
        .onProgress(event -> {
          if (event.phase() == ApplyPhase.REQUESTED) {
            asked.countDown();
          }
        })
        .start(LONG);
    assertThat(asked.await(1, TimeUnit.MINUTES)).isTrue();

    assertThat(outcome.cancel(true)).isTrue();

    assertThatThrownBy(outcome::join).isInstanceOf(CancellationException.class);
    client
        .nodes()
        .withName("gpu-node")
        .waitUntilCondition(
            node -> !NodeFields.annotations(node).containsKey("mig4j.github.io/change"),
            1,
            TimeUnit.MINUTES);
  }

  // Time

  @Test
  void await_managerThatSaysNothing_isReportedAfterItsTime() {
    TestCluster.of(client).node(Nodes.b200(1)).policy("mixed", "mig-config");
    publish();

    assertThatThrownBy(() -> mig.node("gpu-node")
            .apply("small")
            .timings(ApplyTimings.builder().reaction(Duration.ofMillis(200)).build())
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class)
        .hasMessageStartingWith("Node gpu-node: the MIG manager has shown no sign of 'small-")
        .satisfies(e -> assertThat(((MigDeadlineException) e).diagnosis().code())
            .isEqualTo(FailureCode.MANAGER_NOT_RUNNING));
    assertThat(annotations()).doesNotContainKey("mig4j.github.io/change");
  }

  private GpuOperatorSimulator simulator() {
    publish();
    return GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(SimulatorTimings.builder().build())
        .start()
        .awaitReady(LONG);
  }

  private void publish() {
    mig.configMap("mig-config").merge("small", SMALL);
    mig.configMap("mig-config").merge("medium", MEDIUM);
  }

  private MigClient at(Instant now) {
    return mig.with(
        MigSettings.builder().clock(Clock.fixed(now, ZoneOffset.UTC)).build());
  }

  private static ApplyOutcome apply(MigClient mig, String config) {
    return mig.node("gpu-node").apply(config).timings(QUICK).await(LONG);
  }

  private Node node() {
    return client.nodes().withName("gpu-node").require();
  }

  private Map<String, String> annotations() {
    return NodeFields.annotations(node());
  }

  private void edit(Consumer<NodeBuilder> change) {
    TestCluster.of(client).edit(change);
  }

  private void annotate(String key, String value) {
    edit(node -> node.editMetadata().addToAnnotations(key, value).endMetadata());
  }

  private void record(
      String config, String by, Instant since, Instant until, List<ChangeRecord.Done> done) {
    annotate(
        ChangeRecord.KEY,
        ChangeRecord.of(ChangeKind.LAYOUT, config, by, since, until, done).json());
  }

  private void pod(String name, String owner) {
    client.resource(Pods.ownedBy(owner, "default", name)).create();
  }
}
