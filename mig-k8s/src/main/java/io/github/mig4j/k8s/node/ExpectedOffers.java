package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.MigException;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeEffect;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What nodes of a cluster should offer, by the configurations that they request. Each ConfigMap is
 * read once, and what cannot be read is not an error: then nothing is expected.
 */
public final class ExpectedOffers {

  private final Cluster cluster;
  private final Map<String, Optional<MigConfigDocument>> documents = new HashMap<>();
  private Optional<GenericKubernetesResource> policy = Optional.empty();
  private boolean isRead;

  public ExpectedOffers(Cluster cluster) {
    this.cluster = cluster.withoutRepetition();
  }

  /** The status of a node, compared with the configuration that it requests. */
  public MigNodeStatus status(Node node) {
    MigNodeStatus status = MigNodeStatus.of(node, cluster.settings());
    return of(node, status)
        .map(offer -> StatusReader.read(node, cluster.settings(), offer))
        .orElse(status);
  }

  private Optional<NodeOffer> of(Node node, MigNodeStatus status) {
    if (status.config().isEmpty()
        || !status.state().equals(Optional.of(MigState.SUCCESS))
        || !status.paused().isEmpty()) {
      return Optional.empty();
    }
    try {
      readPolicy();
      Optional<MigConfig> inForce = documents
          .computeIfAbsent(
              policy
                  .flatMap(ClusterPolicies::migConfigMap)
                  .orElseGet(() -> GeneratedConfig.mapOf(status.node())),
              this::document)
          .flatMap(document -> document.config(status.config().orElse("")));
      List<NodeGpu> gpus = inForce.map(config -> gpus(node, status, config)).orElseGet(List::of);
      boolean isComplete = !gpus.isEmpty()
          && NodeEffect.of(inForce.orElseThrow(), gpus).gpus().stream()
              .allMatch(gpu -> gpu.after().isPresent());
      return isComplete
          ? Optional.of(requested(inForce.orElseThrow(), gpus, strategy(status))
              .withVersions(
                  policy.map(ClusterPolicies::versions).orElseGet(ComponentVersions::unknown)))
          : Optional.empty();
    } catch (MigException unreadable) {
      return Optional.empty();
    }
  }

  /**
   * What the configuration requests, although the MIG manager makes no device of a configuration with a
   * profile that no GPU supports.
   */
  private static NodeOffer requested(MigConfig config, List<NodeGpu> gpus, MigStrategy strategy) {
    NodeOffer after = NodeOffer.after(config, gpus, strategy);
    if (!after.devices().isEmpty()) {
      return after;
    }
    Map<NodeGpu, MigSetting> settings = new HashMap<>(after.gpus());
    for (MigConfigSpec entry : config.entries()) {
      gpus.stream()
          .filter(gpu -> !entry.migDevices().isEmpty() && entry.devices().selects(gpu.index()))
          .forEach(gpu -> settings.put(gpu, MigSetting.of(entry.migDevices())));
    }
    return NodeOffer.of(settings, strategy);
  }

  private MigStrategy strategy(MigNodeStatus status) {
    return policy.flatMap(ClusterPolicies::strategy).orElse(status.strategy());
  }

  private void readPolicy() {
    if (!isRead) {
      policy = cluster.clusterPolicy();
      isRead = true;
    }
  }

  private Optional<MigConfigDocument> document(String map) {
    return new MigConfigMap(cluster, map)
        .file(cluster.operatorNamespace())
        .flatMap(MigConfigFile::document);
  }

  /** The recorded GPUs, if they are of several models, or as many of one as the labels count. */
  private List<NodeGpu> gpus(Node node, MigNodeStatus status, MigConfig inForce) {
    GpuRecord recorded = GpuRecord.read(node, status, cluster.settings());
    if (recorded.models().size() > 1) {
      return recorded.gpus();
    }
    Optional<GpuModel> model =
        status.model().or(() -> recorded.models().stream().findFirst());
    int count = status.gpus().orElseGet(() -> gpusUnderSingle(node, Optional.of(inForce)));
    return model.isPresent() && count > 0 ? NodeGpu.several(model.get(), count) : recorded.gpus();
  }

  /** The configuration that the MIG manager reports to have applied, if the document has it. */
  public static Optional<MigConfig> inForce(MigNodeStatus status, MigConfigDocument document) {
    return status
        .config()
        .filter(config -> status.state().equals(Optional.of(MigState.SUCCESS)))
        .flatMap(document::config);
  }

  /**
   * Under strategy single the label counts MIG devices; every GPU has the same number. 0 if the
   * configuration in force does not say how many.
   */
  public static int gpusUnderSingle(Node node, Optional<MigConfig> inForce) {
    int each = inForce
        .filter(config -> config.entries().size() == 1)
        .map(config -> config.entries().get(0).migDevices().values().stream()
            .mapToInt(n -> n)
            .sum())
        .orElse(0);
    int devices = NodeFields.gpuCount(node);
    return each > 0 && devices % each == 0 ? devices / each : 0;
  }
}
