package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.Config;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.reconcile.MigPolicy.OnDrift;
import io.github.mig4j.k8s.rollout.Amount;
import io.github.mig4j.k8s.rollout.Controller;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * An hour of a fleet, to which everything happens; its minutes pass on a clock of the script. Afterwards
 * every node is as declared or says why not.
 */
public final class ReconcileHour implements AutoCloseable {

  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(600))
      .transition(Duration.ofSeconds(1))
      .propagation(Duration.ZERO)
      .build();

  /** Nodes with B200 and a GPU Operator, and what happens to them. */
  public interface World {
    /** An API server, for a client of one's own. */
    Config config();

    /** The names of the nodes. */
    List<String> nodes();

    /** Starts one more node, and returns its name. */
    String join();

    /** Sets a label of a node. */
    void label(String node, String key, String value);

    /** Sets whether a node is cordoned. */
    void cordon(String node, boolean isCordoned);

    /** The devices of a node are gone, as after a reboot. */
    void loseDevices(String node);

    /** The MIG manager of a node that lost its devices starts, and applies what is requested. */
    void startManager(String node);

    /** One GPU of a node is gone, with its devices. */
    void loseGpu(String node);

    /** A pod starts to use a device of a node. */
    void startPod(String node);

    /** The pod ends. */
    void endPod(String node);

    /** Removes all configurations from the MIG manager's ConfigMap. */
    void emptyConfigMap();

    /** Restarts the API server, which then has no history; false if this is not possible. */
    boolean restartServer();

    /** The labels of a node. */
    Map<String, String> labels(String node);

    /** The annotations of a node. */
    Map<String, String> annotations(String node);
  }

  /** The system's clock, which can be put forward. */
  private static final class Minutes extends Clock {
    private volatile Duration ahead = Duration.ZERO;

    @Override
    public Instant instant() {
      return Clock.systemUTC().instant().plus(ahead);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private static final String CONFIG = "nvidia.com/mig.config";
  private static final String PRODUCT = "nvidia.com/gpu.product";

  private final World world;
  private final Minutes clock = new Minutes();
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<Process> processes = new CopyOnWriteArrayList<>();
  private final SortedMap<String, NodeStanding> standings = new TreeMap<>();
  private Process leader;

  private ReconcileHour(World world) {
    this.world = world;
  }

  /** A process that reconciles. */
  private final class Process {
    final Controller controller = new Controller(world.config());
    final Reconciler.Running running;
    private volatile boolean isDead;

    Process(MigPolicy... policies) {
      open.add(controller);
      running = controller
          .mig(MigSettings.builder().clock(clock).build())
          .reconciler(List.of(policies))
          .timings(QUICK)
          .lease(Duration.ofSeconds(5))
          .onOutcome(outcome -> see(this, outcome))
          .start();
      open.add(running);
      processes.add(this);
    }

    void kill() {
      isDead = true;
      controller.kill(new CompletableFuture<>());
    }
  }

  /** Only the process that leads reports. */
  private synchronized void see(Process process, ReconcileOutcome outcome) {
    if (!process.isDead) {
      leader = process;
      standings.put(outcome.node(), outcome.standing());
      notifyAll();
    }
  }

  private synchronized void await(String node, Predicate<NodeStanding> standing)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!standings.containsKey(node) || !standing.test(standings.get(node))) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("Not within 90 s: %s is %s".formatted(node, standings.get(node)));
      }
      wait(left);
    }
  }

  private synchronized NodeStanding standing(String node) {
    return standings.get(node);
  }

  private synchronized void forget() {
    standings.clear();
  }

  private synchronized Process leader() {
    return leader;
  }

  private void awaitDeclared() throws InterruptedException {
    for (String node : world.nodes()) {
      await(node, ReconcileHour::isDeclared);
    }
  }

  private void use(MigPolicy... policies) {
    processes.forEach(process -> process.running.use(List.of(policies)));
  }

  /** Writes, lists and reads, without those for the Lease. */
  private static int requests(Process process) {
    return process.controller.requests("(PATCH|PUT|POST|DELETE|GET) .*")
        - process.controller.requests("(?!WATCH).* .*/leases.*");
  }

  private static boolean isDeclared(NodeStanding standing) {
    return standing == NodeStanding.AsDeclared.AS_DECLARED;
  }

  private static boolean isWaitingForPods(NodeStanding standing) {
    return standing instanceof NodeStanding.Waiting waiting
        && waiting.cause() == NodeStanding.Cause.PODS;
  }

  private static MigPolicy policy(String name, String profile, int count, int maxUnavailable) {
    return MigPolicy.builder()
        .name(name)
        .nodes(PolicyNodes.withLabels(Map.of(PRODUCT, "NVIDIA-B200")))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.Layout(new TreeMap<>(Map.of(MigProfile.parse(profile), count))))
        .pace(Pace.builder().maxUnavailable(Amount.nodes(maxUnavailable)).build())
        .onDrift(OnDrift.RESTORE)
        .build();
  }

  /**
   * Plays the hour and asserts what it must show.
   *
   * @return what was counted, one line each
   */
  public static List<String> play(World world) throws Exception {
    try (ReconcileHour hour = new ReconcileHour(world)) {
      return hour.play();
    }
  }

  private void minute(int minute) {
    clock.ahead = Duration.ofMinutes(minute);
  }

  private List<String> play() throws Exception {
    int some = Math.max(2, world.nodes().size() / 5);
    MigPolicy small = policy("small", "1g.23gb", 7, some);
    MigPolicy medium = policy("medium", "2g.45gb", 3, some);
    List<String> counted = new ArrayList<>();
    int all = world.nodes().size();
    leader = new Process(small);
    awaitDeclared();
    counted.add("first change of %d nodes: %s".formatted(all, writes(world.nodes())));
    Process unused = new Process(small);

    minute(5);
    counted.add("5 quiet minutes with an event of each node: %d requests".formatted(quiet()));

    minute(10);
    String joined = world.join();
    await(joined, ReconcileHour::isDeclared);

    minute(15);
    world.loseDevices(node(1));
    await(node(1), standing -> !isDeclared(standing));
    world.startManager(node(1));
    await(node(1), ReconcileHour::isDeclared);

    minute(20);
    repaired(node(2), () -> world.label(node(2), CONFIG, "all-disabled"));

    minute(25);
    world.emptyConfigMap();
    repaired(node(0), () -> world.label(node(0), CONFIG, "all-disabled"));

    minute(30);
    Process quiet = leader();
    int before = requests(quiet);
    world.cordon(node(1), true);
    settle();
    world.cordon(node(1), false);
    settle();
    assertThat(requests(quiet)).isEqualTo(before);
    assertThat(isDeclared(standing(node(1)))).isTrue();

    minute(35);
    String busy = node(2);
    String label = world.labels(busy).get(CONFIG);
    world.startPod(busy);
    forget();
    use(medium);
    await(busy, ReconcileHour::isWaitingForPods);
    for (String node : world.nodes()) {
      if (!node.equals(busy)) {
        await(node, ReconcileHour::isDeclared);
      }
    }
    assertThat(world.labels(busy)).containsEntry(CONFIG, label);
    assertThat(world.annotations(busy)).doesNotContainKey("mig4j.github.io/change");
    assertThat(standing(busy).message()).contains("pod");
    world.endPod(busy);
    await(busy, ReconcileHour::isDeclared);

    minute(40);
    String poorer = joined;
    world.loseGpu(poorer);
    await(poorer, NodeStanding.Drifted.class::isInstance);

    minute(45);
    if (world.restartServer()) {
      repaired(node(0), () -> world.label(node(0), CONFIG, "all-disabled"));
      counted.add("the API server was restarted");
    }

    minute(50);
    world.label(node(1), CONFIG, "all-disabled");
    await(node(1), standing -> !isDeclared(standing));
    leader().kill();
    forget();
    for (String node : world.nodes()) {
      if (!node.equals(poorer)) {
        await(node, ReconcileHour::isDeclared);
      }
    }
    await(poorer, NodeStanding.Drifted.class::isInstance);

    minute(55);
    MigPolicy other = MigPolicy.builder()
        .name("other")
        .nodes(PolicyNodes.named(node(1)))
        .putGpus("b200-180gb", PolicyTarget.Whole.WHOLE)
        .build();
    use(medium, other);
    await(node(1), NodeStanding.NotOurs.class::isInstance);
    assertThat(standing(node(1)).message())
        .isEqualTo("not ours: the policies medium, other choose it; change their nodes");
    use(medium);
    await(node(1), ReconcileHour::isDeclared);

    minute(60);
    counted.add("5 quiet minutes with an event of each node: %d requests".formatted(quiet()));
    end(poorer);
    counted.add("the hour of %d nodes: %s".formatted(world.nodes().size(), writes(world.nodes())));
    counted.add("not as declared: %s: %s".formatted(poorer, standing(poorer).message()));
    return counted;
  }

  private String node(int i) {
    return world.nodes().get(i);
  }

  /** Every node has the devices that are declared, and no record of a change. */
  private void end(String poorer) {
    for (String node : world.nodes()) {
      assertThat(world.labels(node).get(CONFIG)).as(node).startsWith("medium-b200-180gb-");
      assertThat(world.annotations(node)).as(node).doesNotContainKey("mig4j.github.io/change");
      if (!node.equals(poorer)) {
        assertThat(world.labels(node)).as(node).containsKey("nvidia.com/mig-2g.45gb.count");
      }
    }
  }

  private void repaired(String node, Runnable event) throws InterruptedException {
    event.run();
    await(node, standing -> !isDeclared(standing));
    await(node, ReconcileHour::isDeclared);
  }

  /** How many requests there are for an event of each node that is no drift. */
  private int quiet() throws InterruptedException {
    settle();
    Process process = leader();
    int before = requests(process);
    for (String node : world.nodes()) {
      world.label(node, "nvidia.com/gfd.timestamp", String.valueOf(clock.millis()));
    }
    settle();
    int requests = requests(process) - before;
    assertThat(requests).isZero();
    return requests;
  }

  /** Waits until all events so far were judged: a node without policy is seen after them. */
  private void settle() throws InterruptedException {
    for (String product : List.of("NVIDIA-OTHER", "NVIDIA-B200")) {
      world.label(node(2), PRODUCT, product);
      await(
          node(2),
          standing -> product.equals("NVIDIA-B200") == !(standing instanceof NodeStanding.NotOurs));
    }
  }

  /** Writes to nodes, of all processes. */
  private String writes(List<String> nodes) {
    int[] each = nodes.stream()
        .mapToInt(node -> processes.stream()
            .mapToInt(
                one -> one.controller.requests("(PATCH|PUT) /api/v1/nodes/" + node + "(/.*)?"))
            .sum())
        .sorted()
        .toArray();
    return "writes per node: median %d, most %d, in all %d"
        .formatted(
            each[each.length / 2], each[each.length - 1], Arrays.stream(each).sum());
  }

  @Override
  public void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }
}
