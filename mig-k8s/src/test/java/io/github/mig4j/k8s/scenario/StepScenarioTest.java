package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.PLUGIN;
import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static io.github.mig4j.k8s.scenario.Scenario.GPU;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.NODE;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static io.github.mig4j.k8s.scenario.Scenario.SMALL;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.ApplyStep;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Changes by looks alone, where a simulated operator sets its traps. Each look has a client of its own, as
 * after a restart of the process that took the one before.
 */
@Tag("scenario")
@ExtendWith(ScenarioServer.class)
class StepScenarioTest {

  /** Each stage ends soon, also where no log shows its end. */
  private static final ApplyTimings SHORT = ApplyTimings.builder()
      .stability(QUICK.stability())
      .failure(QUICK.failure())
      .reaction(Duration.ofSeconds(4))
      .work(Duration.ofSeconds(4))
      .build();

  KubernetesClient client;
  PodLogs logs;

  private Duration later = Duration.ZERO;

  private Scenario.Builder scenario() {
    return Scenario.on(client).logs(logs).through(process());
  }

  private MigClient process() {
    return MigClient.of(client)
        .with(MigSettings.builder()
            .identity("operator")
            .clock(Clock.offset(Clock.systemUTC(), later))
            .build());
  }

  /** Looks until the change has ended. */
  private ApplyStep steps(Function<MigNode, ApplyRequest> change) {
    ApplyStep[] last = new ApplyStep[1];
    eventually(() -> {
      last[0] = change.apply(process().node(NODE)).poll();
      return !(last[0] instanceof ApplyStep.Requested || last[0] instanceof ApplyStep.UnderWay);
    });
    return last[0];
  }

  private ApplyStep apply(String config) {
    return steps(node -> node.apply(config).timings(QUICK));
  }

  private static void assertInForce(ApplyStep step, Scenario node, String config) {
    assertThat(step)
        .isInstanceOfSatisfying(
            ApplyStep.InForce.class, inForce -> node.assertVerified(inForce.outcome(), config));
  }

  private static void assertFailed(ApplyStep step, FailureCode code) {
    assertThat(step).isInstanceOfSatisfying(ApplyStep.Failed.class, failed -> {
      if (!ScenarioServer.isReal()) {
        assertThat(failed.diagnosis().code()).as(failed.message()).isEqualTo(code);
      }
    });
  }

  @Test
  void twoLayoutsInTurn_areInForce() {
    try (var node = scenario().start(H100)) {
      assertInForce(apply("small"), node, "small");
      assertInForce(apply("medium"), node, "medium");
      assertThat(ChangeRecord.read(node.view().get())).isEmpty();
    }
  }

  @Test
  void trap01_staleSuccess_isNotBelieved() {
    try (var node = scenario().startWith("small", H100)) {
      node.naive("medium");

      assertInForce(apply("balanced"), node, "balanced");
    }
  }

  @Test
  void trap03_configMapLag_isWaitedOut() {
    SimulatorTimings lagging =
        SimulatorTimings.builder().configMapLag(Duration.ofMillis(1200)).build();
    try (var node = scenario().timings(lagging).start(H100)) {
      node.editMap(text -> text.replace("medium:", "new:"));

      assertInForce(
          steps(request -> request
              .apply("new")
              .timings(ApplyTimings.builder()
                  .stability(QUICK.stability())
                  .failure(QUICK.failure())
                  .build())),
          node,
          "medium");
    }
  }

