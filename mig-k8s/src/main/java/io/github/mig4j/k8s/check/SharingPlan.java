package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.SharingConfigMap;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.sharing.SharingEvidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Not API: a sharing configuration that passed every check.
 *
 * @param node the node as it was checked
 * @param source the ConfigMap that the device plugin reads
 * @param key the name under which the node requests it; empty for the operator's default
 * @param unpublished what the map lacks, by key
 * @param evidence what the node offers afterwards
 * @param impact what becomes of the pods that use the GPUs
 */
public record SharingPlan(
    Node node,
    Source source,
    String key,
    Map<String, String> unpublished,
    SharingEvidence evidence,
    Impact impact)
    implements ApplyPlan {

  /** A ConfigMap and its namespace. */
  public record Source(String namespace, String map) {
    @Override
    public String toString() {
      return "ConfigMap %s/%s".formatted(namespace, map);
    }
  }

  /** What a change does to the pods that use the GPUs. */
  public enum Impact {
    /** They keep their GPUs. */
    NONE,
    /** The daemon of MPS, on which their programs depend, restarts or ends. */
    MPS_RESTARTS
  }

  @Override
  public SharingPlan on(Node later) {
    return new SharingPlan(later, source, key, unpublished, evidence, impact);
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
  public List<NodeGpu> gpus() {
    return List.of();
  }

  @Override
  public SortedMap<String, Long> resources() {
    SortedMap<String, Long> resources = new TreeMap<>();
    evidence.allocatable().forEach((name, count) -> resources.put(name, (long) count));
    return resources;
  }

  @Override
  public List<String> resourceDifferences(MigNodeStatus status, Map<String, String> labels) {
    List<String> differences = new ArrayList<>();
    SortedMap<String, Long> offered = new TreeMap<>(status.allocatable());
    offered.keySet().removeIf(name -> !isGpuResource(name));
    resources().forEach((name, count) -> {
      Long actual = offered.remove(name);
      if (actual == null || !actual.equals(count)) {
        differences.add(
            "%s is %d instead of %d".formatted(name, actual == null ? 0 : actual, count));
      }
    });
    offered.forEach(
        (name, count) -> differences.add("%s is %d instead of 0".formatted(name, count)));
    return differences;
  }

  private static boolean isGpuResource(String name) {
    return name.equals("nvidia.com/gpu")
        || name.equals("nvidia.com/gpu.shared")
        || name.startsWith("nvidia.com/mig-");
  }

  @Override
  public List<String> discoveryDifferences(Map<String, String> labels) {
    List<String> differences = new ArrayList<>();
    evidence.labels().forEach((label, value) -> {
      String actual = labels.get(label);
      if (actual == null) {
        differences.add("label %s is absent instead of %s".formatted(label, value));
      } else if (!actual.equals(value)) {
        differences.add("label %s is %s instead of %s".formatted(label, actual, value));
      }
    });
    return differences;
  }

  @Override
  public boolean isInForce(MigSettings settings) {
    MigNodeStatus status = MigNodeStatus.of(node, settings);
    Map<String, String> labels = Cluster.labels(node);
    return isRequested(settings)
        && status.paused().isEmpty()
        && resourceDifferences(status, labels).isEmpty()
        && discoveryDifferences(labels).isEmpty();
  }

  /** While the device plugin restarts a node offers nothing, which is not an offer that differs. */
  @Override
  public boolean isOfferedBefore(MigSettings settings) {
    if (isRequested(settings)
        && key.equals(Cluster.annotations(node).get(ChangeRecord.PROVABLE_SHARING_KEY))) {
      return false;
    }
    MigNodeStatus status = MigNodeStatus.of(node, settings);
    Map<String, String> labels = Cluster.labels(node);
    boolean offersNothing =
        status.allocatable().keySet().stream().noneMatch(SharingPlan::isGpuResource);
    return discoveryDifferences(labels).isEmpty()
        && (offersNothing || resourceDifferences(status, labels).isEmpty());
  }

  @Override
  public boolean disturbsPods() {
    return impact == Impact.MPS_RESTARTS;
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
