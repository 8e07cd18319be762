package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.change.SharingOptions;
import io.github.mig4j.k8s.change.SharingRun;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.PluginPolicy;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.GpuPods;
import io.github.mig4j.k8s.internal.NodeConditions;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import io.github.mig4j.sharing.SharingFinding;
import io.github.mig4j.sharing.SharingKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Everything that prevents a change, found before anything is written. */
public final class SharingCheck {

  private static final String DEPLOY_PLUGIN = Labels.DEPLOY_PREFIX + "device-plugin";

  private final Cluster cluster;
  private final String name;
  private final SharingOptions options;
  private final List<String> obstacles = new ArrayList<>();

  public SharingCheck(Cluster cluster, String name, SharingOptions options) {
    this.cluster = cluster;
    this.name = name;
    this.options = options;
  }

  public List<String> obstacles() {
    Optional<SharingPlan> unused = plan(cluster.requireNode(name));
    return List.copyOf(obstacles);
  }

  public SharingPlan requirePlan() {
    return plan(cluster.requireNode(name))
        .orElseThrow(() -> new MigRefusedException("Sharing on node " + name, obstacles));
  }

  /** A configuration, the key that the node asks for, and the text that was read under a key. */
  private record Wanted(String key, DevicePluginConfig config, String source, String text) {}

  private Optional<SharingPlan> plan(Node node) {
    checkNode(node);
    Optional<PluginPolicy> policy = cluster.clusterPolicy().map(PluginPolicy::new);
    if (policy.isEmpty()) {
      obstacles.add(PluginPolicy.MISSING);
      return Optional.empty();
    }
    Optional<String> mapName = options.map().or(policy.get()::configMap);
    if (mapName.isEmpty()) {
      obstacles.add(
          "the ClusterPolicy names no ConfigMap for the device plugin; publish one and point the operator at it with SharingClient.use");
      return Optional.empty();
    }
    String namespace = PluginPolicy.namespace(cluster, policy);
    SharingConfigMap map = new SharingConfigMap(cluster, mapName.get());
    SortedMap<String, String> data = map.data(namespace).orElseGet(TreeMap::new);
    Optional<Wanted> wanted = wanted(
        node,
        policy.get(),
        data,
        "ConfigMap %s/%s%s"
            .formatted(
                namespace,
                mapName.get(),
                options.map().isPresent() ? "" : ", to which the ClusterPolicy points,"));
    if (wanted.isEmpty() || !NodeReading.hasGpus(node)) {
      return Optional.empty();
    }
    return plan(node, policy.get(), data, new SharingPlan.Source(namespace, map), wanted.get());
  }

  private void checkNode(Node node) {
    Map<String, String> labels = Cluster.labels(node);
    if (NodeConditions.isNotReady(node)) {
      obstacles.add(
          "it is not Ready, so that what it offers is of the past; see 'kubectl describe node %s'"
              .formatted(name));
    }
    if (!NodeReading.hasGpus(node)) {
      obstacles.add(
          "feature discovery has found no GPU on it: the labels %s and %s do not tell; wait for it, or name a node with GPUs"
              .formatted(Labels.GPU_PRODUCT, Labels.GPU_COUNT));
    }
    String deployed = labels.getOrDefault(DEPLOY_PLUGIN, "true");
    if (deployed.equals(Labels.PAUSED)) {
      obstacles.add("its GPUs are being partitioned: %s=%s; try again when that is done"
          .formatted(DEPLOY_PLUGIN, deployed));
    } else if (!deployed.equals("true")) {
      obstacles.add("no device plugin is deployed on it: %s=%s; set it to true"
          .formatted(DEPLOY_PLUGIN, deployed));
    }
  }

  private Optional<SharingPlan> plan(
      Node node,
      PluginPolicy policy,
      Map<String, String> data,
      SharingPlan.Source source,
      Wanted wanted) {
    try {
      MigStrategy strategy =
          policy.strategy().or(wanted.config.flags()::migStrategy).orElse(MigStrategy.NONE);
      NodeOffer offer = NodeOffer.of(
              NodeReading.gpus(node, strategy, running(node, policy, source.map(), data)), strategy)
          .withVersions(ClusterPolicies.versions(policy.policy()));
      offer.devicePluginExit().ifPresent(obstacles::add);
      List<SharingFinding> errors =
          DevicePluginConfigFile.read(wanted.text).lint(offer.unshared()).stream()
              .filter(SharingFinding::isError)
              .toList();
      errors.forEach(error -> obstacles.add(
          "config '%s' at %s: %s".formatted(wanted.source, error.place(), error.message())));
      checkPods(node, wanted);
      Map<String, String> unpublished = unpublished(wanted, data);
      checkMap(policy, source, data, unpublished);
      NodeOffer shared = offer.withSharing(wanted.config);
      if (obstacles.isEmpty()) {
        shared.devicePluginExit().or(shared::discoveryExit).ifPresent(obstacles::add);
      }
      return obstacles.isEmpty()
          ? Optional.of(new SharingPlan(source, wanted.key, unpublished, shared))
          : Optional.empty();
    } catch (IllegalArgumentException doesNotStart) {
      obstacles.add(String.valueOf(doesNotStart.getMessage()));
      return Optional.empty();
    }
  }

