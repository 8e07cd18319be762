package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.check.ApplyGoal.Target;
import io.github.mig4j.k8s.check.SharingPlan.Impact;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import io.github.mig4j.sharing.SharingKind;
import io.github.mig4j.text.KubernetesName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What prevents a sharing configuration on a node. */
record SharingCheck(
    NodeCheck.Request request,
    Target target,
    PermissionCheck permissions,
    PreflightFindings findings) {

  private static final String DEPLOY_PLUGIN = Labels.DEPLOY_PREFIX + "device-plugin";

  /** A configuration, the key that the node requests, and the text that was read under a key. */
  private record Choice(String key, DevicePluginConfig config, String readFrom, String text) {}

  NodeCheck.Checked check(Optional<Node> node, Optional<GenericKubernetesResource> policy) {
    String namespace = permissions
        .read(() -> Optional.of(request.cluster().operatorNamespace(policy)))
        .orElse("");
    node.ifPresent(this::checkNode);
    Optional<SharingPlan.Source> source = policy.flatMap(p -> source(p, namespace));
    Optional<ApplyPlan> plan = node.isPresent() && source.isPresent()
        ? plan(node.get(), policy.get(), source.get())
        : Optional.empty();
    return new NodeCheck.Checked(namespace, plan, Optional.empty());
  }

  private Optional<SharingPlan.Source> source(GenericKubernetesResource policy, String namespace) {
    Optional<String> map = ClusterPolicies.sharingMap(policy);
    if (map.isEmpty()) {
      findings.error(
          PreflightCode.SHARING_MAP_UNSET,
          "the ClusterPolicy names no ConfigMap for the device plugin",
          "create one with a key for each configuration, and set spec.devicePlugin.config.name, with Helm by '--set devicePlugin.config.name=device-plugin-config'");
    }
    return map.map(name -> new SharingPlan.Source(namespace, name));
  }

  private void checkNode(Node node) {
    Map<String, String> labels = NodeFields.labels(node);
    MigNodeStatus status = MigNodeStatus.of(node, request.cluster().settings());
    Severity blocking = request.continues(node, ChangeKind.SHARING, requested(node))
        ? Severity.NOTE
        : Severity.ERROR;
    new NodeStateCheck(node, status, List.of(), request.cluster().settings(), findings)
        .checkReadiness(blocking);
    if (!NodeReading.hasGpus(node)) {
      findings.error(
          PreflightCode.NO_GPU,
          "the labels %s and %s show no GPU".formatted(Labels.GPU_PRODUCT, Labels.GPU_COUNT),
          "wait for GPU Feature Discovery, or choose a node with GPUs");
    }
    String deployed = labels.getOrDefault(DEPLOY_PLUGIN, "true");
    if (deployed.equals(Labels.PAUSED)) {
      findings.add(
          blocking,
          PreflightCode.CHANGE_IN_PROGRESS,
          "the MIG manager partitions the node's GPUs: label %s=%s"
              .formatted(DEPLOY_PLUGIN, deployed),
          "wait until it is done");
    } else if (!deployed.equals("true")) {
      findings.error(
          PreflightCode.PLUGIN_NOT_DEPLOYED,
          "label %s=%s keeps the device plugin off the node".formatted(DEPLOY_PLUGIN, deployed),
          "set it to true");
    }
  }

  private Optional<ApplyPlan> plan(
      Node node, GenericKubernetesResource policy, SharingPlan.Source source) {
    SortedMap<String, String> data = permissions
        .read(() -> KubernetesName.isDnsSubdomain(source.map())
            ? request.cluster().view().configMap(source.namespace(), source.map())
            : Optional.empty())
        .map(Cluster::texts)
        .orElseGet(TreeMap::new);
    Optional<Choice> choice = choice(node, policy, source, data);
    if (choice.isEmpty()) {
      return Optional.empty();
    }
    Impact impact = impact(node, choice.get());
    checkPods(impact);
    if (!NodeReading.hasGpus(node)) {
      return Optional.empty();
    }
    try {
      return plan(node, policy, source, data, choice.get(), impact);
    } catch (IllegalArgumentException unclear) {
      reportUnclear(String.valueOf(unclear.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<ApplyPlan> plan(
      Node node,
      GenericKubernetesResource policy,
      SharingPlan.Source source,
      Map<String, String> data,
      Choice choice,
      Impact impact) {
    // The plugin gets the strategy by its environment, where it wins over the file.
    MigStrategy strategy = ClusterPolicies.strategy(policy)
        .or(choice.config.flags()::migStrategy)
        .orElse(MigStrategy.NONE);
    NodeOffer unshared = NodeOffer.of(
            NodeReading.gpus(node, strategy, running(node, policy, data)), strategy)
        .withVersions(ClusterPolicies.versions(policy));
    unshared.devicePluginExit().ifPresent(this::reportUnclear);
    report(
        choice.readFrom,
        DevicePluginConfigFile.read(choice.text).lint(unshared.unshared()).stream()
            .filter(Finding::isError));
    NodeOffer offer = unshared.withSharing(choice.config);
    if (!findings.hasErrors()) {
      offer.devicePluginExit().or(offer::discoveryExit).ifPresent(this::reportUnclear);
    }
    return findings.hasErrors()
        ? Optional.empty()
        : Optional.of(
            new SharingPlan(node, source, choice.key, unpublished(choice, data), offer, impact));
  }

  private void report(String config, Stream<Finding> errors) {
    errors.forEach(error -> findings.addLint("config '%s'".formatted(config), error));
  }

  /** Reports a sentence that has its remedy after a semicolon. */
  private void reportUnclear(String problem) {
    String[] parts = problem.split("; ", 2);
    findings.error(
        PreflightCode.DEVICES_UNCLEAR,
        parts[0],
        parts.length > 1 ? parts[1] : "see 'kubectl describe node %s'".formatted(request.node()));
  }

  /** The name of a key shows what it held once; only what it holds counts. */
  private static Map<String, String> unpublished(Choice choice, Map<String, String> data) {
    boolean published = choice.key.isEmpty()
        || Optional.ofNullable(data.get(choice.key))
            .flatMap(text -> DevicePluginConfigFile.read(text).config())
            .equals(Optional.of(choice.config));
    return published ? Map.of() : Map.of(choice.key, choice.config.toYaml());
  }

  /** The daemon of MPS serves the programs that run, and every change restarts or ends it. */
  private Impact impact(Node node, Choice choice) {
    boolean mps = NodeReading.isMps(node)
        || choice.config.sharing().filter(s -> s.kind() == SharingKind.MPS).isPresent();
    return mps && !requested(node).equals(choice.key) ? Impact.MPS_RESTARTS : Impact.NONE;
  }

  private void checkPods(Impact impact) {
    Disruption disruption = request.disruption();
    if (impact == Impact.NONE && disruption != Disruption.DRAIN) {
      return;
    }
    List<Pod> pods = permissions
        .read(() -> Optional.of(request.cluster().view().pods(request.node())))
        .orElse(List.of());
    Severity allowed = disruption == Disruption.IGNORE_PODS ? Severity.WARNING : Severity.ERROR;
    new PodCheck(permissions.using(pods), disruption, findings)
        .check(
            impact == Impact.NONE ? Severity.NOTE : allowed,
            "a change from or to MPS can make their programs fail, so wait until they are done, drain the node first, or allow the disruption");
  }

  private Optional<Choice> choice(
      Node node,
      GenericKubernetesResource policy,
      SharingPlan.Source source,
      SortedMap<String, String> data) {
    if (target instanceof Target.Sharing named) {
      return read(named.name(), source, data)
          .map(config -> new Choice(
              config.contentName(named.name()),
              config,
              named.name(),
              data.getOrDefault(named.name(), "")));
    }
    if (target instanceof Target.OtherSharing other) {
      DevicePluginConfig config = withPresentFlags(node, policy, data, other);
      String key = config.contentName(other.name());
      return Optional.of(new Choice(key, config, key, config.toYaml()));
    }
    String key = ((Target.RecordedSharing) target).key();
    String readFrom = key.isEmpty() ? ClusterPolicies.defaultSharing(policy).orElse("") : key;
    if (readFrom.isEmpty()) {
      DevicePluginConfig none = DevicePluginConfig.unshared();
      return Optional.of(new Choice(key, none, key, none.toYaml()));
    }
    return read(readFrom, source, data)
        .map(config -> new Choice(key, config, readFrom, data.getOrDefault(readFrom, "")));
  }

  private Optional<DevicePluginConfig> read(
      String key, SharingPlan.Source source, SortedMap<String, String> data) {
    String text = data.get(key);
    if (text == null) {
      findings.error(
          PreflightCode.CONFIG_ABSENT,
          "%s has no configuration '%s'".formatted(source, key),
          ConfigSourceCheck.namesAndNearest(data.keySet(), key));
      return Optional.empty();
    }
    DevicePluginConfigFile file = DevicePluginConfigFile.read(text);
    if (file.config().isEmpty()) {
      report(key, file.findings().stream().filter(Finding::isError));
    }
    return file.config();
  }

  /** Of a configuration that cannot be read nothing is kept: the plugin does not run with it. */
  private static DevicePluginConfig withPresentFlags(
      Node node,
      GenericKubernetesResource policy,
      Map<String, String> data,
      Target.OtherSharing other) {
    DevicePluginConfig now = running(node, policy, data).orElseGet(DevicePluginConfig::unshared);
    return DevicePluginConfig.builder()
        .sharing(other.sharing())
        .flags(now.flags())
        .imexChannel(now.imexChannel())
        .addAllUnknownKeys(now.unknownKeys())
        .build();
  }

  /** The configuration that the node's device plugin reads, if that can be read. */
  private static Optional<DevicePluginConfig> running(
      Node node, GenericKubernetesResource policy, Map<String, String> data) {
    String requested = requested(node);
    return Optional.ofNullable(data.get(
            requested.isEmpty() ? ClusterPolicies.defaultSharing(policy).orElse("") : requested))
        .flatMap(text -> DevicePluginConfigFile.read(text).config());
  }

  private static String requested(Node node) {
    return NodeFields.labels(node).getOrDefault(Labels.DEVICE_PLUGIN_CONFIG, "");
  }
}
