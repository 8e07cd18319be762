package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.SettableClock;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Controller;
import io.github.mig4j.k8s.rollout.FleetServer;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A fleet of {@code -Dmig4j.reconcile=N} nodes, 30 unless set, to which everything happens. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class ReconcilerTest {

  private static final int NODES = Integer.getInteger("mig4j.reconcile", 30);
  private static final int SOME = 10;
  private static final String STATE = "nvidia.com/mig.config.state";
  private static final String CONFIG = "nvidia.com/mig.config";
  private static final String GATE = "mig4j.github.io/unverified";
  private static final String OTHER =
      "version: v1\nmig-configs:\n  other:\n  - devices: all\n    mig-enabled: false\n";
  private static final String GATED_BY = "mig4j.github.io/gated-by";
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(50))
      .failure(Duration.ofMillis(200))
      .propagation(Duration.ZERO)
      // A look may be too late to see a stop and start that takes no longer than some milliseconds.
      .transition(Duration.ofMillis(200))
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
    return builder(name, onDrift).build();
  }

  private static MigPolicy.Builder builder(String name, OnDrift onDrift) {
    return MigPolicy.builder()
        .name(name)
        .nodes(PolicyNodes.withLabels(Map.of("nvidia.com/gpu.product", "NVIDIA-B200")))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.Layout(new TreeMap<>(Map.of(MigProfile.parse("1g.23gb"), 7))))
        .pace(Pace.builder().maxUnavailable(Amount.nodes(6)).build())
        .onDrift(onDrift);
  }

  /** A process that reconciles, and what it has reported. */
  private final class Process {
    final Controller controller = controller();
    private final SortedMap<String, NodeStanding> standings = new TreeMap<>();
    private final List<MigEvent.StandingChanged> changes = new ArrayList<>();
    private boolean hasAsked;
    final Reconciler.Running running;

    Process(MigPolicy... policies) {
      this(settings -> settings, policies);
    }

    Process(UnaryOperator<MigSettings> settings, MigPolicy... policies) {
      MigClient mig = controller.mig();
      running = mig.with(settings.apply(
              mig.settings().withListener(mig.settings().listener().andThen(this::hear))))
          .reconciler(List.of(policies))
          .timings(QUICK)
          .lease(Duration.ofSeconds(5))
          .onOutcome(this::see)
          .start();
      open.add(running);
    }

    private synchronized void hear(MigEvent event) {
      if (event instanceof MigEvent.StandingChanged changed) {
        changes.add(changed);
        notifyAll();
      } else if (event instanceof MigEvent.RequestEnded ended
          && ended.request().startsWith("create selfsubjectaccessreviews")) {
        hasAsked = true;
        notifyAll();
      }
    }

    /** Waits until the process asks what it may do, as it does while a watch is refused. */
    synchronized void awaitQuestion() throws InterruptedException {
      while (!hasAsked) {
        wait();
      }
    }

    /** Waits until any node has come to stand like this from standing like that. */
    synchronized void awaitChange(String previous, String standing) throws InterruptedException {
      awaitChanges(1, previous, standing);
    }

    /** Waits until as many nodes have come to stand like this from standing like that. */
    synchronized void awaitChanges(int nodes, String previous, String standing)
        throws InterruptedException {
      while (changes.stream()
              .filter(change -> change.previous().equals(previous)
                  && change.toString().equals(change.node() + " " + standing))
              .map(MigEvent.StandingChanged::node)
              .distinct()
              .count()
          < nodes) {
        wait();
      }
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

    synchronized void forgetChanges() {
      changes.clear();
      hasAsked = false;
    }

    /** Waits until as many nodes have an outcome. */
    synchronized void awaitOutcomes(int nodes) throws InterruptedException {
      while (running.outcomes().size() < nodes) {
        wait();
      }
    }

    synchronized String message(String node) {
      return standings.get(node).message();
    }

    synchronized void forget(String node) {
      standings.remove(node);
    }

    /** What was written; a patch of a version that was not the latest changes nothing and is tried again. */
    int writes() {
      return controller.requests("(PATCH|PUT|POST|DELETE) .*")
          - controller.requests("(PATCH|PUT|POST|DELETE) .*/leases.*")
          - controller.requests("POST .*accessreviews")
          - controller.conflicts("patch node");
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
    server.stall(node(4));
    label(node(4), CONFIG, "all-disabled");
    first.await(node(4), standing -> !isDeclared(standing));
    first.controller.kill(new CompletableFuture<>());
    second.await(node(4), NodeStanding.Changing.class::isInstance);
    server.resume(node(4));
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
  void content_thatIsEditedUnderAHashedName_isReported_andRestored() throws Exception {
    Process process = new Process(policy("small", OnDrift.YIELD));
    process.await(SOME, ReconcilerTest::isDeclared);
    String published = server.data("gpu-operator/mig-config", "config.yaml");

    server.edit(
        "configmaps",
        "gpu-operator/mig-config",
        map -> ((ObjectNode) map.at("/data"))
            .put("config.yaml", published.replace("1g.23gb: 7", "1g.23gb: 2")));

    process.awaitChange("as-declared", "drifted: content-edited");
    process.awaitChange("drifted", "as-declared");
    assertThat(MigConfigFile.read(server.data("gpu-operator/mig-config", "config.yaml"))
            .document())
        .isEqualTo(MigConfigFile.read(published).document());
  }

  /** The lost leader is a candidate again, and looks at every node when it leads. */
  @Test
  void leaseThatIsLost_isAcquiredAgain_andWhatHappenedInBetweenIsRepaired() throws Exception {
    Process process = new Process(policy("small", OnDrift.RESTORE));
    process.await(SOME, ReconcilerTest::isDeclared);

    process.forgetChanges();
    giveLeaseTo("another", 3600);
    process.awaitChange("as-declared", "unknown");
    server.stall(node(1));
    label(node(1), CONFIG, "all-disabled");
    assertThat(process.running.outcomes()).isEmpty();
    // The other one ends without a word.
    process.forgetChanges();
    giveLeaseTo("another", 1);
    process.awaitChange("unknown", "changing");
    server.resume(node(1));

    process.awaitChange("changing", "as-declared");
    assertThat(server.labels(node(1)).get(CONFIG)).startsWith("small-");
    process.awaitOutcomes(SOME);
  }

  @Test
  void node_thatLosesAGpuAndItsDevices_isRepaired_andSaysSoUntilTheGpuIsBack() throws Exception {
    Process process = new Process(policy("small", OnDrift.RESTORE));
    process.await(SOME, ReconcilerTest::isDeclared);

    process.forget(node(1));
    server.edit("nodes", node(1), object -> {
      ((ObjectNode) object.at("/metadata/labels"))
          .put("nvidia.com/gpu.count", "7")
          .put(STATE, "pending");
      ((ObjectNode) object.at("/status/allocatable")).remove("nvidia.com/mig-1g.23gb");
    });
    process.await(node(1), standing -> standing.message().startsWith("changing"));
    server.resume(node(1));
    process.await(
        node(1),
        standing -> standing instanceof NodeStanding.Drifted
            && !server.annotations(node(1)).containsKey("mig4j.github.io/change"));

    assertThat(process.message(node(1)))
        .isEqualTo(
            "drifted: it has 7 GPUs, but had 8 b200-180gb before; repair it, or accept its GPUs with 'kubectl annotate node %s mig4j.github.io/gpus-before-loss-'"
                .formatted(node(1)));
    assertThat(server.allocatable(node(1), "nvidia.com/mig-1g.23gb")).isEqualTo(49);
    server.edit("nodes", node(1), object -> {
      ((ObjectNode) object.at("/metadata/labels")).put("nvidia.com/gpu.count", "8");
      ((ObjectNode) object.at("/metadata/labels")).put("nvidia.com/mig-1g.23gb.count", "56");
      ((ObjectNode) object.at("/status/allocatable")).put("nvidia.com/mig-1g.23gb", "56");
    });
    process.await(node(1), ReconcilerTest::isDeclared);
  }

  private void giveLeaseTo(String holder, int seconds) {
    server.edit(
        "leases",
        "gpu-operator/mig4j-reconciler",
        lease -> ((ObjectNode) lease.get("spec"))
            .put("holderIdentity", holder)
            .put("leaseDurationSeconds", seconds));
  }

  @Test
  void configMap_atItsSizeLimit_isAStanding_andOtherPoliciesGoOn() throws Exception {
    server.edit(
        "configmaps",
        "gpu-operator/mig-config",
        map ->
            ((ObjectNode) map.at("/data")).put("config.yaml", OTHER + "#" + "x".repeat(1_048_400)));
    Process process =
        new Process(policy("small", OnDrift.YIELD, 0, 1), whole("whole", node(2), node(3)));

    process.await(node(0), NodeStanding.Drifted.class::isInstance);
    process.await(node(1), NodeStanding.Drifted.class::isInstance);
    process.await(2, ReconcilerTest::isDeclared);

    assertThat(process.message(node(0)))
        .matches(
            "drifted: ConfigMap gpu-operator/mig-config: it would have [0-9]+ bytes, but an API server accepts at most [0-9]+; remove configurations");
    server.edit(
        "configmaps",
        "gpu-operator/mig-config",
        map -> ((ObjectNode) map.at("/data")).put("config.yaml", OTHER));
    process.await(4, ReconcilerTest::isDeclared);
  }

  /** A permission can be missing for one namespace or, with an admission webhook, for one node. */
  @Test
  void permission_thatIsMissing_isAStanding_andTheOtherNodesGoOn() throws Exception {
    server.refuse(request ->
        request.getMethod().equals("PATCH") && request.getPath().contains("/nodes/" + node(4))
            ? Optional.of(403)
            : Optional.empty());
    Process process = new Process(policy("small", OnDrift.YIELD));

    process.await(SOME - 1, ReconcilerTest::isDeclared);
    process.await(node(4), NodeStanding.Waiting.class::isInstance);

    assertThat(process.message(node(4)))
        .isEqualTo(
            "waits: it requests 'all-disabled' instead of '%s'; this client is not allowed to patch node %s; grant it the permissions of ClusterRole mig4j-rollout"
                .formatted(server.labels(node(5)).get(CONFIG), node(4)));
  }

  private static boolean waitsForPermission(NodeStanding standing) {
    return standing instanceof NodeStanding.Waiting waiting
        && waiting.cause() == NodeStanding.Cause.PERMISSION;
  }

  @Test
  void watchOfPods_thatIsForbidden_makesTheNodesWaitThatDrift_untilItIsAllowed() throws Exception {
    Process process = new Process(policy("small", OnDrift.RESTORE));
    process.await(SOME, ReconcilerTest::isDeclared);

    process.forgetChanges();
    server.forbid("pods");
    process.awaitQuestion();
    process.forget(node(1));
    label(node(1), CONFIG, "all-disabled");
    // A watch that was allowed is repeated for some seconds; in this time the pods are listed.
    process.await(node(1), standing -> standing.message().contains("list and watch pods"));

    String requested = server.labels(node(2)).get(CONFIG);
    assertThat(process.message(node(1)))
        .isEqualTo(
            "waits: it requests 'all-disabled' instead of '%s', which another client has set; this client is not allowed to list and watch pods in all namespaces; grant it the permissions of ClusterRole mig4j-rollout"
                .formatted(requested));
    assertThat(process.running.outcomes().values().stream()
            .filter(outcome -> isDeclared(outcome.standing())))
        .hasSize(SOME - 1);
    assertThat(server.labels(node(1))).containsEntry(CONFIG, "all-disabled");
    server.allow("pods");
    process.await(node(1), ReconcilerTest::isDeclared);
    assertThat(server.labels(node(1))).containsEntry(CONFIG, requested);
  }

  @Test
  void watchOfPods_thatIsForbiddenFromTheStart_isAStanding_untilItIsAllowed() throws Exception {
    server.forbid("pods");
    Process process = new Process(
        settings -> settings.withOperatorNamespace("gpu-operator"),
        policy("small", OnDrift.YIELD, 0, 1),
        configured("other", node(2)));

    process.await(3, ReconcilerTest::waitsForPermission);

    assertThat(process.message(node(2)))
        .isEqualTo(
            "waits: the MIG manager's ConfigMap has no configuration 'all-balanced'; publish it; this client is not allowed to list and watch pods in all namespaces; grant it the permissions of ClusterRole mig4j-rollout");
    server.allow("pods");
    process.await(2, ReconcilerTest::isDeclared);
    process.await(node(2), NodeStanding.Drifted.class::isInstance);
  }

  @Test
  void watchOfNodes_thatIsForbidden_makesEachNodeWait_untilItIsAllowed() throws Exception {
    Process process = new Process(policy("small", OnDrift.YIELD));
    process.await(SOME, ReconcilerTest::isDeclared);

    server.forbid("nodes");
    process.await(SOME, ReconcilerTest::waitsForPermission);

    assertThat(process.message(node(1)))
        .isEqualTo(
            "waits: it is not known how it stands; this client is not allowed to list and watch nodes; grant it the permissions of ClusterRole mig4j-rollout");
    server.allow("nodes");
    process.await(SOME, ReconcilerTest::isDeclared);
  }

  @Test
  void configMap_thatIsForbiddenFromTheStart_isAStandingOfTheNodesThatNeedIt_untilItIsAllowed()
      throws Exception {
    server.forbid("configmaps");
    Process process = new Process(configured("other", node(2)), whole("whole", node(3)));

    process.await(node(2), ReconcilerTest::waitsForPermission);
    process.await(node(3), ReconcilerTest::isDeclared);

    assertThat(process.message(node(2)))
        .isEqualTo(
            "waits: it is not known how it stands; this client is not allowed to list and watch configmap gpu-operator/mig-config; grant it the permissions of ClusterRole mig4j-rollout");
    server.allow("configmaps");
    process.await(node(2), NodeStanding.Drifted.class::isInstance);
  }

  @Test
  void clusterPolicies_thatAreForbiddenFromTheStart_areAStandingOfTheNodesThatNeedThem()
      throws Exception {
    server.forbid("clusterpolicies");
    Process process = new Process(configured("other", node(2)));

    process.await(node(2), ReconcilerTest::waitsForPermission);

    assertThat(process.message(node(2)))
        .isEqualTo(
            "waits: it is not known how it stands; this client is not allowed to list clusterpolicies.nvidia.com; grant it the permissions of ClusterRole mig4j-rollout");
    server.allow("clusterpolicies");
    process.await(node(2), NodeStanding.Drifted.class::isInstance);
  }

  private static MigPolicy configured(String name, String node) {
    return MigPolicy.builder()
        .name(name)
        .nodes(PolicyNodes.named(node))
        .putGpus("b200-180gb", new PolicyTarget.Config("all-balanced"))
        .build();
  }

  private static MigPolicy policy(String name, OnDrift onDrift, int... nodes) {
    return MigPolicy.builder()
        .name(name)
        .nodes(PolicyNodes.named(
            IntStream.of(nodes).mapToObj(ReconcilerTest::node).toArray(String[]::new)))
        .putAllGpus(policy(name, onDrift).gpus())
        .build();
  }

  private static MigPolicy whole(String name, String... nodes) {
    return MigPolicy.builder()
        .name(name)
        .nodes(PolicyNodes.named(nodes))
        .putGpus("b200-180gb", PolicyTarget.Whole.WHOLE)
        .build();
  }

  private static MigPolicy demand(SortedMap<MigProfile, Integer> stock) {
    return MigPolicy.builder()
        .name("demand")
        .nodes(PolicyNodes.withLabels(Map.of("nvidia.com/gpu.product", "NVIDIA-B200")))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.ForDemand(
                stock, PolicyTarget.ForDemand.Pods.SERVED, OptionalInt.empty()))
        .build();
  }

  /** A pod that the scheduler has found no node for. */
  private void waits(String name, String profile, int count) {
    waits(name, profile, count, "");
  }

  private void waits(String name, String profile, int count, String pool) {
    server.create("pods", "ml/" + name, """
        {"apiVersion": "v1", "kind": "Pod",
         "metadata": {"namespace": "ml", "name": "%s", "creationTimestamp": "2026-11-26T10:00:00Z"},
         "spec": {"nodeSelector": {%s}, "containers": [{"name": "c", "resources": {"limits": {"nvidia.com/mig-%s": "%d"}}}]},
         "status": {"phase": "Pending", "conditions": [
           {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}}
        """.formatted(
            name, pool.isEmpty() ? "" : "\"pool\": \"" + pool + "\"", profile, count));
  }

  private void bind(String pod, String node) {
    server.edit("pods", "ml/" + pod, object -> {
      ((ObjectNode) object.at("/spec")).put("nodeName", node);
      ((ObjectNode) object.at("/status")).put("phase", "Running").putArray("conditions");
    });
  }

  private List<String> cut() {
    return IntStream.range(0, SOME)
        .mapToObj(ReconcilerTest::node)
        .filter(node -> server.labels(node).get(CONFIG).startsWith("demand-"))
        .toList();
  }

  /** Many pods are one cut, a pod that a free device serves is none, and a node that was cut is kept. */
  @Test
  void pods_thatWait_areServedInBatches_andNothingIsCutTwice() throws Exception {
    Process process = new Process(demand(new TreeMap<>()));
    process.await(SOME, ReconcilerTest::isDeclared);
    for (int i = 0; i < 5; i++) {
      waits("small-" + i, "1g.23gb", 1);
    }
    process.awaitChange("changing", "as-declared");

    assertThat(cut()).hasSize(1);
    String first = cut().get(0);
    assertThat(server.allocatable(first, "nvidia.com/mig-1g.23gb")).isEqualTo(7);
    assertThat(server.allocatable(first, "nvidia.com/gpu")).isEqualTo(7);
    for (int i = 0; i < 5; i++) {
      bind("small-" + i, first);
    }
    String requested = server.labels(first).get(CONFIG);
    process.forgetChanges();

    // Two devices are free for the next two, and the pods of the other profile need another node.
    waits("small-5", "1g.23gb", 1);
    waits("small-6", "1g.23gb", 1);
    waits("large-0", "3g.90gb", 1);
    waits("large-1", "3g.90gb", 1);
    process.awaitChange("changing", "as-declared");

    assertThat(cut()).hasSize(2).contains(first);
    assertThat(server.labels(first)).containsEntry(CONFIG, requested);
    String second =
        cut().stream().filter(node -> !node.equals(first)).findFirst().orElseThrow();
    assertThat(server.allocatable(second, "nvidia.com/mig-3g.90gb")).isEqualTo(2);
  }

  @Test
  void pod_whoseServiceWouldBreakTheStock_isNotServed_andTheAnswerSaysSo() throws Exception {
    label(node(0), "pool", "a");
    IntStream.rangeClosed(1, 3).forEach(i -> label(node(i), "pool", "b"));
    Process process = new Process(
        demandOf("a", new TreeMap<>(Map.of(MigProfile.parse("1g.23gb"), 56)), Duration.ZERO),
        demandOf("b", new TreeMap<>(), Duration.ofMinutes(10)));
    process.awaitChange("changing", "as-declared");
    assertThat(cut()).containsExactly(node(0));
    String stock = server.labels(node(0)).get(CONFIG);

    waits("large", "3g.90gb", 1, "a");
    // A plan that serves this one has seen the other one.
    process.forgetChanges();
    waits("other", "1g.23gb", 1, "b");
    process.awaitChange("changing", "as-declared");

    assertThat(process.running.answers())
        .filteredOn(answer -> answer.pod().name().equals("ml/large"))
        .extracting(PodAnswer::message)
        .containsExactly(
            "ml/large: no node will serve it: a cut would leave less than the stock; reduce the stock or add GPUs");
    assertThat(server.labels(node(0))).containsEntry(CONFIG, stock);
    assertThat(cut()).hasSize(2);
  }

  /** Two nodes change at once to different layouts under the name of one policy. */
  @Test
  void pods_thatNeedDifferentLayouts_areServedOnNodesThatChangeTogether() throws Exception {
    MigPolicy demand = demand(new TreeMap<>());
    Process process = new Process(MigPolicy.builder()
        .name(demand.name())
        .nodes(demand.nodes())
        .putAllGpus(demand.gpus())
        .pace(Pace.builder().maxUnavailable(Amount.nodes(2)).build())
        .build());
    process.await(SOME, ReconcilerTest::isDeclared);
    waits("large", "3g.90gb", 16);
    waits("small", "1g.23gb", 56);
    process.awaitChanges(2, "changing", "as-declared");

    assertThat(cut())
        .extracting(
            node -> server.allocatable(node, "nvidia.com/mig-3g.90gb"),
            node -> server.allocatable(node, "nvidia.com/mig-1g.23gb"))
        .containsExactlyInAnyOrder(tuple(16, 0), tuple(0, 56));
  }

  /** The plan of another policy is made while the first one's is carried out. */
  @Test
  void node_thatWaitsForItsTurn_keepsItsPlan_whileAnotherPolicyIsPlanned() throws Exception {
    for (int i = 0; i < 4; i++) {
      label(node(i), "pool", i < 2 ? "a" : "b");
      server.stall(node(i));
    }
    Process process = new Process(
        demandOf("a", new TreeMap<>(), Duration.ZERO),
        demandOf("b", new TreeMap<>(), Duration.ZERO));
    process.await(4, ReconcilerTest::isDeclared);
    waits("large", "3g.90gb", 16, "a");
    waits("small", "1g.23gb", 56, "a");
    process.await(1, ReconcilerTest::waitsForBudget);
    String waiting = isChanging(process, node(0)) ? node(1) : node(0);

    waits("other", "1g.23gb", 1, "b");
    process.await(2, NodeStanding.Changing.class::isInstance);
    hold(waiting, "a test");
    process.await(waiting, standing -> !waitsForBudget(standing));

    assertThat(process.message(waiting))
        .startsWith("waits: it requests 'all-disabled' instead of 'demand-a-")
        .endsWith("; it is held: a test; remove the annotation mig4j.github.io/hold");
    release(waiting);
    for (int i = 0; i < 4; i++) {
      server.resume(node(i));
    }
    process.awaitChanges(3, "changing", "as-declared");
    assertThat(cut()).hasSize(3).contains(node(0), node(1));
  }

  /** One node after the other; between them pods start on what is new, and others come. */
  @Test
  void stock_thatTakesSeveralRounds_isOfferedInTheEnd_andNoGpuWithPodsIsCut() throws Exception {
    IntStream.range(0, 6).forEach(i -> label(node(i), "pool", "a"));
    waits("train", "1g.23gb", 1, "other");
    bind("train", node(0));
    Process process = new Process(demandOf(
        "a",
        new TreeMap<>(Map.of(MigProfile.parse("1g.23gb"), 112, MigProfile.parse("3g.90gb"), 16)),
        Duration.ZERO));

    process.awaitChanges(1, "changing", "as-declared");
    String first = cut().get(0);
    String requested = server.labels(first).get(CONFIG);
    waits("small", "1g.23gb", 1, "a");
    bind("small", first);
    waits("middle", "2g.45gb", 1, "a");
    process.awaitChanges(2, "changing", "as-declared");
    waits("large", "3g.90gb", 1, "a");
    process.awaitChanges(4, "changing", "as-declared");

    assertThat(cut()).hasSize(4).doesNotContain(node(0));
    assertThat(offered("1g.23gb")).isGreaterThanOrEqualTo(112);
    assertThat(offered("3g.90gb")).isGreaterThanOrEqualTo(16);
    assertThat(offered("2g.45gb")).isGreaterThanOrEqualTo(1);
    // Each node is cut once, also the first one, of which a pod uses a GPU.
    assertThat(server.labels(first)).containsEntry(CONFIG, requested);
    int patches = process.controller.requests("PATCH /api/v1/nodes/.*");
    assertThat(patches - process.controller.conflicts("patch node")).isBetween(2 * 4, 4 * 4);
    assertThat(process.writes() - patches).isLessThanOrEqualTo(4);
  }

  /** How many devices the nodes of a test with a demand offer. */
  private int offered(String profile) {
    return IntStream.range(0, SOME)
        .map(i -> server.allocatable(node(i), "nvidia.com/mig-" + profile))
        .sum();
  }

  private static boolean waitsForBudget(NodeStanding standing) {
    return standing instanceof NodeStanding.Waiting waiting
        && waiting.cause() == NodeStanding.Cause.BUDGET;
  }

  private static boolean isChanging(Process process, String node) {
    return process.message(node).startsWith("changing");
  }

  private void hold(String node, String reason) {
    server.edit(
        "nodes",
        node,
        object -> ((ObjectNode) object.get("metadata"))
            .withObject("/annotations")
            .put(MigPolicy.HOLD, reason));
  }

  private void release(String node) {
    server.edit(
        "nodes",
        node,
        object -> ((ObjectNode) object.at("/metadata/annotations")).remove(MigPolicy.HOLD));
  }

  @Test
  void configMap_atItsSizeLimit_isTheStandingOfTheNodesThatNeedIt_andNothingIsWritten()
      throws Exception {
    publish(OTHER + "# " + "x".repeat(1024 * 1024 - OTHER.length() - 10) + "\n");
    Process process = new Process(policy("small", OnDrift.YIELD, 1, 2), whole("whole", node(3)));
    process.await(2, NodeStanding.Drifted.class::isInstance);
    process.await(node(3), ReconcilerTest::isDeclared);

    assertThat(process.message(node(1)))
        .matches(
            "drifted: ConfigMap gpu-operator/mig-config: it would have 1048[0-9]{3} bytes, but an API server accepts at most 1048576; remove configurations");
    assertThat(process.writes()).isZero();
    publish(OTHER);
    process.await(3, ReconcilerTest::isDeclared);
  }

  private void publish(String text) {
    server.edit(
        "configmaps",
        "gpu-operator/mig-config",
        map -> ((ObjectNode) map.at("/data")).put("config.yaml", text));
  }

  @Test
  void policies_thatSwapTheirNodesDuringTheChanges_areInForceInTheEnd() throws Exception {
    server.stall(node(1));
    server.stall(node(2));
    Process process = new Process(policy("small", OnDrift.YIELD, 1), medium(2));
    process.await(2, NodeStanding.Changing.class::isInstance);

    process.running.use(List.of(policy("small", OnDrift.YIELD, 2), medium(1)));
    server.resume(node(1));
    server.resume(node(2));
    process.await(2, ReconcilerTest::isDeclared);

    assertThat(server.labels(node(1)).get(CONFIG)).startsWith("medium-");
    assertThat(server.labels(node(2)).get(CONFIG)).startsWith("small-");
    int patches = process.controller.requests("PATCH /api/v1/nodes/.*");
    assertThat(patches - process.controller.conflicts("patch node")).isLessThanOrEqualTo(4 * 4);
  }

  private static MigPolicy medium(int node) {
    return MigPolicy.builder()
        .name("medium")
        .nodes(PolicyNodes.named(node(node)))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.Layout(new TreeMap<>(Map.of(MigProfile.parse("2g.45gb"), 3))))
        .build();
  }

  @Test
  void node_thatIsMadeAgainDuringItsChange_isChangedFromTheBeginning_orNotOurs() throws Exception {
    server.stall(node(1));
    server.stall(node(2));
    Process process = new Process(builder("small", OnDrift.YIELD).build());
    process.await(node(1), NodeStanding.Changing.class::isInstance);
    process.await(node(2), NodeStanding.Changing.class::isInstance);
    process.await(SOME - 2, ReconcilerTest::isDeclared);

    server.delete("nodes", node(1));
    server.delete("nodes", node(2));
    process.forget(node(1));
    process.forget(node(2));
    server.join(1);
    server.join(2);
    server.edit(
        "nodes",
        node(2),
        object -> ((ObjectNode) object.at("/metadata/labels"))
            .put("nvidia.com/gpu.product", "NVIDIA-A30")
            .put("nvidia.com/gpu.memory", "24576"));
    process.await(node(1), NodeStanding.Changing.class::isInstance);
    process.await(node(2), NodeStanding.NotOurs.class::isInstance);
    server.resume(node(1));
    process.await(node(1), ReconcilerTest::isDeclared);

    assertThat(process.message(node(2))).isEqualTo("not ours: no policy chooses it");
    assertThat(server.annotations(node(1))).doesNotContainKey("mig4j.github.io/change");
  }

  @Test
  void node_thatAnotherClientChanges_isWaitedFor_andTheOthersGoOn() throws Exception {
    server.stall(node(1));
    MigClient other = controller().mig();
    other.configMap("mig-config").merge("none", MigConfigSpec.allDisabled());
    other
        .with(other.settings().withIdentity("another"))
        .node(node(1))
        .apply("none")
        .poll();
    Process process = new Process(policy("small", OnDrift.YIELD));

    process.await(node(1), NodeStanding.Waiting.class::isInstance);
    process.await(SOME - 1, ReconcilerTest::isDeclared);

    assertThat(process.message(node(1)))
        .matches(
            "waits: another has been changing it to 'none-[0-9a-f]{8}' since .*, with a deadline at .*");
    assertThat(process.controller.requests("PATCH /api/v1/nodes/" + node(1))).isZero();
  }

  @Test
  void leader_killedBetweenItsClaimAndTheRequest_isContinuedByAnother() throws Exception {
    CompletableFuture<Process> first = new CompletableFuture<>();
    CompletableFuture<?> killed = new CompletableFuture<>();
    server.refuse(request -> {
      boolean isKilled = request.getMethod().equals("PATCH")
          && request.getPath().equals("/api/v1/nodes/" + node(1))
          && server.isCordoned(node(1))
          && !killed.isDone();
      if (isKilled) {
        first.join().controller.kill(killed);
      }
      return isKilled ? Optional.of(503) : Optional.empty();
    });
    MigPolicy drained = MigPolicy.builder()
        .name("small")
        .nodes(PolicyNodes.named(node(1), node(2)))
        .putAllGpus(policy("small", OnDrift.YIELD).gpus())
        .disruption(Disruption.DRAIN)
        .build();
    first.complete(new Process(drained));
    ClusterUser.eventually(killed::isDone);
    assertThat(server.labels(node(1))).containsEntry(CONFIG, "all-disabled");

    Process second = new Process(drained);
    second.await(2, ReconcilerTest::isDeclared);

    assertThat(server.isCordoned(node(1))).isFalse();
    assertThat(server.labels(node(1)).get(CONFIG)).startsWith("small-");
  }

  /** Forward beyond the deadline of a change, and back into the window. */
  @Test
  void clock_thatJumpsDuringAChange_endsItAsLate_andItBeginsAgainInTheWindow() throws Exception {
    SettableClock clock = new SettableClock(Instant.parse("2026-11-27T01:30:00Z"));
    server.stall(node(1));
    Process process = new Process(
        settings ->
            MigSettings.builder().listener(settings.listener()).clock(clock).build(),
        MigPolicy.builder()
            .name("small")
            .nodes(PolicyNodes.named(node(1), node(2)))
            .putAllGpus(policy("small", OnDrift.YIELD).gpus())
            .pace(Pace.builder()
                .addWindows(new MaintenanceWindow(
                    EnumSet.allOf(DayOfWeek.class),
                    LocalTime.of(2, 0),
                    LocalTime.of(4, 0),
                    ZoneOffset.UTC))
                .build())
            .build());
    process.await(2, standing -> standing.message().endsWith("window opens in 30 min"));
    jump(clock, Duration.ofHours(1), 1);
    process.await(node(1), NodeStanding.Changing.class::isInstance);

    jump(clock, Duration.ofHours(10), 1, 2);
    process.await(2, standing -> standing.message().endsWith("window opens in 13 h 30 min"));
    assertThat(server.annotations(node(1))).doesNotContainKey("mig4j.github.io/change");
    jump(clock, Duration.ofHours(-10), 1);
    process.await(node(1), NodeStanding.Changing.class::isInstance);
    assertThat(process.writes()).isLessThan(10);
  }

  /** What the clock of this process shows is looked at with the next change of a node. */
  private void jump(SettableClock clock, Duration time, int... nodes) {
    clock.forward(time);
    for (int i : nodes) {
      label(node(i), "looked-at", String.valueOf(clock.instant().getEpochSecond()));
    }
  }

  @Test
  void hold_duringAChange_doesNotPreventItsEnd_andPreventsTheNext() throws Exception {
    server.stall(node(1));
    Process process = new Process(policy("small", OnDrift.RESTORE));
    process.await(node(1), NodeStanding.Changing.class::isInstance);

    hold(node(1), "");
    server.resume(node(1));
    process.await(node(1), ReconcilerTest::isDeclared);
    String requested = server.labels(node(1)).get(CONFIG);
    label(node(1), CONFIG, "all-disabled");
    process.await(node(1), NodeStanding.Waiting.class::isInstance);

    assertThat(process.message(node(1)))
        .isEqualTo(
            "waits: it requests 'all-disabled' instead of '%s', which another client has set; it is held: no reason; remove the annotation mig4j.github.io/hold"
                .formatted(requested));
    release(node(1));
    process.await(node(1), ReconcilerTest::isDeclared);
  }

  private static MigPolicy demandOf(
      String pool, SortedMap<MigProfile, Integer> stock, Duration coolDown) {
    return MigPolicy.builder()
        .name("demand-" + pool)
        .nodes(PolicyNodes.withLabels(Map.of("pool", pool)))
        .putAllGpus(demand(stock).gpus())
        .pace(Pace.builder().coolDown(coolDown).build())
        .build();
  }

  /** One has requested its configuration; the other one waits for a pod that does not leave. */
  @Test
  void change_whosePolicyIsRemoved_isFinishedOrUndone_andLeavesNothingOnTheNode() throws Exception {
    server.stall(node(1));
    waits("train", "1g.23gb", 1);
    bind("train", node(2));
    server.edit(
        "pods",
        "ml/train",
        pod -> ((ObjectNode) pod.get("metadata"))
            .putArray("ownerReferences")
            .addObject()
            .put("apiVersion", "apps/v1")
            .put("kind", "ReplicaSet")
            .put("name", "train")
            .put("uid", "1")
            .put("controller", true));
    Process process = new Process(MigPolicy.builder()
        .name("small")
        .nodes(PolicyNodes.named(node(1), node(2)))
        .putAllGpus(policy("small", OnDrift.YIELD).gpus())
        .pace(Pace.builder().maxUnavailable(Amount.nodes(2)).build())
        .disruption(Disruption.DRAIN)
        .build());
    process.await(node(1), NodeStanding.Changing.class::isInstance);
    process.await(node(2), standing -> standing.message().contains("have not left yet"));
    assertThat(server.isCordoned(node(1))).isTrue();
    assertThat(server.isCordoned(node(2))).isTrue();

    process.running.use(List.of());
    process.await(node(2), NodeStanding.NotOurs.class::isInstance);
    process.forget(node(1));
    server.resume(node(1));
    process.await(node(1), NodeStanding.NotOurs.class::isInstance);

    assertThat(process.message(node(1))).isEqualTo("not ours: no policy chooses it");
    assertThat(server.labels(node(1)).get(CONFIG)).startsWith("small-");
    assertThat(server.labels(node(2))).containsEntry(CONFIG, "all-disabled");
    for (int i = 1; i <= 2; i++) {
      assertThat(server.isCordoned(node(i))).isFalse();
      assertThat(server.annotations(node(i))).doesNotContainKey("mig4j.github.io/change");
    }
  }

  /**
   * Three nodes that no policy chooses: the change of the first has failed after its drain, the second was
   * prepared and nothing is requested, and the record of the third cannot be read.
   */
  @Test
  void node_thatNoPolicyChooses_keepsTheCordonOfAFailure_andLosesWhatWasPrepared()
      throws Exception {
    String began = "2026-01-01T11:00:00Z";
    ChangeRecord prepared = new ChangeRecord(
        ChangeKind.LAYOUT,
        "small-4e2f0b1a",
        "mig4j-reconciler",
        began,
        "2999-01-01T00:00:00Z",
        List.of(ChangeRecord.Done.CORDONED, ChangeRecord.Done.GATED),
        ChangeRecord.Proof.OFFER,
        null,
        null,
        null,
        null);
    ChangeRecord failed = prepared.withUntil("2026-01-01T11:10:00Z");
    FailureRecord failure = new FailureRecord(
        ChangeKind.LAYOUT,
        failed.config(),
        false,
        began,
        failed.until(),
        1,
        "IN_USE",
        "verdict",
        "explanation",
        false,
        "");
    annotate(node(1), Map.of(ChangeRecord.KEY, failed.json(), FailureRecord.KEY, failure.json()));
    annotate(node(2), Map.of(ChangeRecord.KEY, prepared.json()));
    annotate(node(3), Map.of(ChangeRecord.KEY, "no record"));

    Process process = new Process();
    for (int i = 1; i <= 3; i++) {
      process.await(node(i), NodeStanding.NotOurs.class::isInstance);
    }

    assertThat(server.isCordoned(node(1))).isTrue();
    assertThat(server.taints(node(1))).containsExactly(GATE);
    assertThat(server.annotations(node(1))).containsEntry(ChangeRecord.KEY, failed.json());
    assertThat(server.isCordoned(node(2))).isFalse();
    assertThat(server.taints(node(2))).isEmpty();
    assertThat(server.annotations(node(2))).doesNotContainKey(ChangeRecord.KEY);
    assertThat(server.annotations(node(3))).containsEntry(ChangeRecord.KEY, "no record");
    assertThat(process.message(node(3))).isEqualTo("not ours: no policy chooses it");
  }

  private void annotate(String node, Map<String, String> annotations) {
    server.edit("nodes", node, json -> {
      ObjectNode metadata = (ObjectNode) json.get("metadata");
      annotations.forEach((key, value) -> metadata.withObject("/annotations").put(key, value));
      ObjectNode spec = (ObjectNode) json.withObject("/spec");
      spec.put("unschedulable", true);
      spec.putArray("taints")
          .addObject()
          .put("key", NodeGate.TAINT.getKey())
          .put("value", NodeGate.TAINT.getValue())
          .put("effect", NodeGate.TAINT.getEffect());
    });
  }

  private static MigPolicy gated() {
    return builder("small", OnDrift.YIELD).gated(true).build();
  }

  @Test
  void newNode_ofAGatedPolicy_isKeptFromPodsUntilItIsAsDeclared() throws Exception {
    for (int i = 0; i < SOME; i++) {
      server.stall(node(i));
    }
    Process process = new Process(gated());
    process.await(4, NodeStanding.Waiting.class::isInstance);

    // Six change, and the others wait for the budget; all are gated, also one that is new.
    for (int i = 0; i < SOME; i++) {
      assertThat(server.taints(node(i))).as(node(i)).containsExactly(GATE);
      assertThat(server.annotations(node(i))).containsEntry(GATED_BY, "small");
    }
    for (int i = 0; i < SOME; i++) {
      server.resume(node(i));
    }
    process.await(SOME, ReconcilerTest::isDeclared);
    for (int i = 0; i < SOME; i++) {
      assertThat(server.taints(node(i))).as(node(i)).isEmpty();
      assertThat(server.annotations(node(i))).doesNotContainKey(GATED_BY);
    }
  }

  /** A node pool can register its nodes with the taint, so that no pod is faster than the reconciler. */
  @Test
  void nodeThatJoinsWithTheTaint_isOpenedWhenItIsAsDeclared() throws Exception {
    Process process = new Process(gated());
    process.await(SOME, ReconcilerTest::isDeclared);
    server.edit("nodes", node(2), FleetServer::taint);
    server.stall(node(SOME));
    server.join(SOME);
    server.edit("nodes", node(SOME), FleetServer::taint);
    process.await(node(SOME), NodeStanding.Changing.class::isInstance);
    process.forget(node(SOME));
    server.resume(node(SOME));

    process.await(node(SOME), ReconcilerTest::isDeclared);
    assertThat(server.taints(node(SOME))).isEmpty();
  }

  @Test
  void gate_ofAPolicyThatIsRemoved_isOpened() throws Exception {
    for (int i = 0; i < SOME; i++) {
      server.stall(node(i));
    }
    Process process = new Process(gated());
    process.await(4, NodeStanding.Waiting.class::isInstance);

    process.running.use(List.of());
    process.await(4, NodeStanding.NotOurs.class::isInstance);
    for (int i = 0; i < SOME; i++) {
      server.resume(node(i));
    }
    process.await(SOME, NodeStanding.NotOurs.class::isInstance);

    // The six that change have been finished.
    for (int i = 0; i < SOME; i++) {
      assertThat(server.taints(node(i))).as(node(i)).isEmpty();
      assertThat(server.annotations(node(i))).doesNotContainKey(GATED_BY);
    }
  }

  @Test
  void gate_thatTheDaemonSetsDoNotTolerate_isAFinding_andClosesNothing() throws Exception {
    server.edit(
        "clusterpolicies",
        "cluster-policy",
        policy -> ((ObjectNode) policy.at("/spec")).remove("daemonsets"));
    server.edit("nodes", node(1), FleetServer::taint);
    Process process = new Process(gated());
    String finding =
        "the DaemonSets of ClusterPolicy cluster-policy do not tolerate the taint mig4j.github.io/unverified, so the operator's pods do not start on a gated node; add the toleration {key: mig4j.github.io/unverified, operator: Exists} to spec.daemonsets.tolerations of the ClusterPolicy, with helm daemonsets.tolerations";

    process.await(SOME, NodeStanding.Drifted.class::isInstance);

    assertThat(process.message(node(1))).isEqualTo("drifted: " + finding);
    assertThat(process.message(node(0)))
        .startsWith("drifted: it requests ")
        .endsWith("its change is refused: " + finding);
    assertThat(server.taints(node(0))).isEmpty();
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
