package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.PluginPods;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.util.List;
import java.util.Map;

/**
 * A sharing configuration that passed every check.
 *
 * @param node the node as it was checked
 * @param source the ConfigMap that the device plugin reads
 * @param key the name under which the node requests it; empty for the operator's default
 * @param unpublished what the map lacks, by key
 * @param offer what the node offers afterwards
 * @param impact what becomes of the pods that use the GPUs
 */
record SharingPlan(
    Node node,
    Source source,
    String key,
    Map<String, String> unpublished,
    NodeOffer offer,
    Impact impact)
    implements ApplyPlan {

  /** A ConfigMap and its namespace. */
  record Source(String namespace, String map) {
    @Override
    public String toString() {
      return "ConfigMap %s/%s".formatted(namespace, map);
    }
  }

  /** What a change does to the pods that use the GPUs. */
  enum Impact {
    /** They keep their GPUs. */
    NONE,
    /** The daemon of MPS, on which their programs depend, restarts or ends. */
    MPS_RESTARTS
  }

  @Override
  public SharingPlan on(Node later) {
    return new SharingPlan(later, source, key, unpublished, offer, impact);
  }

  @Override
  public ChangeKind kind() {
    return ChangeKind.SHARING;
  }

  @Override
  public String recordedName() {
    return key;
  }

  @Override
  public String contentHash() {
    return offer.resources().toString();
  }

  @Override
  public List<NodeGpu> gpus() {
    return List.of();
  }

  @Override
  public boolean isInForce(MigSettings settings) {
    MigNodeStatus status = MigNodeStatus.of(node, settings);
    Map<String, String> labels = NodeFields.labels(node);
    return isRequested(settings)
        && status.paused().isEmpty()
        && offer.differences(status.allocatable(), labels).isEmpty();
  }

  /** While the device plugin restarts a node offers nothing, which is not an offer that differs. */
  @Override
  public boolean isOfferedBefore(MigSettings settings) {
    if (isRequested(settings)
        && key.equals(NodeFields.annotations(node).get(ChangeRecord.PROVABLE_SHARING_KEY))) {
      return false;
    }
    MigNodeStatus status = MigNodeStatus.of(node, settings);
    Map<String, String> labels = NodeFields.labels(node);
    return offer.labelDifferences(labels).isEmpty()
        && (NodeReading.offered(node).isEmpty()
            || offer.resourceDifferences(status.allocatable(), labels).isEmpty());
  }

  @Override
  public boolean disturbsPods() {
    return impact == Impact.MPS_RESTARTS;
  }

  @Override
  public Diagnosis diagnosis(Cluster cluster, MigNodeStatus last) {
    return PluginPods.diagnosis(cluster, source.namespace, last.node());
  }

  @Override
  public boolean isUnpublished() {
    return !unpublished.isEmpty();
  }

  @Override
  public void publish(Cluster cluster) {
    boolean unused =
        new SharingConfigMap(cluster, source.map).publish(source.namespace, unpublished);
  }
}
