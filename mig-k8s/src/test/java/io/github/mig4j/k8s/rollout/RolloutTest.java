package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.mockwebserver.http.RecordedRequest;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.rollout.RolloutEvent.NodeEnded;
import io.github.mig4j.k8s.rollout.RolloutEvent.NodeStep;
import io.github.mig4j.k8s.rollout.RolloutEvent.PhaseChanged;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Rollouts over a small fleet; {@link RolloutScaleTest} has the large one. */
@Timeout(120)
class RolloutTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());
  static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(50))
      .failure(Duration.ofMillis(200))
      .propagation(Duration.ZERO)
      .build();

  private final FleetServer server = new FleetServer(8, Duration.ofMillis(40));
  private final List<Controller> controllers = new ArrayList<>();
  private final Controller controller = controller();

  @BeforeEach
  void publish() {
    var map = controller.mig().configMap("mig-config");
    map.merge("all-disabled", MigConfigSpec.allDisabled());
    map.merge("medium", MEDIUM);
    map.merge("small", SMALL);
  }

  @AfterEach
  void close() {
    controllers.forEach(Controller::close);
    server.close();
  }

  private Controller controller() {
    Controller made = new Controller(server.config().build());
    controllers.add(made);
    return made;
  }

  /** All nodes to {@code small}, three at a time. */
  private static Rollout toSmall(Controller by) {
    return by.mig()
        .rollout("to-small")
        .nodes("nvidia.com/gpu.product=NVIDIA-B200")
        .config("small")
        .maxUnavailable(Amount.nodes(3))
        .timings(QUICK)
        .lease(Duration.ofSeconds(3));
  }

  private static String node(int i) {
    return FleetServer.name(i);
  }

  private List<String> nodesAsking(String config) {
    return java.util.stream.IntStream.range(0, 8)
        .mapToObj(FleetServer::name)
        .filter(node ->
            server.labels(node).getOrDefault("nvidia.com/mig.config", "").startsWith(config))
        .toList();
  }

  // Success

  @Test
  void run_verifiesEveryNode_andLeavesNothingOnThem() {
    RolloutStatus end = toSmall(controller).run();

    assertThat(end).hasToString("Rollout 'to-small': DONE, 8 of 8 nodes verified");
    assertThat(end.isComplete()).isTrue();
    assertThat(nodesAsking("small-990a6689")).hasSize(8);
    for (int i = 0; i < 8; i++) {
      assertThat(server.annotations(node(i)))
          .containsEntry("mig4j.github.io/previous-config", "all-disabled")
          .doesNotContainKey("mig4j.github.io/change");
    }
  }

  @Test
  void run_neverChangesMoreThanAllowedAtOnce() {
    Set<String> underWay = new HashSet<>();
    List<Integer> atOnce = new ArrayList<>();

    toSmall(controller)
        .onProgress(event -> {
          if (event instanceof NodeStep step && step.step().phase() == ApplyPhase.CHECKED) {
            underWay.add(step.step().node());
            atOnce.add(underWay.size());
          } else if (event instanceof NodeEnded ended) {
            underWay.remove(ended.outcome().node());
          }
        })
        .run();

    assertThat(atOnce).contains(2).allMatch(n -> n <= 3);
  }

  @Test
  void run_takesTwoPatchesForEachNode_andNoWatch() {
    toSmall(controller).run();

    assertThat(controller.requests("PATCH /api/v1/nodes/.*")).isEqualTo(16);
    assertThat(controller.requests("GET /api/v1/nodes/.*")).isLessThan(8);
    assertThat(controller.requests("WATCH /api/v1/nodes")).isEqualTo(1);
    assertThat(controller.requests("WATCH /api/v1/pods")).isEqualTo(1);
    assertThat(controller.requests("WATCH .*")).isEqualTo(3);
    assertThat(controller.requests("PUT .*/configmaps/mig-config")).isEqualTo(3);
    assertThat(controller.requests(".* /api/v1/.*pods/.*")).isZero();
  }

  @Test
  void run_again_returnsTheRecordedEnd() {
    RolloutStatus first = toSmall(controller).run();
    int before = controller.requests();

    RolloutStatus again = toSmall(controller).run();

    assertThat(again).isEqualTo(first);
    // Two lists and two watches, and what the check of all nodes shares.
    assertThat(controller.requests() - before).isLessThan(25);
  }

  @Test
  void run_again_repairsTheNodesThatHaveDrifted_andLeavesThoseOfOtherClients() {
    toSmall(controller).run();
    Map<String, String> before = server.annotations(node(0));
    server.edit("nodes", node(1), RolloutTest::loseDevices);
    server.edit("nodes", node(2), node -> relabel(node, "all-disabled"));
    server.resume(node(2));
    server.edit("nodes", node(3), node -> {
      relabel(node, "medium-11111111");
      ((ObjectNode) node.at("/metadata/annotations"))
          .put("mig4j.github.io/requested-config", "medium-11111111");
    });

    RolloutStatus again = toSmall(controller).run();

    assertThat(again).hasToString("Rollout 'to-small': DONE, 7 of 8 nodes verified");
    assertThat(again.outcomes())
        .contains(
            new NodeOutcome.Skipped(
                node(3),
                "another client has requested 'medium-11111111' since; use a rollout with another name to change it"));
    assertThat(nodesAsking("small-990a6689")).hasSize(7);
    assertThat(server.labels(node(1))).containsEntry("nvidia.com/mig-1g.23gb.count", "56");
    assertThat(server.annotations(node(0))).isEqualTo(before);
  }

  /** As after a reboot of a GPU that does not keep its MIG mode. */
  private static void loseDevices(ObjectNode node) {
    ((ObjectNode) node.at("/status/allocatable"))
        .put("nvidia.com/mig-1g.23gb", "0")
        .put("nvidia.com/gpu", "8");
  }

  private static void relabel(ObjectNode node, String config) {
    ((ObjectNode) node.at("/metadata/labels")).put("nvidia.com/mig.config", config);
  }

  @Test
  void run_afterForget_startsAgain_andWritesNoNodeWithTheConfiguration() {
    toSmall(controller).run();
    toSmall(controller).forget();
    int before = controller.requests("PATCH /api/v1/nodes/.*");

    RolloutStatus again = toSmall(controller).run();

    assertThat(again).hasToString("Rollout 'to-small': DONE, 8 of 8 nodes verified");
    assertThat(controller.requests("PATCH /api/v1/nodes/.*")).isEqualTo(before);
  }

  @Test
  void run_aPlan_appliesToEachNodeItsOwnConfiguration() {
    RolloutStatus end = controller
        .mig()
        .rollout("mixed")
        .plan(Map.of(node(0), "small", node(1), "medium"))
        .timings(QUICK)
        .run();

    assertThat(end).hasToString("Rollout 'mixed': DONE, 2 of 2 nodes verified");
    assertThat(nodesAsking("small-")).containsExactly(node(0));
    assertThat(nodesAsking("medium-")).containsExactly(node(1));
  }

  @Test
  void run_withoutNodesOrConfiguration_isRefusedBeforeTheFirstWrite() {
    assertThatThrownBy(() -> toSmall(controller).config("large").run())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'to-small': the ConfigMap has no configuration 'large'; add it to the ConfigMap first");
    assertThatThrownBy(() -> toSmall(controller).nodes("no=such").run())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'to-small': the selector 'no=such' matches no node; see 'kubectl get nodes --show-labels'");
    assertThatThrownBy(() -> controller.mig().rollout("x").config("small").run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("A rollout needs nodes; name them with nodes(...) or plan(...)");
    assertThatThrownBy(() -> controller.mig().rollout("x").nodes("a=b").run())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("A rollout needs a configuration; name it with config(...)");
    assertThat(toSmall(controller).status()).isEmpty();
    assertThat(controller.requests("P.* .*rollout.*")).isZero();
  }

  @Test
  void nodes_none_isAnIllegalArgument() {
    Rollout rollout = controller.mig().rollout("x");

    assertThatThrownBy(() -> rollout.nodes(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The selector must not be blank, because that matches every node of the cluster; select nodes with GPUs, e.g. 'nvidia.com/mig.capable=true'");
    assertThatThrownBy(() -> rollout.nodes(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A rollout needs nodes, but the list is empty; name one");
    assertThatThrownBy(() -> rollout.plan(Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A rollout needs nodes, but the list is empty; name one");
  }

  @Test
  void run_anotherRolloutOfThatName_isRefused() {
    toSmall(controller).run();

    assertThatThrownBy(() -> toSmall(controller).config("medium").run())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'to-small': the rollout with this name applies 'small', not 'medium'; choose another name, or abort and forget that rollout");
  }

  @Test
  void run_ofThatName_withOtherNodes_isRefused() {
    Rollout mixed = controller.mig().rollout("mixed").timings(QUICK);
    mixed.plan(Map.of(node(0), "small", node(1), "medium")).run();

    assertThatThrownBy(
            () -> mixed.plan(Map.of(node(0), "medium", node(1), "small")).run())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'mixed': the rollout with this name has 2 nodes, which are not the requested ones (%s=medium, %s=small); choose another name, or abort and forget that rollout"
                .formatted(node(0), node(1)));
    assertThatThrownBy(() -> mixed.nodes(List.of(node(0))).run())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'mixed': the rollout with this name has 2 nodes, which are not the requested ones (%s); choose another name, or abort and forget that rollout"
                .formatted(node(0)));
    assertThat(mixed.nodes(List.of(node(1), node(0))).run().isComplete()).isTrue();
  }

  @Test
  void run_aNodeThatDoesNotExist_isSkipped_andDoesNotStopIt() {
    RolloutStatus end = toSmall(controller).nodes(List.of("gone", node(0))).run();

    assertThat(end.toText()).isEqualTo("""
            Rollout 'to-small': DONE, 1 of 2 nodes verified
              gone skipped: the node does not exist; see 'kubectl get nodes'""");
  }

  // Failures

  @Test
  void run_aFailure_stopsIt_unlessMoreAreAllowed() {
    server.fail(node(1));

    RolloutStatus end = toSmall(controller).maxUnavailable(Amount.nodes(1)).run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.STOPPED);
    assertThat(end.reason()).isEqualTo("1 node failed");
    assertThat(end.outcomes())
        .startsWith(new NodeOutcome.Verified(node(0)))
        .endsWith(new NodeOutcome.NotReached(node(7)))
        .hasSize(8);
    assertThat(end.outcomes(NodeOutcome.Failed.class))
        .extracting(NodeOutcome.Failed::node)
        .containsExactly(node(1));
    assertThat(end.outcomes(NodeOutcome.Failed.class).get(0).code()).isPresent();
    assertThat(nodesAsking("small")).containsExactly(node(0), node(1));
  }

  @Test
  void run_failedNodesAreRolledBack_andTheOthersAreChanged() {
    server.fail(node(1));
    server.fail(node(6));

    RolloutStatus end =
        toSmall(controller).stopAfterFailures(3).onFailure(RollBack.FAILED).run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.DONE);
    assertThat(end.outcomes(NodeOutcome.Verified.class)).hasSize(6);
    assertThat(end.outcomes(NodeOutcome.RolledBack.class))
        .extracting(NodeOutcome::node)
        .containsExactly(node(1), node(6));
    assertThat(nodesAsking("all-disabled")).containsExactly(node(1), node(6));
  }

  @Test
  void run_tooManyFailures_rollBackEveryNode_exceptThoseWithTheConfigurationBefore() {
    controller
        .mig()
        .rollout("first")
        .nodes(List.of(node(0)))
        .config("small")
        .timings(QUICK)
        .run();
    server.fail(node(3));

    RolloutStatus end = toSmall(controller)
        .maxUnavailable(Amount.nodes(1))
        .onFailure(RollBack.ALL)
        .run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.STOPPED);
    assertThat(end.outcomes(NodeOutcome.Verified.class))
        .containsExactly(new NodeOutcome.Verified(node(0)));
    assertThat(end.outcomes(NodeOutcome.RolledBack.class))
        .extracting(NodeOutcome::node)
        .containsExactly(node(1), node(2), node(3));
    assertThat(end.outcomes(NodeOutcome.RolledBack.class).get(0))
        .isEqualTo(new NodeOutcome.RolledBack(
            node(1), Optional.empty(), "the rollout stopped: 1 node failed"));
    assertThat(nodesAsking("small")).containsExactly(node(0));
  }

  /** An admin relabels a node that the rollout has changed, before the rollout stops. */
  @Test
  void run_tooManyFailures_aNodeThatAnAdminRelabelled_isAConflict() {
    assertNotRolledBack(() -> server.edit(
        "nodes",
        node(1),
        node -> ((ObjectNode) node.at("/metadata/labels")).put("nvidia.com/mig.config", "medium")));
  }

  @Test
  void run_tooManyFailures_aNodeThatAnotherClientChanged_isAConflict() {
    Controller other = controller();
    assertNotRolledBack(() ->
        other.mig().node(node(1)).apply("medium").timings(QUICK).await(Duration.ofMinutes(1)));
  }

  private void assertNotRolledBack(Runnable change) {
    server.fail(node(3));

    RolloutStatus end = toSmall(controller)
        .maxUnavailable(Amount.nodes(1))
        .onFailure(RollBack.ALL)
        .healthGate(status -> {
          if (status.node().equals(node(2))) {
            change.run();
          }
          return true;
        })
        .run();

    String theirs = server.labels(node(1)).get("nvidia.com/mig.config");
    assertThat(theirs).startsWith("medium");
    assertThat(end.outcomes(NodeOutcome.RolledBack.class))
        .extracting(NodeOutcome::node)
        .containsExactly(node(0), node(2), node(3));
    assertThat(end.outcomes(NodeOutcome.Failed.class))
        .containsExactly(new NodeOutcome.Failed(
            node(1),
            Optional.empty(),
            "the rollback failed: Node %s: another client set nvidia.com/mig.config=%s after the rollout changed it; apply the previous configuration by name"
                .formatted(node(1), theirs)));
  }

  @Test
  void run_aNodeThatTheHealthGateRejects_hasFailed() {
    RolloutStatus end = toSmall(controller)
        .nodes(List.of(node(0)))
        .healthGate(status -> false)
        .onFailure(RollBack.FAILED)
        .run();

    assertThat(end.outcomes())
        .containsExactly(new NodeOutcome.RolledBack(
            node(0),
            Optional.<FailureCode>empty(),
            "health gate rejected the node, which offers {nvidia.com/mig-1g.23gb=56}"));
    assertThat(nodesAsking("small")).isEmpty();
  }

  @Test
  void run_aNodeWithTheConfigurationBefore_isNotRolledBack() {
    Rollout one = toSmall(controller).nodes(List.of(node(0)));
    RolloutStatus first = one.run();
    one.forget();

    RolloutStatus end = one.healthGate(status -> false).onFailure(RollBack.ALL).run();

    assertThat(first.isComplete()).isTrue();
    assertThat(end.outcomes())
        .containsExactly(new NodeOutcome.Failed(
            node(0),
            Optional.<FailureCode>empty(),
            "health gate rejected the node, which offers {nvidia.com/mig-1g.23gb=56}"));
    assertThat(nodesAsking("small")).containsExactly(node(0));
  }

  static List<RuntimeException> exceptionsOfAGate() {
    return List.of(new IllegalStateException("no probe"), new CancellationException("no probe"));
  }

  @ParameterizedTest
  @MethodSource("exceptionsOfAGate")
  void run_aNodeWhoseHealthGateThrows_hasFailed(RuntimeException thrown) {
    RolloutStatus end = toSmall(controller)
        .nodes(List.of(node(0)))
        .healthGate(status -> {
          throw thrown;
        })
        .run();

    assertThat(end.outcomes())
        .containsExactly(new NodeOutcome.Failed(
            node(0),
            Optional.<FailureCode>empty(),
            "health gate threw %s: no probe".formatted(thrown.getClass().getName())));
  }

  @Test
  void run_anErrorOnTheThreadOfANode_endsTheRun() {
    Rollout rollout = toSmall(controller).healthGate(status -> {
      throw new AssertionError("cannot be");
    });

    assertThatThrownBy(rollout::run).isInstanceOf(AssertionError.class).hasMessage("cannot be");
  }

  // Canaries, pauses, ends

  @Test
  void run_canaries_waitForApproval() throws Exception {
    BlockingQueue<PhaseChanged> phases = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = toSmall(controller)
        .canary(2, Canary.awaitApproval())
        .onProgress(event -> {
          if (event instanceof PhaseChanged changed) {
            phases.add(changed);
          }
        })
        .start();

    PhaseChanged paused = phases.poll(1, TimeUnit.MINUTES);
    List<String> before = nodesAsking("small");
    controller().mig().rollout("to-small").resume();

    assertThat(paused.phase()).isEqualTo(RolloutPhase.PAUSED);
    assertThat(paused.reason()).isEqualTo("the canaries are verified; waiting for approval");
    assertThat(before).containsExactly(node(0), node(1));
    assertThat(end.get(1, TimeUnit.MINUTES).isComplete()).isTrue();
  }

  @Test
  void run_whoseRecordIsDeletedDuringAPause_isAConflict() throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = toSmall(controller)
        .canary(1, Canary.awaitApproval())
        .onProgress(events::add)
        .start();
    PhaseChanged unused = await(events, PhaseChanged.class);

    var gone = controller()
        .mig()
        .getClient()
        .adapt(KubernetesClient.class)
        .configMaps()
        .inNamespace("gpu-operator")
        .withName("mig4j-rollout-to-small")
        .delete();

    assertThat(gone).isNotEmpty();
    assertThatThrownBy(() -> end.get(1, TimeUnit.MINUTES))
        .hasCauseInstanceOf(MigConflictException.class)
        .hasRootCauseMessage(
            "ConfigMap gpu-operator/mig4j-rollout-to-small, the record of a rollout, was deleted. Run the rollout again; nodes with the configuration are not changed again");
  }

  @Test
  void run_canaries_waitForThePause() {
    RolloutStatus end =
        toSmall(controller).canary(1, Canary.pause(Duration.ofMillis(100))).run();

    assertThat(end.isComplete()).isTrue();
  }

  @Test
  void run_aFailedCanary_stopsIt_alsoIfMoreFailuresAreAllowed() {
    server.fail(node(0));

    RolloutStatus end = toSmall(controller)
        .canary(1, Canary.awaitApproval())
        .stopAfterFailures(5)
        .run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.STOPPED);
    assertThat(end.reason()).isEqualTo("a canary failed");
    assertThat(end.outcomes(NodeOutcome.NotReached.class)).hasSize(7);
  }

  @Test
  void abort_inAnotherProcess_finishesTheChangesInProgress() throws Exception {
    Rollout elsewhere = controller().mig().rollout("to-small");
    CompletableFuture<Void> firstStep = new CompletableFuture<>();
    CompletableFuture<RolloutStatus> end = toSmall(controller)
        .canary(2, Canary.awaitApproval())
        .onProgress(event -> {
          if (event instanceof PhaseChanged) {
            firstStep.complete(null);
          }
        })
        .start();
    firstStep.get(1, TimeUnit.MINUTES);

    elsewhere.abort();

    assertThat(end.get(1, TimeUnit.MINUTES).phase()).isEqualTo(RolloutPhase.ABORTED);
    assertThat(nodesAsking("small")).containsExactly(node(0), node(1));
    assertThatThrownBy(elsewhere::resume)
        .isInstanceOf(MigRefusedException.class)
        .hasMessage("Rollout 'to-small': it has ended (ABORTED)");
  }

  @Test
  void pause_ofNoRollout_isRefused() {
    assertThatThrownBy(() -> controller.mig().rollout("none").pause())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'none': it does not exist, because there is no ConfigMap gpu-operator/mig4j-rollout-none; run it first");
  }

  // Crashes

  @Test
  void run_afterTwoCrashes_hasTheSameEnd() throws Exception {
    server.fail(node(2));
    server.fail(node(6));

    killAfter(1);
    killAfter(2);
    RolloutStatus end = withFailures(controller()).run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.DONE);
    assertThat(end.outcomes(NodeOutcome.RolledBack.class))
        .extracting(NodeOutcome::node)
        .containsExactly(node(2), node(6));
    assertThat(end.outcomes(NodeOutcome.Verified.class)).hasSize(6);
    assertThat(nodesAsking("all-disabled")).containsExactly(node(2), node(6));
    for (int i = 0; i < 8; i++) {
      assertThat(server.annotations(node(i))).doesNotContainKey("mig4j.github.io/change");
    }
  }

  private static Rollout withFailures(Controller by) {
    return toSmall(by).stopAfterFailures(3).onFailure(RollBack.FAILED);
  }

  private void killAfter(int nodes) throws Exception {
    Controller mortal = controller();
    CompletableFuture<Void> reached = new CompletableFuture<>();
    List<NodeOutcome> ended = new ArrayList<>();
    CompletableFuture<RolloutStatus> work = withFailures(mortal)
        .onProgress(event -> {
          if (event instanceof NodeEnded node) {
            ended.add(node.outcome());
            if (ended.size() == nodes) {
              reached.complete(null);
            }
          }
        })
        .start();
    reached.get(1, TimeUnit.MINUTES);
    mortal.kill(work);
  }

  /** Another process has labelled the node for its rollback, and ended before that was verified. */
  @Test
  void run_interruptedDuringARollback_awaitsItWhenRunAgain() throws Exception {
    server.fail(node(2));
    AtomicBoolean rollsBack = new AtomicBoolean();
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    Rollout rollout = toSmall(controller)
        .maxUnavailable(Amount.nodes(1))
        .onFailure(RollBack.ALL)
        .onProgress(event -> {
          if (event instanceof NodeStep step && step.step().node().equals(node(2))) {
            server.stall(node(1));
            rollsBack.set(true);
          }
          if (rollsBack.get()) {
            events.add(event);
          }
        });
    Thread process = process(rollout);
    NodeStep step = await(events, NodeStep.class);
    while (!step.step().node().equals(node(1)) || step.step().phase() != ApplyPhase.REQUESTED) {
      step = await(events, NodeStep.class);
    }
    process.interrupt();
    process.join();
    server.resume(node(1));

    RolloutStatus end = rollout.run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.STOPPED);
    assertThat(end.outcomes(NodeOutcome.RolledBack.class))
        .extracting(NodeOutcome::node)
        .containsExactly(node(0), node(1), node(2));
  }

  /** The node no longer has a record of the change, and the rollout's record does not have it yet. */
  @Test
  void run_interrupted_abortedAndRunAgain_reportsTheChangedNode() throws Exception {
    server.stall(node(0));
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    Rollout rollout = toSmall(controller).maxUnavailable(Amount.nodes(1)).onProgress(events::add);
    Thread process = process(rollout);
    while (await(events, NodeStep.class).step().phase() != ApplyPhase.REQUESTED) {
      // An earlier phase.
    }
    process.interrupt();
    process.join();
    assertThat(server.annotations(node(0))).doesNotContainKey("mig4j.github.io/change");
    server.resume(node(0));

    rollout.abort();
    RolloutStatus end = rollout.run();

    assertThat(end.phase()).isEqualTo(RolloutPhase.ABORTED);
    assertThat(end.outcomes(NodeOutcome.Verified.class))
        .containsExactly(new NodeOutcome.Verified(node(0)));
  }

  /** A process that can be interrupted. */
  private static Thread process(Rollout rollout) {
    Thread process = new Thread(() -> {
      try {
        RolloutStatus unused = rollout.run();
      } catch (CancellationException interrupted) {
        // Expected.
      }
    });
    process.start();
    return process;
  }

  @Test
  void run_afterAnAbort_endsARolloutThatNoProcessWorksOn_alsoIfTheConfigurationHasChanged()
      throws Exception {
    Rollout rollout = leftAtItsCanary();
    controller.mig().configMap("mig-config").merge("small", MEDIUM);
    assertThatThrownBy(rollout::run)
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'to-small': the ConfigMap has another content for 'small' than when the rollout began; restore it, or abort and forget this rollout");
    assertThatThrownBy(rollout::forget)
        .isInstanceOf(MigRefusedException.class)
        .hasMessage("Rollout 'to-small': it has not ended (PAUSED); abort it first");

    rollout.abort();

    assertThatThrownBy(rollout::resume)
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'to-small': an abort was requested, which is final; forget this rollout and start a new one");
    assertThat(rollout.status().orElseThrow().reason()).isEqualTo("an abort was requested");
    assertThat(rollout.run().phase()).isEqualTo(RolloutPhase.ABORTED);
  }

  @Test
  void forget_afterAnAbort_whenNoProcessWorksOnIt() throws Exception {
    Rollout rollout = leftAtItsCanary();
    rollout.abort();
    giveLeaseTo("another");
    assertThatThrownBy(rollout::forget)
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Rollout 'to-small': another is aborting it; try again when that process has ended, or 15 s after it crashed");
    giveLeaseTo("");

    rollout.forget();

    assertThat(rollout.status()).isEmpty();
  }

  /** Between the check and the deletion another process starts a new rollout of this name. */
  @Test
  void forget_aRecordThatANewRolloutReplaces_isRefused() {
    Rollout rollout = toSmall(controller);
    RolloutStatus unused = rollout.run();
    AtomicBoolean replaced = new AtomicBoolean();
    server.refuse(request -> {
      if (request.getMethod().equals("DELETE") && !replaced.getAndSet(true)) {
        server.edit(
            "configmaps",
            "gpu-operator/mig4j-rollout-to-small",
            map -> ((ObjectNode) map.get("data")).put("phase", "RUNNING"));
      }
      return Optional.empty();
    });

    assertThatThrownBy(rollout::forget)
        .isInstanceOf(MigRefusedException.class)
        .hasMessage("Rollout 'to-small': it has not ended (RUNNING); abort it first");

    assertThat(rollout.status()).isPresent();
  }

  private Rollout leftAtItsCanary() throws InterruptedException {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    Rollout rollout = withCanary(controller, events);
    Thread process = process(rollout);
    PhaseChanged unused = await(events, PhaseChanged.class);
    process.interrupt();
    process.join();
    return rollout;
  }

  @Test
  void run_inTwoProcesses_oneWorks_theOtherStandsByAndReturnsTheEnd() throws Exception {
    CompletableFuture<Void> leads = new CompletableFuture<>();
    CompletableFuture<String> standsBy = new CompletableFuture<>();
    CompletableFuture<RolloutStatus> first = toSmall(controller)
        .canary(1, Canary.awaitApproval())
        .onProgress(event -> {
          if (event instanceof PhaseChanged) {
            leads.complete(null);
          }
        })
        .start();
    leads.get(1, TimeUnit.MINUTES);
    CompletableFuture<RolloutStatus> second = toSmall(controller())
        .canary(1, Canary.awaitApproval())
        .onProgress(event -> {
          if (event instanceof RolloutEvent.StandingBy standing) {
            standsBy.complete(standing.leader());
          }
        })
        .start();

    assertThat(standsBy.get(1, TimeUnit.MINUTES)).isNotBlank();
    controller().mig().rollout("to-small").resume();

    assertThat(first.get(1, TimeUnit.MINUTES).isComplete()).isTrue();
    assertThat(second.get(1, TimeUnit.MINUTES)).isEqualTo(first.join());
  }

  // Leadership

  /** A rollout that waits for approval after its canary. */
  private static Rollout withCanary(Controller by, BlockingQueue<RolloutEvent> events) {
    return toSmall(by).canary(1, Canary.awaitApproval()).onProgress(events::add);
  }

  private static <T extends RolloutEvent> T await(BlockingQueue<RolloutEvent> events, Class<T> kind)
      throws InterruptedException {
    while (true) {
      RolloutEvent event = events.poll(1, TimeUnit.MINUTES);
      assertThat(event).as(kind.getSimpleName()).isNotNull();
      if (kind.isInstance(event)) {
        return kind.cast(event);
      }
    }
  }

  private static boolean isRenewal(RecordedRequest request) {
    return request.getMethod().equals("PATCH")
        && request.getPath().contains("/leases/")
        && request.getUtf8Body().contains("holderIdentity");
  }

  @Test
  void run_aLeaseThatCannotBeRenewed_isLost_andAcquiredAgain() throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = withCanary(controller, events).start();
    await(events, PhaseChanged.class);
    AtomicBoolean away = new AtomicBoolean(true);

    server.refuse(request -> {
      // The record is read after the Lease is lost.
      if (request.getMethod().equals("GET")
          && request.getPath().endsWith("/mig4j-rollout-to-small")
          && request.getPath().contains("/configmaps/")) {
        away.set(false);
      }
      return away.get() && isRenewal(request) ? Optional.of(500) : Optional.empty();
    });
    await(events, RolloutEvent.Leading.class);
    toSmall(controller()).resume();

    assertThat(end.get(1, TimeUnit.MINUTES).isComplete()).isTrue();
  }

  @Test
  void run_aRecordThatCannotBeReadAfterTheLeaseIsLost_isReadAgain() throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = withCanary(controller, events).start();
    await(events, PhaseChanged.class);
    AtomicInteger refused = new AtomicInteger();

    server.refuse(request -> {
      boolean isRecord = request.getMethod().equals("GET")
          && request.getPath().endsWith("/configmaps/mig4j-rollout-to-small");
      if (refused.get() == 0 && isRenewal(request)) {
        return Optional.of(500);
      }
      return isRecord && refused.getAndIncrement() == 0 ? Optional.of(410) : Optional.empty();
    });
    await(events, RolloutEvent.Leading.class);
    toSmall(controller()).resume();

    assertThat(end.get(1, TimeUnit.MINUTES).isComplete()).isTrue();
    assertThat(refused.get()).isGreaterThan(1);
  }

  /** Both processes have the same identity in the node's record. */
  @Test
  void run_thatHasLostTheLease_leavesTheChangeInProgressToTheNextProcess() throws Exception {
    server.stall(node(0));
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = toSmall(controller)
        .maxUnavailable(Amount.nodes(1))
        .onProgress(events::add)
        .start();
    while (await(events, NodeStep.class).step().phase() != ApplyPhase.REQUESTED) {
      // An earlier phase.
    }
    String record = server.annotations(node(0)).get("mig4j.github.io/change");
    int patches = controller.requests("PATCH /api/v1/nodes/.*");

    giveLeaseTo("another");
    await(events, RolloutEvent.StandingBy.class);
    // Only the next candidacy sees this; all threads of the previous one have ended before.
    giveLeaseTo("a third");
    while (!await(events, RolloutEvent.StandingBy.class).leader().equals("a third")) {
      // The previous leader.
    }

    assertThat(record).isNotBlank();
    assertThat(server.annotations(node(0))).containsEntry("mig4j.github.io/change", record);
    assertThat(controller.requests("PATCH /api/v1/nodes/.*")).isEqualTo(patches);
    end.cancel(true);
  }

  private void giveLeaseTo(String holder) {
    server.edit(
        "leases",
        "gpu-operator/mig4j-rollout-to-small",
        lease -> ((ObjectNode) lease.get("spec"))
            .put("holderIdentity", holder)
            .put("leaseDurationSeconds", 3600));
  }

  @ParameterizedTest
  @CsvSource({"GET,get", "POST,create"})
  void run_withoutPermissionForLeases_fails(String method, String verb) {
    server.refuse(
        request -> request.getMethod().equals(method) && request.getPath().contains("/leases")
            ? Optional.of(403)
            : Optional.empty());

    assertThatThrownBy(toSmall(controller)::run)
        .isInstanceOf(MigClusterException.class)
        .hasMessage(
            "The API server answered 403 to: %s lease gpu-operator/mig4j-rollout-to-small (refused)"
                .formatted(verb));
    assertThat(nodesAsking("small")).isEmpty();
  }

  @Test
  void run_thatMayNoLongerRenewTheLease_fails() throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = withCanary(controller, events).start();
    await(events, PhaseChanged.class);

    server.refuse(request -> isRenewal(request) ? Optional.of(403) : Optional.empty());

    assertThatThrownBy(() -> end.get(1, TimeUnit.MINUTES))
        .cause()
        .isInstanceOf(MigClusterException.class)
        .hasMessage(
            "The API server answered 403 to: patch lease gpu-operator/mig4j-rollout-to-small (refused)");
  }

  @Test
  void run_doesNotOverwriteTheRecordOfAnotherLeader() throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = withCanary(controller, events).start();
    await(events, PhaseChanged.class);

    server.edit("configmaps", "gpu-operator/mig4j-rollout-to-small", map -> {
      ObjectNode data = (ObjectNode) map.get("data");
      data.put("leader", "another");
      data.put(
          "nodes",
          data.get("nodes").asText().replace(node(7) + " waiting 0", node(7) + " skipped 0 so"));
    });
    toSmall(controller()).resume();
    await(events, RolloutEvent.Leading.class);

    assertThat(end.get(1, TimeUnit.MINUTES).outcomes(NodeOutcome.Skipped.class))
        .containsExactly(new NodeOutcome.Skipped(node(7), "so"));
  }

  /** As by the kubelet, which writes the node's status all the time. */
  @Test
  void run_aNodeThatChangesJustBeforeItsEndIsWritten_isVerified() {
    Set<String> changed = ConcurrentHashMap.newKeySet();
    server.refuse(request -> {
      String node = request.getPath().substring(request.getPath().lastIndexOf('/') + 1);
      if (request.getMethod().equals("PATCH")
          && request.getPath().startsWith("/api/v1/nodes/")
          && server.labels(node).containsKey("nvidia.com/mig-1g.23gb.count")
          && changed.add(node)) {
        server.edit(
            "nodes", node, object -> ((ObjectNode) object.get("status")).put("phase", "Running"));
      }
      return Optional.empty();
    });

    RolloutStatus end = toSmall(controller).run();

    assertThat(changed).hasSize(8);
    assertThat(end.isComplete()).isTrue();
  }

  @Test
  void run_afterBrokenWatchesAnd410_continues() throws Exception {
    CompletableFuture<RolloutStatus> end = toSmall(controller)
        .onProgress(event -> {
          if (event instanceof NodeEnded) {
            server.cutWatches();
          }
        })
        .start();

    assertThat(end.get(1, TimeUnit.MINUTES).isComplete()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/nodes, list and watch nodes",
    "/api/v1/pods, list and watch pods in all namespaces"
  })
  void run_aListThatIsNoLongerAllowed_endsTheRun(String path, String what) throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = withCanary(controller, events).start();
    await(events, PhaseChanged.class);

    server.refuse(request ->
        request.getPath().startsWith(path + "?") && !request.getPath().contains("watch=true")
            ? Optional.of(403)
            : Optional.empty());
    server.cutWatches();

    assertThatThrownBy(() -> end.get(1, TimeUnit.MINUTES))
        .cause()
        .isInstanceOf(MigClusterException.class)
        .hasMessage("The API server answered 403 to: %s (refused)".formatted(what));
  }

  /** The Kubernetes client repeats a watch that is refused without a word. */
  @ParameterizedTest
  @CsvSource({
    "nodes, list and watch nodes",
    "configmaps, list and watch configmap gpu-operator/mig4j-rollout-to-small"
  })
  void run_aWatchThatIsNoLongerAllowed_endsTheRun(String kind, String what) throws Exception {
    BlockingQueue<RolloutEvent> events = new LinkedBlockingQueue<>();
    CompletableFuture<RolloutStatus> end = withCanary(controller, events).start();
    await(events, PhaseChanged.class);

    server.forbid(kind);

    assertThatThrownBy(() -> end.get(1, TimeUnit.MINUTES))
        .cause()
        .isInstanceOf(MigClusterException.class)
        .hasMessage(
            "This client is not allowed to %s; grant it the permissions of ClusterRole mig4j-rollout"
                .formatted(what));
  }

  // Dry run

  @Test
  void dryRun_returnsEveryNode_andWritesNothing() {
    controller
        .mig()
        .rollout("first")
        .nodes(List.of(node(1)))
        .config("small")
        .timings(QUICK)
        .run();
    int writes = controller.requests("(PATCH|PUT|DELETE) .*");

    RolloutPlan plan =
        toSmall(controller).nodes(List.of(node(0), node(1), "gone")).dryRun();

    assertThat(plan.toText()).isEqualTo("""
            Rollout 'to-small': 1 of 3 nodes would be changed, 1 skipped, 3 at once, 0 GPU resets
              gone would be skipped: error: the node does not exist; see 'kubectl get nodes' [node-absent]
              gpu-node-00000.cluster.internal would be changed
              gpu-node-00001.cluster.internal has this configuration in force""");
    assertThat(controller.requests("(PATCH|PUT|DELETE) .*")).isEqualTo(writes);
  }
}
