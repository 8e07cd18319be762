package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigStrategy;
import io.github.mig4j.config.NodeGpu;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.Violation;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Everything that can be checked about a node and a configuration before anything is written. */
final class NodeCheck {

  private final Cluster cluster;
  private final String name;
  private final String config;
  private final ApplyRequest.Naming naming;
  private final OptionalInt statedGpus;
  private final String subject;

  NodeCheck(
      Cluster cluster,
      String name,
      String config,
      ApplyRequest.Naming naming,
      OptionalInt statedGpus) {
    this.cluster = cluster;
    this.name = name;
    this.config = config;
    this.naming = naming;
    this.statedGpus = statedGpus;
    this.subject = "Config '%s' on node %s".formatted(config, name);
  }

  ApplyPlan requirePlan() {
    Node node = cluster.requireNode(name);
    MigNodeStatus status = StatusReader.read(node, cluster.settings());
    GenericKubernetesResource policy = cluster
        .clusterPolicy()
        .orElseThrow(
            () -> refused(
                "the cluster has no ClusterPolicy, so no GPU Operator manages MIG; install NVIDIA's GPU Operator"));
    String mapName = MigOperator.configMap(policy)
        .orElseThrow(() -> refused(
            "ClusterPolicy %s names no ConfigMap, so the MIG manager makes its own configurations; set spec.migManager.config.name"
                .formatted(policy.getMetadata().getName())));
    String namespace = cluster.operatorNamespace();
    MigConfigMap map = new MigConfigMap(cluster, mapName);
    MigConfigFile file = map.file(namespace)
        .orElseThrow(() -> refused(
            "ConfigMap %s/%s does not exist, though the ClusterPolicy names it; merge a configuration into it"
                .formatted(namespace, mapName)));
    MigConfigDocument document = map.document(namespace, file);
    MigConfig content = document
        .config(config)
        .orElseThrow(() -> refused("ConfigMap %s/%s has no such configuration; it has %s"
            .formatted(namespace, mapName, names(document))));
    GpuModel model = status
        .model()
        .orElseThrow(() -> refused(
            status.product().isEmpty()
                ? "the node has no label %s, so its GPU is not known; deploy GPU Feature Discovery or set the label"
                    .formatted(Labels.GPU_PRODUCT)
                : String.join("; ", status.problems())));
    if (!model.supportsMig()) {
      throw refused(new Violation.MigNotSupported(model).message());
    }
    List<NodeGpu> gpus =
        NodeGpu.several(model, gpus(status, StatusReader.gpuCount(node), document, model));
    MigStrategy strategy = strategy(policy, status);
    refuseIfAny(MigConfigMap.errors(file.lint(gpus, strategy, config)));
    refuseIfAny(uncovered(content, gpus));
    return new ApplyPlan(
        node,
        mapName,
        document,
        content,
        Expectation.of(content, gpus, strategy),
        key(content, status));
  }

  /** What such a GPU holds afterwards nobody can know beforehand, so it could not be verified. */
  private static List<String> uncovered(MigConfig content, List<NodeGpu> gpus) {
    return gpus.stream()
        .filter(gpu -> content.entries().stream().noneMatch(gpu::isSelectedBy))
        .map(gpu ->
            "no entry is for GPU %d, so it keeps what it has; add one, if only with mig-enabled: false"
                .formatted(gpu.index()))
        .toList();
  }

  private void refuseIfAny(List<String> reasons) {
    if (!reasons.isEmpty()) {
      throw new MigRefusedException(subject, reasons);
    }
  }

  /** The hashed names say nothing to a reader who looks for a name to use. */
  private static List<String> names(MigConfigDocument document) {
    return document.configs().keySet().stream()
        .filter(key -> !document.configs().containsKey(StatusReader.withoutHash(key))
            || StatusReader.withoutHash(key).equals(key))
        .sorted()
        .toList();
  }

  private static MigStrategy strategy(GenericKubernetesResource policy, MigNodeStatus status) {
    Object set = policy.get("spec", "mig", "strategy");
    for (MigStrategy strategy : MigStrategy.values()) {
      if (strategy.toString().equals(set)) {
        return strategy;
      }
    }
    return status.strategy();
  }

  /**
   * The caller's number, the labels', or, where these count MIG devices, what follows from the
   * configuration in force.
   */
  private int gpus(
      MigNodeStatus status, int migDevices, MigConfigDocument document, GpuModel model) {
    if (statedGpus.isPresent()) {
      return statedGpus.getAsInt();
    }
    if (status.gpus().isPresent()) {
      return status.gpus().getAsInt();
    }
    Optional<Integer> perGpu = status
        .config()
        .filter(inForce -> status.state().equals(Optional.of(MigState.SUCCESS)))
        .flatMap(document::config)
        .filter(inForce -> inForce.entries().size() == 1)
        .map(inForce -> inForce.entries().get(0).migDevices().values().stream()
            .mapToInt(n -> n)
            .sum())
        .filter(each -> each > 0 && migDevices > 0 && migDevices % each == 0);
    return perGpu
        .map(each -> migDevices / each)
        .orElseThrow(
            () -> refused("the labels do not tell how many %s the node has; state it with gpus(...)"
                .formatted(model.id())));
  }

  /** Equal content under another name, where the MIG manager has given up on the first. */
  private String key(MigConfig content, MigNodeStatus status) {
    if (naming == ApplyRequest.Naming.EXACT) {
      return config;
    }
    String key = content.contentName(config);
    String alias = content.retryName(config, 2);
    boolean failed = status.state().equals(Optional.of(MigState.FAILED));
    boolean asksForKey = status.config().equals(Optional.of(key));
    boolean asksForAlias = status.config().equals(Optional.of(alias));
    return (asksForKey && failed) || (asksForAlias && !failed) ? alias : key;
  }

  private MigRefusedException refused(String reason) {
    return new MigRefusedException(subject, List.of(reason));
  }
}
