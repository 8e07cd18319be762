package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.rollout.RolloutEvent;
import io.github.mig4j.k8s.rollout.RolloutStatus;
import io.github.mig4j.k8s.simulator.Trap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rollouts over the nodes of a real API server, with its Leases, versions and watches. */
@Tag("scenario")
@Tag("apiserver")
@Timeout(240)
@ExtendWith(ScenarioServer.class)
class RolloutScenarioTest {

  KubernetesClient client;

  private static Rollout toMedium(MigClient mig, SimulatedNodes nodes) {
    return mig.rollout("to-medium")
        .nodes(nodes.names())
        .config("medium")
        .maxUnavailable(Amount.nodes(1))
        .timings(QUICK);
  }

  private static void assertMedium(SimulatedNodes nodes, RolloutStatus end) {
    assertThat(end)
        .hasToString("Rollout 'to-medium': DONE, %1$d of %1$d nodes verified"
            .formatted(nodes.names().size()));
    assertThat(nodes.devices().values()).containsOnly("[{2g.20gb=3}]");
    assertThat(nodes.names())
        .allSatisfy(name ->
            assertThat(nodes.annotations(name)).doesNotContainKey("mig4j.github.io/change"));
  }

  /** Calls the action once, when the change of the second node has reached this phase. */
  private static Consumer<RolloutEvent> atSecondNode(ApplyPhase phase, Runnable action) {
    AtomicBoolean called = new AtomicBoolean();
    return event -> {
      if (event instanceof RolloutEvent.NodeStep step
          && step.step().phase() == phase
          && step.step().node().equals("gpu-node-2")
          && called.compareAndSet(false, true)) {
        action.run();
      }
    };
  }

  /** One process is killed with a node under way; another gets the Lease, and continues it. */
  @Test
  void processThatIsKilled_isContinuedByAnother() throws Exception {
    try (var nodes = SimulatedNodes.start(client, 3, H100);
        var proxy = FaultProxy.to(client.getConfiguration());
        var far = TestClients.builder().withConfig(proxy.config()).build()) {
      CompletableFuture<Void> killed = new CompletableFuture<>();
      CompletableFuture<RolloutStatus> first = toMedium(MigClient.of(far), nodes)
          .onProgress(atSecondNode(ApplyPhase.REQUESTED, () -> {
            proxy.close();
            killed.complete(null);
          }))
          .start();
      killed.get(1, TimeUnit.MINUTES);
      first.cancel(true);

      assertThat(nodes.annotations("gpu-node-2")).containsKey("mig4j.github.io/change");
      assertMedium(nodes, toMedium(MigClient.of(client), nodes).run());
    }
  }

  /** Of two processes one leads and the other stands by; both return the same end. */
  @Test
  void twoProcesses_takeTurnsByTheLease() throws Exception {
    try (var nodes = SimulatedNodes.start(client, 2, H100);
        var other = TestClients.builder().withConfig(client.getConfiguration()).build()) {
      CompletableFuture<RolloutStatus> first =
          toMedium(MigClient.of(client), nodes).start();
      CompletableFuture<RolloutStatus> second =
          toMedium(MigClient.of(other), nodes).start();

      assertMedium(nodes, first.get(2, TimeUnit.MINUTES));
      assertThat(second.get(2, TimeUnit.MINUTES)).isEqualTo(first.join());
    }
  }

  /** Versions are lost by a compaction while every watch is broken, so that all are listed again. */
  @Test
  void apiServerThatIsAwayForAMinute_isWaitedFor() throws Exception {
    TestedCluster cluster = TestedCluster.require();
    try (var nodes = SimulatedNodes.start(client, 3, H100)) {
      CompletableFuture<Long> stopped = new CompletableFuture<>();
      CompletableFuture<RolloutStatus> end = toMedium(MigClient.of(client), nodes)
          .onProgress(atSecondNode(ApplyPhase.PENDING, () -> {
            cluster.stopApiServer();
            stopped.complete(System.nanoTime());
          }))
          .start();
      long since = stopped.get(1, TimeUnit.MINUTES);
      eventually(() -> System.nanoTime() - since > TimeUnit.SECONDS.toNanos(52));
      cluster.startApiServer();

      RolloutStatus first = end.get(3, TimeUnit.MINUTES);
      if (!first.isComplete()) {
        // The controller manager takes nodes for lost until they report again, and such nodes are
        // skipped.
        assertThat(first.toText()).containsPattern("gpu-node-3 skipped: .*[Rr]eady");
        nodes.awaitReady();
        toMedium(MigClient.of(client), nodes).forget();
        first = toMedium(MigClient.of(client), nodes).run();
      }
      assertMedium(nodes, first);
    }
  }

  @Test
  void nodeThatFails_pausesTheRollout_andIsRolledBackByAbort() {
    try (var nodes = SimulatedNodes.start(client, 2, H100)) {
      nodes.simulator().set("gpu-node-1", Trap.PASSING_DRIVER_ERROR);
      Rollout rollout = toMedium(MigClient.of(client), nodes);

      RolloutStatus paused = rollout.run();

      assertThat(paused.isComplete()).isFalse();
      assertThat(nodes.devices()).containsEntry("gpu-node-1", "[{}]");
      assertThat(rollout.status()).contains(paused);
    }
  }

  /** The record is deleted on the version that was read, and its name is free again. */
  @Test
  void forget_leavesNoRecord() {
    try (var nodes = SimulatedNodes.start(client, 1, H100)) {
      Rollout rollout = toMedium(MigClient.of(client), nodes);
      assertMedium(nodes, rollout.run());

      rollout.forget();

      assertThat(rollout.status()).isEmpty();
      assertThat(client
              .configMaps()
              .inNamespace(Scenario.NAMESPACE)
              .withName("mig4j-rollout-to-medium")
              .get())
          .isNull();
    }
  }

  /** The node is made again under its name while the rollout waits for it. */
  @Test
  void nodeThatIsDeletedMeanwhile_isSkipped() {
    try (var nodes = SimulatedNodes.start(client, 2, H100)) {
      nodes.simulator().set("gpu-node-2", Trap.PODS_DO_NOT_STOP);

      RolloutStatus end = toMedium(MigClient.of(client), nodes)
          .onProgress(atSecondNode(
              ApplyPhase.PENDING, () -> client.nodes().withName("gpu-node-2").delete()))
          .run();

      assertThat(end.toText()).contains("gpu-node-2", "the node was deleted");
      assertThat(nodes.devices()).containsEntry("gpu-node-1", "[{2g.20gb=3}]");
    }
  }
}
