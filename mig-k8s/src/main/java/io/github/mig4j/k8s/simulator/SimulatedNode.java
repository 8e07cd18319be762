package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.sharing.DevicePluginConfig;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One node: its hardware, and the operator's pods on it, which its labels control. */
final class SimulatedNode implements ResourceEventHandler<Node>, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(SimulatedNode.class);

  private final SimulatedCluster cluster;
  private final NodeObject object;
  private final List<GpuModel> models;
  private final NodeGpus gpus;
  private final MigManagerPod pod;
  private final MigManagerLog log;
  private final Traps traps;
  private final ConfigManager configManager;
  private final Operand plugin;
  private final Operand discovery;
  private final Operand manager;
  private final AtomicInteger discoveries = new AtomicInteger();

  private Map<String, String> labels = Map.of();
  private Node latest = new Node();
  private boolean present;
  private @Nullable MigManager process;

  SimulatedNode(SimulatedCluster cluster, String name, List<GpuModel> models, Set<Trap> traps) {
    this.cluster = cluster;
    this.object = new NodeObject(cluster.client(), name);
    this.models = List.copyOf(models);
    this.gpus = new NodeGpus(models);
    this.pod = new MigManagerPod(cluster.client(), cluster.namespace(), name);
    this.log = new MigManagerLog(name);
    this.traps = new Traps(traps);
    this.configManager = new ConfigManager(cluster);
    this.plugin =
        operand("device-plugin", cluster.timings().podStart(), this::startPlugin, this::stopPlugin);
    this.discovery = operand(
        "gpu-feature-discovery", cluster.timings().discovery(), this::discover, lifetime -> {});
    this.manager =
        operand("mig-manager", cluster.timings().podStart(), this::startManager, this::stopManager);
  }

  String name() {
    return object.name();
  }

  List<SimulatedGpu> gpus() {
    return gpus.snapshot();
  }

  boolean hasPod(String podName) {
    return podName.equals(pod.name());
  }

  List<String> log() {
    return log.lines();
  }

  List<String> podLog() {
    return log.podLines();
  }

  @Override
  public void onAdd(Node node) {
    see(node, Sight.NEW);
  }

  @Override
  public void onUpdate(Node before, Node node) {
    see(node, Sight.KNOWN);
  }

  @Override
  public void onDelete(Node node, boolean finalStateUnknown) {
    see(new Node(), Sight.GONE);
  }

  /** Called when the ClusterPolicy has changed; restarts the pods that depend on it. */
  void policyChanged(OperatorPolicy before, OperatorPolicy now) {
    if (before.strategy() != now.strategy() || !before.pluginConfig().equals(now.pluginConfig())) {
      plugin.restart();
      discovery.restart();
    }
    if (!before.configMap().equals(now.configMap())) {
      manager.restart();
    }
    follow(labels());
    operate();
  }

  /** Sets traps, some of which are in the operator. */
  void set(Collection<Trap> more) {
    traps.set(more);
    operate();
  }

  void remove(Collection<Trap> fewer) {
    traps.remove(fewer);
    operate();
  }

  void podChanged() {
    MigManager running = process();
    if (running != null) {
      running.podChanged();
    }
  }

  /** Called when the pod of the MIG manager is marked as not ready, though it runs; its kubelet corrects that. */
  void podLost() {
    soon("status of pod " + pod.name(), pod::ready);
  }

  /** Called when the pod of the MIG manager was deleted; its DaemonSet creates another. */
  void podDeleted() {
    manager.restart();
  }

  /** What the operator has not done yet, though no request is needed for it; empty if all is done. */
  Optional<String> unfinished() {
    // First as it was seen: the labels that are read then are those after discovery and the first
    // run.
    return unfinished(labels()).or(() -> {
      Node node = object.read();
      return node == null
          ? Optional.of("the node does not exist")
          : unlabelled(NodeFields.labels(node)).or(() -> unfinished(NodeFields.labels(node)));
    });
  }

  private Optional<String> unlabelled(Map<String, String> now) {
    return operated(now).equals(now)
        ? Optional.empty()
        : Optional.of("the operator has not labelled it");
  }

  private Optional<String> unfinished(Map<String, String> now) {
    return Stream.of(
            unsettled(plugin, desired(now, DeployLabels.DEVICE_PLUGIN)),
            unsettled(discovery, desired(now, DeployLabels.FEATURE_DISCOVERY)),
            unsettled(manager, desired(now, Labels.DEPLOY_MIG_MANAGER)),
            unmanaged(now))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> unsettled(Operand operand, Operand.Desired desired) {
    return operand.isSettled(desired)
        ? Optional.empty()
        : Optional.of("%s is not %s".formatted(operand, desired.name().toLowerCase(Locale.ROOT)));
  }

  private synchronized Optional<String> unmanaged(Map<String, String> now) {
    String config = now.getOrDefault(Labels.MIG_CONFIG, "");
    boolean done = desired(now, Labels.DEPLOY_MIG_MANAGER) != Operand.Desired.RUNNING
        || (process != null && process.isDone(config));
    return done ? Optional.empty() : Optional.of("the MIG manager has not applied " + config);
  }

  @Override
  public void close() {
    MigManager running;
    synchronized (this) {
      running = process;
      process = null;
    }
    if (running != null) {
      running.close();
    }
  }

  private enum Sight {
    NEW,
    KNOWN,
    GONE
  }

  private void see(Node node, Sight sight) {
    Map<String, String> now = sight == Sight.GONE ? Map.of() : NodeFields.labels(node);
    boolean configured;
    synchronized (this) {
      latest = node;
      configured = !ConfigManager.requested(now).equals(ConfigManager.requested(labels));
      String before = labels.getOrDefault(Labels.MIG_CONFIG, "");
      labels = Map.copyOf(now);
      present = sight != Sight.GONE;
      String value = now.getOrDefault(Labels.MIG_CONFIG, "");
      if (process != null && sight != Sight.GONE && (sight == Sight.NEW || !value.equals(before))) {
        process.labelled(value);
      }
    }
    follow(now);
    if (configured) {
      soon("configure " + name(), lifetime -> reselect(ConfigManager.requested(now), lifetime));
    }
    operate();
  }

  private void follow(Map<String, String> now) {
    plugin.follow(desired(now, DeployLabels.DEVICE_PLUGIN));
    discovery.follow(desired(now, DeployLabels.FEATURE_DISCOVERY));
    manager.follow(desired(now, Labels.DEPLOY_MIG_MANAGER));
  }

  private synchronized Operand.Desired desired(Map<String, String> now, String key) {
    Operand.Desired labelled = DeployLabels.desired(now, key);
    return labelled == Operand.Desired.RUNNING && !cluster.currentPolicy().toleratesTaintsOf(latest)
        ? Operand.Desired.KEPT
        : labelled;
  }

  /** Only an existing configuration restarts the plugin. */
  private void reselect(String requested, Lifetime lifetime) throws InterruptedException {
    if (!requested.equals(ConfigManager.requested(labels()))) {
      return;
    }
    if (configManager.select(requested, lifetime) instanceof ConfigManager.Selection.Crash crash) {
      LOG.warn("config-manager exits node={} message={}", name(), crash.message());
      again("configure " + name(), again -> reselect(requested, again));
    } else {
      plugin.restart();
      discovery.restart();
    }
  }

  /** Lets the operator label the node, if there is an operator. */
  private void operate() {
    Map<String, String> now;
    synchronized (this) {
      if (!present) {
        return;
      }
      now = labels;
    }
    if (!operated(now).equals(now)) {
      soon("label " + name(), lifetime -> object.editLabels(lifetime, this::operateOn));
    }
  }

  private Map<String, String> operated(Map<String, String> now) {
    Map<String, String> operated = new TreeMap<>(now);
    operateOn(operated);
    return operated;
  }

  private void operateOn(Map<String, String> now) {
    DeployLabels.operate(now, cluster.currentPolicy());
    if (traps.skips(Trap.Step.DEPLOYMENT)) {
      DeployLabels.removeForDra(now);
    }
  }

  private void startPlugin(Lifetime lifetime) throws InterruptedException {
    Optional<DevicePluginConfig> config = selectConfig(plugin, lifetime);
    if (config.isEmpty()) {
      object.offer(lifetime, Map.of());
      return;
    }
    DevicePlugin.Start start = DevicePlugin.start(
        gpus.snapshot(),
        cluster.currentPolicy().strategy(),
        config.get().sharing(),
        cluster.pluginVersion());
    if (start instanceof DevicePlugin.Start.Exit exit) {
      LOG.warn("device-plugin exits node={} message={}", name(), exit.message());
    }
    object.offer(
        lifetime, start instanceof DevicePlugin.Start.Offer offer ? offer.resources() : Map.of());
  }

  /** Empty during a crash loop, which the next start may end. */
  private Optional<DevicePluginConfig> selectConfig(Operand operand, Lifetime lifetime)
      throws InterruptedException {
    ConfigManager.Selection selection =
        configManager.select(ConfigManager.requested(labels()), lifetime);
    if (selection instanceof ConfigManager.Selection.Selected selected) {
      return Optional.of(selected.config());
    }
    LOG.warn("config-manager exits what=\"{}\" selection={}", operand, selection);
    again("restart " + operand, again -> operand.restart());
    return Optional.empty();
  }

  private void stopPlugin(Lifetime lifetime) throws InterruptedException {
    object.offer(lifetime, Map.of());
  }

  private void discover(Lifetime lifetime) throws InterruptedException {
    Optional<DevicePluginConfig> config = selectConfig(discovery, lifetime);
    if (config.isEmpty()) {
      return;
    }
    Optional<SortedMap<String, String>> found = FeatureDiscovery.labels(
        gpus.snapshot(), cluster.currentPolicy().strategy(), config.get().sharing(), this::draw);
    if (found.isEmpty()) {
      LOG.warn(
          "gpu-feature-discovery exits node={} message=\"MPS sharing is not supported for mig devices\"",
          name());
      return;
    }
    object.editLabels(lifetime, fresh -> {
      fresh.keySet().removeIf(FeatureDiscovery::owns);
      fresh.putAll(found.get());
    });
  }

  /** Of several models that feature discovery can describe. */
  private GpuModel draw(List<GpuModel> candidates) {
    int run = discoveries.getAndIncrement();
    return cluster
        .described()
        .filter(candidates::contains)
        .orElseGet(() -> candidates.get(Math.floorMod(run, candidates.size())));
  }

  private void startManager(Lifetime lifetime) throws InterruptedException {
    close();
    log.beginPod();
    pod.create(lifetime);
    ConfigFile file = new ConfigFile(cluster, MigConfigDocument.generatedFor(models));
    synchronized (this) {
      process = new MigManager(
          cluster,
          object,
          gpus,
          file,
          pod,
          List.of(plugin, discovery),
          log,
          traps,
          labels.getOrDefault(Labels.MIG_CONFIG, ""),
          manager::restart);
      process.start();
    }
  }

  private void stopManager(Lifetime lifetime) throws InterruptedException {
    close();
    pod.delete(lifetime);
  }

  private synchronized Map<String, String> labels() {
    return labels;
  }

  private synchronized @Nullable MigManager process() {
    return process;
  }

  private void soon(String what, Background.Reaction reaction) {
    cluster.background().after(Duration.ZERO, what, reaction);
  }

  private void again(String what, Background.Reaction reaction) {
    cluster.background().after(cluster.timings().retry(), what, reaction);
  }

  private Operand operand(
      String what, Duration toStart, Background.Reaction onStart, Background.Reaction onStop) {
    return new Operand(
        what + " of " + object.name(),
        cluster.background(),
        toStart,
        cluster.timings().podStop(),
        onStart,
        onStop);
  }
}
