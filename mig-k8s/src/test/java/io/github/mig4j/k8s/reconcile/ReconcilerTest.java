package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Controller;
import io.github.mig4j.k8s.rollout.FleetServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fleet of {@code -Dmig4j.reconcile=N} nodes, 30 unless set, to which everything happens. */
@Timeout(300)
class ReconcilerTest {

  private static final int NODES = Integer.getInteger("mig4j.reconcile", 30);
  private static final int SOME = 10;
  private static final String STATE = "nvidia.com/mig.config.state";
  private static final String CONFIG = "nvidia.com/mig.config";
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(50))
      .failure(Duration.ofMillis(200))
      .propagation(Duration.ZERO)
      .build();

  private FleetServer server = new FleetServer(SOME, Duration.ofMillis(40));
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    server.close();
  }

  private Controller controller() {
    Controller made = new Controller(server.config().build());
    open.add(made);
    return made;
  }

  private static MigPolicy policy(String name, OnDrift onDrift) {
    return MigPolicy.builder()
        .name(name)
        .nodes(PolicyNodes.withLabels(Map.of("nvidia.com/gpu.product", "NVIDIA-B200")))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.Layout(new TreeMap<>(Map.of(MigProfile.parse("1g.23gb"), 7))))
        .pace(Pace.builder().maxUnavailable(Amount.nodes(6)).build())
        .onDrift(onDrift)
        .build();
  }

  /** A process that reconciles, and what it has reported. */
  private final class Process {
    final Controller controller = controller();
    private final SortedMap<String, NodeStanding> standings = new TreeMap<>();
    final Reconciler.Running running;

    Process(MigPolicy... policies) {
      running = controller
          .mig()
          .reconciler(List.of(policies))
          .timings(QUICK)
          .lease(Duration.ofSeconds(5))
          .onOutcome(this::see)
          .start();
      open.add(running);
    }

    private synchronized void see(ReconcileOutcome outcome) {
      standings.put(outcome.node(), outcome.standing());
      notifyAll();
    }

    synchronized void await(int nodes, Predicate<NodeStanding> standing)
        throws InterruptedException {
      while (standings.values().stream().filter(standing).count() < nodes) {
        wait();
      }
    }

    synchronized void await(String node, Predicate<NodeStanding> standing)
        throws InterruptedException {
      while (!standings.containsKey(node) || !standing.test(standings.get(node))) {
        wait();
      }
    }

    synchronized void forget(String node) {
      standings.remove(node);
    }

    int writes() {
      return controller.requests("(PATCH|PUT|POST|DELETE) .*")
          - controller.requests(".*/leases.*")
          - controller.requests("POST .*accessreviews");
    }
  }

  private static boolean isDeclared(NodeStanding standing) {
    return standing == NodeStanding.AsDeclared.AS_DECLARED;
  }

  private void label(String node, String key, String value) {
    server.edit(
        "nodes", node, object -> ((ObjectNode) object.at("/metadata/labels")).put(key, value));
  }

  private static String node(int i) {
    return FleetServer.name(i);
  }

  @Test
  void fleet_toWhichEverythingHappens_isAsDeclaredAfterwards() throws Exception {
    server.close();
    server = new FleetServer(NODES, Duration.ofMillis(40));
    Process first = new Process(policy("small", OnDrift.RESTORE));
    first.await(NODES, ReconcilerTest::isDeclared);
    Process second = new Process(policy("small", OnDrift.RESTORE));
    int patches = first.controller.requests("PATCH /api/v1/nodes/.*");
    int conflicts = first.controller.conflicts("patch node");
    // The request, and the end. In between a look records what the next one must know: that the MIG
    // manager is at work, and since when the evidence is stable.
    assertThat(patches - conflicts).isBetween(2 * NODES, 4 * NODES);
    assertThat(conflicts).isLessThan(NODES);

    // Nothing is written for what is no drift: a heartbeat of each node, watches that end, a
    // cordon.
    int writes = first.writes();
    int gets = first.controller.requests("GET .*");
    for (int i = 0; i < NODES; i++) {
      label(node(i), "nvidia.com/gfd.timestamp", "later");
    }
    server.edit(
        "nodes", node(3), object -> ((ObjectNode) object.at("/spec")).put("unschedulable", true));
    restoreAfterRelabel(first, node(2));
    assertThat(first.writes() - writes).isLessThanOrEqualTo(6);
    assertThat(first.controller.requests("GET .*") - gets).isLessThan(60);
    server.cutWatches();

    // A reboot, a new node, and the death of the leader in the middle of a repair.
    server.edit("nodes", node(1), object -> {
      ((ObjectNode) object.at("/metadata/labels")).put(STATE, "pending");
      ((ObjectNode) object.at("/status/allocatable")).remove("nvidia.com/mig-1g.23gb");
    });
    first.await(node(1), standing -> !isDeclared(standing));
    server.resume(node(1));
    first.await(node(1), ReconcilerTest::isDeclared);
    server.join(NODES);
    first.await(node(NODES), ReconcilerTest::isDeclared);
    label(node(4), CONFIG, "all-disabled");
    first.await(node(4), standing -> !isDeclared(standing));
    first.controller.kill(new CompletableFuture<>());
    second.await(NODES + 1, ReconcilerTest::isDeclared);

    for (int i = 0; i <= NODES; i++) {
      assertThat(server.labels(node(i)).get(CONFIG)).as(node(i)).startsWith("small-b200-180gb-");
      assertThat(server.labels(node(i))).containsEntry("nvidia.com/mig-1g.23gb.count", "56");
      assertThat(server.annotations(node(i))).doesNotContainKey("mig4j.github.io/change");
    }
    assertThat(second.running.outcomes()).hasSize(NODES + 1);
  }

  private void restoreAfterRelabel(Process process, String node) throws InterruptedException {
    process.forget(node);
    label(node, CONFIG, "all-disabled");
    server.resume(node);
    process.await(node, ReconcilerTest::isDeclared);
  }

  @Test
  void node_thatLosesAGpu_orThatTwoPoliciesChoose_saysSo_andTheOthersGoOn() throws Exception {
    MigPolicy all = policy("small", OnDrift.YIELD);
    MigPolicy one = MigPolicy.builder()
        .name("large")
        .nodes(PolicyNodes.named(node(5)))
        .putGpus("b200-180gb", PolicyTarget.Whole.WHOLE)
        .build();
    Process process = new Process(all, one);
    process.await(SOME - 1, ReconcilerTest::isDeclared);
    process.await(node(5), NodeStanding.NotOurs.class::isInstance);

    label(node(6), CONFIG, "all-disabled");
    process.await(node(6), NodeStanding.Drifted.class::isInstance);
    server.edit("nodes", node(7), object -> {
      ((ObjectNode) object.at("/metadata/labels")).put("nvidia.com/gpu.count", "7");
      ((ObjectNode) object.at("/metadata/labels")).put("nvidia.com/mig-1g.23gb.count", "49");
      ((ObjectNode) object.at("/status/allocatable")).put("nvidia.com/mig-1g.23gb", "49");
    });
    process.await(node(7), NodeStanding.Drifted.class::isInstance);
    process.running.use(List.of(policy("small", OnDrift.RESTORE)));

    process.await(node(5), ReconcilerTest::isDeclared);
    process.await(node(6), ReconcilerTest::isDeclared);
    assertThat(server.labels(node(5)).get(CONFIG)).startsWith("small-");
  }

  @Test
  void reconcile_oneCall_namesTheNextOne() {
    Reconciler reconciler =
        controller().mig().reconciler(List.of(policy("small", OnDrift.YIELD))).timings(QUICK);

    ReconcileOutcome begun = reconciler.reconcile(node(0));
    ReconcileOutcome absent = reconciler.reconcile("other");

    assertThat(begun.policy()).contains("small");
    assertThat(begun.standing()).isInstanceOf(NodeStanding.Changing.class);
    assertThat(begun.requeueAfter()).isPresent();
    assertThat(absent)
        .hasToString("other not ours: the cluster has no node of this name with a label of a GPU");
  }
}
