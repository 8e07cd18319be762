package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.CONFIG;
import static io.github.mig4j.k8s.fixture.ClusterUser.STATE;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigChangeException;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.change.MigFailedException;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One node with a simulated operator, a naive client that labels it and believes the state, and the
 * client of this library.
 */
final class Scenario implements AutoCloseable {

  static final String NODE = "gpu-node";
  static final String NAMESPACE = "gpu-operator";
  static final String MAP = "mig-config";
  static final String SHARING_MAP = "device-plugin-config";

  static final GpuModel H100 = GpuCatalog.bundled().require("NVIDIA-H100-80GB-HBM3");
  static final GpuModel A100 = GpuCatalog.bundled().require("NVIDIA-A100-SXM4-40GB");
  static final GpuModel L4 = GpuCatalog.bundled().require("NVIDIA-L4");

  static final String GPU = "nvidia.com/gpu";
  static final String SMALL = "nvidia.com/mig-1g.10gb";
  static final String MEDIUM = "nvidia.com/mig-2g.20gb";

  static final Duration LONG = Duration.ofMinutes(1);

  /** A failure that nobody mends is believed soon; everything else has its time. */
  static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(600))
      .transition(Duration.ofSeconds(1))
      .propagation(Duration.ofSeconds(2))
      .build();

  static final SimulatorTimings STEPS = SimulatorTimings.everyStep(Duration.ofMillis(10));

  /** A map as people write them by hand; what is wrong in it is wrong on purpose. */
  static final String CONFIGS = """
      version: v1
      mig-configs:
        all-disabled: [{devices: all, mig-enabled: false}]
        small: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7}}]
        medium: [{devices: all, mig-enabled: true, mig-devices: {2g.20gb: 3}}]
        balanced: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 2, 2g.20gb: 1, 3g.40gb: 1}}]
        foreign: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 1, 1g.5gb: 1}}]
        first-gpu: [{devices: [0], mig-enabled: true, mig-devices: {1g.10gb: 7}}]
        second-gpu: [{devices: [1], mig-enabled: true, mig-devices: {1g.5gb: 7}}]
        half: [{devices: [0], mig-enabled: true, mig-devices: {1g.10gb: 7}}, {devices: [1], mig-enabled: false}]
        zero: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7, 2g.20gb: 0}}]
        second-too-much:
        - {devices: [0, 2], mig-enabled: true, mig-devices: {2g.20gb: 3}}
        - {devices: [1], mig-enabled: true, mig-devices: {3g.40gb: 2, 1g.10gb: 1}}
        four: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 4}}]
      """;

  private final KubernetesClient client;
  private final GpuOperatorSimulator simulator;
  private final ClusterUser view;
  private final MigClient mig;

  private Scenario(
      KubernetesClient client, GpuOperatorSimulator simulator, ClusterUser view, MigClient mig) {
    this.client = client;
    this.simulator = simulator;
    this.view = view;
    this.mig = mig;
  }

  /** Begins with a map on a cluster without node. */
  static Builder on(KubernetesClient client) {
    return new Builder(client);
  }

  /** Describes a scenario. */
  static final class Builder {
    private final KubernetesClient client;
    private Optional<PodLogs> logs = Optional.empty();
    private SimulatorTimings timings = STEPS;
    private String map = MAP;
    private String sharingMap = "";
    private MigClient mig;
    private Trap[] traps = {};

    private Builder(KubernetesClient client) {
      this.client = client;
      this.mig = MigClient.of(client);
    }

    /** Shows the logs of the simulated pods, where they can be shown. */
    Builder logs(PodLogs shown) {
      this.logs = Optional.ofNullable(shown);
      return this;
    }

    Builder timings(SimulatorTimings other) {
      this.timings = other;
      return this;
    }

    Builder generated() {
      this.map = "";
      return this;
    }

    /** The device plugin reads {@link #SHARING_MAP}. */
    Builder sharing() {
      this.sharingMap = SHARING_MAP;
      return this;
    }

    Builder set(Trap... first) {
      this.traps = first;
      return this;
    }

    /** Applies through another client than the simulator uses. */
    Builder through(MigClient other) {
      this.mig = other;
      return this;
    }

    /** Starts the operator and leaves it to itself. */
    Scenario begin(GpuModel... gpus) {
      publish(client, CONFIGS);
      ClusterUser view = new ClusterUser(client, NODE);
      GpuOperatorSimulator.Builder builder = GpuOperatorSimulator.on(client)
          .node(NODE, gpus)
          .strategy(MigStrategy.MIXED)
          .configMap(map)
          .devicePluginConfigMap(sharingMap)
          .timings(timings)
          .set(traps);
      if (ScenarioServer.isReal()) {
        builder.installClusterPolicyDefinition();
      }
      GpuOperatorSimulator simulator = builder.start();
      logs.ifPresent(shown -> shown.from(simulator));
      return new Scenario(client, simulator, view, mig);
    }

    /** Starts the operator and waits until it has switched MIG off and everything runs. */
    Scenario start(GpuModel... gpus) {
      Scenario scenario = begin(gpus);
      closingOnFailure(
          scenario,
          () -> scenario.view.await(found -> "success".equals(labels(found).get(STATE))
              && labels(found).containsKey("nvidia.com/gpu.count")
              && Integer.valueOf(gpus.length).equals(offer(found).get(GPU))));
      return scenario;
    }

    /** Starts the operator, and applies a configuration. */
    Scenario startWith(String config, GpuModel... gpus) {
      Scenario scenario = start(gpus);
      closingOnFailure(
          scenario,
          () -> assertThat(scenario.apply(config).await(LONG))
              .isInstanceOf(ApplyOutcome.Verified.class));
      return scenario;
    }

    /** Another test would meet the threads of a scenario that nobody closes. */
    private static void closingOnFailure(Scenario scenario, Runnable step) {
      try {
        step.run();
      } catch (RuntimeException | Error e) {
        scenario.close();
        throw e;
      }
    }
  }

  private static void publish(KubernetesClient client, String yaml) {
    ConfigMap map = new ConfigMapBuilder()
        .withNewMetadata()
        .withName(MAP)
        .withNamespace(NAMESPACE)
        .endMetadata()
        .addToData("config.yaml", yaml)
        .build();
    client.resource(map).createOr(existing -> existing.update());
  }

  /** Edits the map as somebody does who knows nothing of this library. */
  void editMap(Function<String, String> change) {
    client.configMaps().inNamespace(NAMESPACE).withName(MAP).edit(map -> {
      map.getData().computeIfPresent("config.yaml", (key, text) -> change.apply(text));
      return map;
    });
  }

  String mapText() {
    return client
        .configMaps()
        .inNamespace(NAMESPACE)
        .withName(MAP)
        .require()
        .getData()
        .get("config.yaml");
  }

  String merge(String config, MigConfigSpec... entries) {
    return mig.configMap(MAP).merge(config, entries).contentName();
  }

  MigNode node() {
    return mig.node(NODE);
  }

  ApplyRequest apply(String config) {
    return node().apply(config).timings(QUICK);
  }

  ApplyRequest recover() {
    return node().recover().timings(QUICK);
  }

  ClusterUser view() {
    return view;
  }

  /** What the guide does: labels the node, and believes the first {@code success} that it sees. */
  Node naive(String config) {
    CompletableFuture<Node> believed = nextState(config, "success");
    view.request(config);
    return seen(believed);
  }

  /** The same label once more, after which nothing is to be seen but what was there. */
  Node naiveAgain(String config) {
    view.request(config);
    return view.get();
  }

  /** The same, for somebody who also believes {@code failed}. */
  Node naiveFailure(String config) {
    CompletableFuture<Node> believed = nextState(config, "failed");
    view.request(config);
    return seen(believed);
  }

  /** The next version that asks for this and has this state. */
  CompletableFuture<Node> nextState(String config, String state) {
    return view.next(found ->
        config.equals(labels(found).get(CONFIG)) && state.equals(labels(found).get(STATE)));
  }

  static Node seen(CompletableFuture<Node> node) {
    return node.orTimeout(1, TimeUnit.MINUTES).join();
  }

  void set(Trap... traps) {
    simulator.set(NODE, traps);
  }

  void remove(Trap... traps) {
    simulator.remove(NODE, traps);
  }

  /** What the GPUs hold, by index, e.g. {@code [{1g.10gb=7}, {}]}. */
  String devices() {
    return simulator.gpus(NODE).stream()
        .map(gpu -> new TreeMap<>(gpu.devices()))
        .toList()
        .toString();
  }

  /** How often the MIG manager began to work on a name. */
  long runs(String config) {
    return simulator.migManagerLog(NODE).stream()
        .filter(("level=info msg=\"Updating to MIG config: " + config + "\"")::equals)
        .count();
  }

  void awaitIdle(String config, int runs) {
    ClusterUser.eventually(() -> runs(config) == runs && lastLine().contains("Waiting for change"));
  }

  private String lastLine() {
    List<String> lines = simulator.migManagerLog(NODE);
    return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
  }

  void restartManager() {
    managerPods().forEach(pod -> client.pods().resource(pod).delete());
  }

  private List<Pod> managerPods() {
    return client
        .pods()
        .inNamespace(NAMESPACE)
        .withLabel("app", "nvidia-mig-manager")
        .list()
        .getItems();
  }

  /** A pod that was given a device of the node. */
  Pod pod(String name, String resource) {
    return client
        .pods()
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("default")
            .endMetadata()
            .withNewSpec()
            .withNodeName(NODE)
            .addNewContainer()
            .withName("main")
            .withImage("registry.k8s.io/pause:3.10")
            .withNewResources()
            .addToLimits(resource, new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .build())
        .create();
  }

  void delete(Pod pod) {
    client.pods().resource(pod).withGracePeriod(0).delete();
  }

  /** Asserts that a request is refused for exactly these reasons, and changes nothing. */
  void assertRefused(ApplyRequest request, Code... codes) {
    Map<String, String> before = labels(view.get());
    String map = mapText();

    assertThat(request.preflight().errors())
        .extracting(Finding::code)
        .containsExactlyInAnyOrder(codes);
    assertThatThrownBy(() -> request.await(LONG)).isInstanceOf(MigRefusedException.class);
    assertThat(labels(view.get()).get(CONFIG)).isEqualTo(before.get(CONFIG));
    assertThat(mapText()).isEqualTo(map);
  }

  /** Asserts that the MIG manager's failure is reported, with its cause where its log can be read. */
  MigFailedException assertFails(ApplyRequest request, FailureCode code) {
    var failed = catchThrowableOfType(MigFailedException.class, () -> request.await(LONG));
    assertThat(failed).isNotNull();
    assertCause(failed.diagnosis(), code);
    return failed;
  }

  /**
   * Asserts that a wait without end ends: as a failure with its cause where the log can be read, and
   * otherwise with the time for a stage.
   */
  MigChangeException assertEnds(ApplyRequest request, FailureCode code) {
    var ended = catchThrowableOfType(MigChangeException.class, () -> request.await(LONG));
    assertThat(ended)
        .isInstanceOf(
            ScenarioServer.isReal() ? MigDeadlineException.class : MigFailedException.class);
    assertCause(ended.diagnosis(), code);
    return ended;
  }

  /** API servers without kubelets have no logs. */
  private static void assertCause(Diagnosis diagnosis, FailureCode code) {
    if (!ScenarioServer.isReal()) {
      assertThat(diagnosis.code()).as(diagnosis.explanation()).isEqualTo(code);
    }
  }

  /** Asserts that the outcome is true of the GPUs. */
  /** Verified, with the devices of a configuration on the node's one GPU. */
  void assertVerified(ApplyOutcome outcome, String config) {
    switch (config) {
      case "small" -> assertVerified(outcome, "{nvidia.com/mig-1g.10gb=7}", "[{1g.10gb=7}]");
      case "medium" -> assertVerified(outcome, "{nvidia.com/mig-2g.20gb=3}", "[{2g.20gb=3}]");
      case "balanced" ->
        assertVerified(
            outcome,
            "{nvidia.com/mig-1g.10gb=2, nvidia.com/mig-2g.20gb=1, nvidia.com/mig-3g.40gb=1}",
            "[{1g.10gb=2, 2g.20gb=1, 3g.40gb=1}]");
      default -> throw new IllegalArgumentException("What " + config + " offers is not known");
    }
  }

  void assertVerified(ApplyOutcome outcome, String allocatable, String devices) {
    assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
    assertThat(outcome.allocatable()).hasToString(allocatable);
    assertThat(outcome.status().paused()).isEmpty();
    assertThat(devices()).isEqualTo(devices);
  }

  @Override
  public void close() {
    simulator.close();
    view.close();
  }
}