  @Test
  void trap06_pausedAfterFailure_isReported_andRecovered() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      node.naiveFailure("medium");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 0));

      assertFailed(apply("balanced"), FailureCode.IN_USE);

      node.remove(Trap.GPU_IN_USE);
      assertInForce(steps(request -> request.recover().timings(QUICK)), node, "balanced");
    }
  }

  /** An API server without kubelets has no logs, so that the manager has to be restarted there. */
  private ApplyStep afterRunThatOnlyTheLogShowsAsEnded() {
    return ScenarioServer.isReal()
        ? steps(request -> request.recover().timings(QUICK))
        : apply("medium");
  }

  @Test
  void trap07_stuckPending_isReported_andTriedAgainLater() {
    SimulatorTimings impatient =
        SimulatorTimings.builder().podStopTimeout(Duration.ofMillis(200)).build();
    try (var node = scenario().timings(impatient).startWith("small", H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);

      assertFailed(
          steps(request -> request.apply("medium").timings(SHORT)), FailureCode.PODS_DID_NOT_STOP);

      node.remove(Trap.PODS_DO_NOT_STOP);
      later = Duration.ofMinutes(2);
      assertInForce(afterRunThatOnlyTheLogShowsAsEnded(), node, "medium");
    }
  }

  @Test
  void trap12_noStateAtAll_isNotTakenForSuccess() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.ERROR_BEFORE_RUN);

      assertFailed(
          steps(request -> request.apply("balanced").timings(SHORT)),
          FailureCode.SYSTEMD_UNAVAILABLE);
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
    }
  }

  @Test
  void trap15_foreignSuccess_isNotBelieved() {
    try (var node = scenario().start(H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.view().request("small");
      node.view().awaitState("pending");

      assertThat(process().node(NODE).apply("medium").timings(QUICK).poll())
          .isInstanceOf(ApplyStep.Requested.class);
      node.remove(Trap.PODS_DO_NOT_STOP);
      assertInForce(apply("medium"), node, "medium");
    }
  }

  @Test
  void trap16_successButPaused_isReported_andRecovered() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PAUSED_AFTER_FAILURE, Trap.GPU_IN_USE);
      node.naiveFailure("medium");
      node.naive("small");
      node.view().awaitOffer(Map.of(GPU, 0, SMALL, 0));

      assertFailed(apply("small"), FailureCode.PAUSED_AFTER_SUCCESS);
      assertInForce(steps(request -> request.recover().timings(QUICK)), node, "small");
      assertThat(labels(node.view().get())).containsEntry(PLUGIN, "true");
    }
  }

  @Test
  void trap20_thereAndBack_isAConflict() {
    try (var node = scenario().start(H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      node.view().request("small");
      node.view().awaitState("pending");

      assertThat(process().node(NODE).apply("medium").timings(QUICK).poll())
          .isInstanceOf(ApplyStep.Requested.class);
      node.view().request("small");

      assertThat(apply("medium")).isInstanceOf(ApplyStep.Conflict.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LEFTOVER_GPU_INSTANCE, INSUFFICIENT_RESOURCES",
    "PASSING_DRIVER_ERROR, DRIVER_REFUSED",
    "API_ERROR_DURING_POD_WAIT, API_REQUEST_FAILED"
  })
  void trap21_22_26_aFailureThatPasses_isReported_andTriedAgainLater(Trap trap, FailureCode code) {
    try (var node = scenario().startWith("small", H100)) {
      node.set(trap);
      assertFailed(steps(request -> request.apply("medium").timings(SHORT)), code);
      assertThat(apply("medium")).isInstanceOf(ApplyStep.Failed.class);

      later = Duration.ofMinutes(2);
      ApplyStep again = trap == Trap.API_ERROR_DURING_POD_WAIT
          ? afterRunThatOnlyTheLogShowsAsEnded()
          : apply("medium");
      assertInForce(again, node, "medium");
    }
  }

  @Test
  void trap26_aFailureIsRolledBack() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PASSING_DRIVER_ERROR);

      ApplyStep step = steps(request -> request.apply("medium").timings(QUICK).rollbackOnFailure());

      assertFailed(step, FailureCode.DRIVER_REFUSED);
      assertThat(((ApplyStep.Failed) step).message())
          .contains("The node was rolled back to 'small-");
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
    }
  }

  @Test
  void trap25_managerKilledDuringTheRun_isWaitedFor() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.KILLED_DURING_RUN);

      assertInForce(apply("medium"), node, "medium");
    }
  }

  /** The record is lost with the node, and the next look begins again. */
  @Test
  void trap28_nodeThatIsRecreated_isChangedAgain() {
    try (var node = scenario().startWith("small", H100)) {
      node.set(Trap.PODS_DO_NOT_STOP);
      process().node(NODE).apply("medium").timings(QUICK).poll();
      node.view().await(found -> !"true".equals(labels(found).get(PLUGIN)));
      client.nodes().withName(NODE).delete();
      assertThat(process().node(NODE).apply("medium").timings(QUICK).poll())
          .isInstanceOf(ApplyStep.Refused.class);

      node.remove(Trap.PODS_DO_NOT_STOP);
      client
          .resource(new NodeBuilder()
              .withNewMetadata()
              .withName(NODE)
              .addToLabels(ClusterUser.CONFIG, "balanced")
              .endMetadata()
              .build())
          .create();
      node.view()
          .await(found -> Integer.valueOf(2).equals(offer(found).get(SMALL))
              && labels(found).containsKey("nvidia.com/gpu.count"));
      assertInForce(apply("medium"), node, "medium");
    }
  }
}
