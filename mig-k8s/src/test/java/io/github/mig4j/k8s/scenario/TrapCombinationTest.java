package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static io.github.mig4j.k8s.scenario.Scenario.GPU;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.MEDIUM;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static io.github.mig4j.k8s.scenario.Scenario.SMALL;
import static io.github.mig4j.k8s.scenario.Scenario.seen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Several traps at once; the numbers are those of docs/traps.md. */
@Tag("scenario")
@ExtendWith(ScenarioServer.class)
class TrapCombinationTest {

  KubernetesClient client;
  PodLogs logs;

  private Scenario.Builder scenario() {
    return Scenario.on(client).logs(logs);
  }

  /** 1, 3 and 15: another run's success, then a failure that is only a late file. */
  @Test
  void foreignSuccess_thenALateConfigMap() {
    SimulatorTimings lagging =
        SimulatorTimings.builder().configMapLag(Duration.ofSeconds(2)).build();
    try (var node = scenario().timings(lagging).start(H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.view().request("small");
      node.view().awaitState("pending");
      node.editMap(text -> text.replace("medium:", "new:"));
      List<ApplyPhase> phases = new ArrayList<>();
      List<CompletableFuture<Node>> believed = new ArrayList<>();

      var outcome = node.node()
          .apply("new")
          .timings(ApplyTimings.builder()
              .stability(Duration.ofMillis(100))
              .failure(Duration.ofMillis(300))
              .propagation(Duration.ofSeconds(30))
              .build())
          .onProgress(event -> {
            phases.add(event.phase());
            if (event.phase() == ApplyPhase.REQUESTED) {
              String asked = event.detail().substring(event.detail().indexOf('=') + 1);
              believed.add(node.nextState(asked, "success"));
              node.remove(Trap.PODS_DO_NOT_STOP);
            }
          })
          .await(LONG);

      assertThat(offer(seen(believed.get(0)))).doesNotContainKey(MEDIUM);
      assertThat(phases).contains(ApplyPhase.RETRIED).endsWith(ApplyPhase.VERIFIED);
      node.assertVerified(outcome, "medium");
    }
  }

  /** 6, 18 and 26: the way back also brings back the clients that the failure left stopped. */
  @Test
  void oneAttempt_onOneOfTwoGpus_leftPaused_isRolledBack() {
    try (var node = scenario().startWith("small", H100, H100)) {
      node.set(Trap.PASSING_DRIVER_ERROR, Trap.PAUSED_AFTER_FAILURE);

      var failed =
          node.assertFails(node.apply("medium").rollbackOnFailure(), FailureCode.DRIVER_REFUSED);

      assertThat(failed.lastSeen().paused()).contains("device-plugin");
      node.assertVerified(
          failed.rolledBack().orElseThrow(),
          "{nvidia.com/mig-1g.10gb=14}",
          "[{1g.10gb=7}, {1g.10gb=7}]");
    }
  }

  /** 22 and 25: the manager dies, and its successor meets what somebody left. */
  @Test
  void killedManager_andALeftoverInstance_areToldApart() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.KILLED_DURING_RUN, Trap.LEFTOVER_GPU_INSTANCE);

      node.assertFails(node.apply("medium"), FailureCode.INSUFFICIENT_RESOURCES);
      node.assertVerified(node.apply("medium").await(LONG), "medium");
    }
  }

  /** 7 and 21, and the client is gone that had cordoned and gated the node. */
  @Test
  void stuckNode_ofADeadClient_isTakenOver() {
    class Killed extends Error {
      private static final long serialVersionUID = 1L;
    }
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.API_ERROR_DURING_POD_WAIT);
      assertThatThrownBy(() -> node.apply("medium")
              .disruption(Disruption.CORDON)
              .gated()
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.PAUSED) {
                  throw new Killed();
                }
              })
              .await(LONG))
          .isInstanceOf(Killed.class);
      MigClient other = MigClient.of(client);

      assertThatThrownBy(
              () -> other.node(Scenario.NODE).apply("balanced").timings(QUICK).await(LONG))
          .isInstanceOf(MigConflictException.class);
      node.assertVerified(other.node(Scenario.NODE).recover().timings(QUICK).await(LONG), "medium");
      var spec = node.view().get().getSpec();
      assertThat(spec.getUnschedulable()).isNotEqualTo(true);
      assertThat(spec.getTaints())
          .noneMatch(taint -> taint.getKey().equals("mig4j.github.io/unverified"));
    }
  }

  /** 4, 9 and 16: content that was edited, that is never recognised, and a node that is paused. */
  @Test
  void editedInPlace_whileTheNodeIsPaused_isAppliedAllTheSame() {
    try (var node = scenario().startWith("zero", H100)) {
      node.set(Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      node.naiveFailure("medium");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 0));
      node.remove(Trap.GPU_IN_USE);
      node.editMap(text -> text.replace("{1g.10gb: 7, 2g.20gb: 0}", "{2g.20gb: 3, 1g.10gb: 0}"));

      node.assertVerified(node.apply("zero").await(LONG), "medium");
    }
  }
}