  /** The name of a key says what it held once; only what it holds counts. */
  private Map<String, String> unpublished(Wanted wanted, Map<String, String> data) {
    Map<String, String> unpublished = new TreeMap<>();
    boolean published = wanted.key.isEmpty()
        || Optional.ofNullable(data.get(wanted.key))
            .flatMap(text -> DevicePluginConfigFile.read(text).config())
            .equals(Optional.of(wanted.config));
    if (!published) {
      unpublished.put(wanted.key, wanted.config.toYaml());
    }
    if (options.map().isPresent() && data.isEmpty()) {
      // A map without any key keeps every device plugin from starting.
      DevicePluginConfig none = DevicePluginConfig.unshared();
      unpublished.putIfAbsent(none.contentName("unshared"), none.toYaml());
    }
    return unpublished;
  }

  /** The operator is pointed at a map only if that serves all nodes. */
  private void checkMap(
      PluginPolicy policy,
      SharingPlan.Source source,
      Map<String, String> data,
      Map<String, String> unpublished) {
    if (options
        .map()
        .filter(map -> !policy.configMap().equals(Optional.of(map)))
        .isPresent()) {
      Map<String, String> after = new TreeMap<>(data);
      after.putAll(unpublished);
      policy.lacking(cluster, after).stream()
          .map(lack ->
              "ConfigMap %s/%s: %s".formatted(source.namespace(), source.map().name(), lack))
          .forEach(obstacles::add);
    }
  }

  /** The daemon of MPS serves those that run, and every change restarts it or ends it. */
  private void checkPods(Node node, Wanted wanted) {
    boolean mps = NodeReading.isMps(node)
        || wanted.config.sharing().filter(s -> s.kind() == SharingKind.MPS).isPresent();
    if (!mps
        || options.busy() == SharingOptions.Busy.ALLOWED
        || SharingRun.asked(node).equals(wanted.key)) {
      return;
    }
    List<Pod> using = GpuPods.using(cluster.podsOnNode(name));
    if (!using.isEmpty()) {
      obstacles.add(
          "pods use its GPUs: %s; a change from or to MPS can make their programs fail, so let them end first, or allow it (SharingRequest.evenIfBusy, --even-if-busy)"
              .formatted(GpuPods.names(using)));
    }
  }

  private Optional<Wanted> wanted(
      Node node, PluginPolicy policy, SortedMap<String, String> data, String map) {
    if (options.goal() instanceof SharingGoal.Named named) {
      return read(named.config(), data, map)
          .map(config -> new Wanted(
              contentKey(named.config(), config),
              config,
              named.config(),
              data.getOrDefault(named.config(), "")));
    }
    if (options.goal() instanceof SharingGoal.Shared shared) {
      DevicePluginConfig config = keepingFlags(node, policy, data, shared);
      String key = config.contentName(shared.baseName());
      return Optional.of(new Wanted(key, config, key, config.toYaml()));
    }
    return previous(node, policy, data, map);
  }

  private Optional<Wanted> previous(
      Node node, PluginPolicy policy, SortedMap<String, String> data, String map) {
    String key = Cluster.annotations(node).get(SharingRun.PREVIOUS_KEY);
    if (key == null) {
      obstacles.add("annotation %s records no change that could be undone; apply a configuration"
          .formatted(SharingRun.PREVIOUS_KEY));
      return Optional.empty();
    }
    String source = key.isEmpty() ? policy.defaultConfig().orElse("") : key;
    if (source.isEmpty()) {
      DevicePluginConfig none = DevicePluginConfig.unshared();
      return Optional.of(new Wanted(key, none, key, none.toYaml()));
    }
    return read(source, data, map)
        .map(config -> new Wanted(key, config, source, data.getOrDefault(source, "")));
  }

  private Optional<DevicePluginConfig> read(
      String key, SortedMap<String, String> data, String map) {
    String text = data.get(key);
    if (text == null) {
      obstacles.add("%s has no config '%s'; it has %s".formatted(map, key, data.keySet()));
      return Optional.empty();
    }
    DevicePluginConfigFile file = DevicePluginConfigFile.read(text);
    file.findings().stream()
        .filter(finding -> file.config().isEmpty() && finding.isError())
        .forEach(error ->
            obstacles.add("config '%s' at %s: %s".formatted(key, error.place(), error.message())));
    return file.config();
  }

  /** A name that carries the content's hash already stays as it is. */
  private static String contentKey(String name, DevicePluginConfig config) {
    return name.endsWith("-" + config.contentHash()) ? name : config.contentName(name);
  }

  /** Of a configuration that cannot be read nothing is kept: the plugin does not run with it. */
  private static DevicePluginConfig keepingFlags(
      Node node, PluginPolicy policy, Map<String, String> data, SharingGoal.Shared shared) {
    DevicePluginConfig now = asked(node, policy, data).orElseGet(DevicePluginConfig::unshared);
    return DevicePluginConfig.builder()
        .flags(now.flags())
        .imexChannel(now.imexChannel())
        .sharing(shared.sharing())
        .build();
  }

  /** The configuration that the node's device plugin runs with, if that is in the map. */
  private static Optional<DevicePluginConfig> running(
      Node node, PluginPolicy policy, SharingConfigMap map, Map<String, String> data) {
    if (policy.configMap().isEmpty()) {
      return Optional.of(DevicePluginConfig.unshared());
    }
    return policy.configMap().get().equals(map.name())
        ? asked(node, policy, data)
        : Optional.empty();
  }

  private static Optional<DevicePluginConfig> asked(
      Node node, PluginPolicy policy, Map<String, String> data) {
    String asked = Cluster.labels(node).getOrDefault(Labels.DEVICE_PLUGIN_CONFIG, "");
    return Optional.ofNullable(
            data.get(asked.isEmpty() ? policy.defaultConfig().orElse("") : asked))
        .flatMap(text -> DevicePluginConfigFile.read(text).config());
  }
}
