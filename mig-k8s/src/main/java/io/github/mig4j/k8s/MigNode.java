package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import java.util.List;
import java.util.OptionalInt;

/** A node whose GPUs are partitioned. */
public final class MigNode {

  private final Cluster cluster;
  private final String name;

  MigNode(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = name;
  }

  /**
   * What the node says about its GPUs now.
   *
   * @return a snapshot
   * @throws MigRefusedException if there is no such node
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public MigNodeStatus status() {
    return StatusReader.read(cluster.requireNode(name), cluster.settings());
  }

  /**
   * Checks whether a configuration can be applied, and reads for that but writes nothing. What
   * {@link #apply} would refuse for is an error; what is forbidden to be read is one more finding.
   *
   * @param config a name under {@code mig-configs}
   * @return everything there is to say, not only the first fault
   * @throws IllegalArgumentException if the name is no label value
   * @throws MigClusterException if the API server does not answer
   */
  public Preflight preflight(String config) {
    return new NodeCheck(
            cluster,
            name,
            MigConfig.requireLabelValue(config),
            ApplyRequest.Naming.BY_CONTENT,
            OptionalInt.empty())
        .preflight();
  }

  /**
   * Prepares to apply a configuration of the ConfigMap that the GPU Operator is pointed at. The
   * node is asked for it under the name that carries its content's hash, which is published if it
   * is not yet.
   *
   * @param config a name under {@code mig-configs}
   * @return a request; nothing is read or written before one of its terminal methods
   * @throws IllegalArgumentException if the name is no label value
   */
  public ApplyRequest apply(String config) {
    return new ApplyRequest(
        cluster, name, MigConfig.requireLabelValue(config), ApplyRequest.Naming.BY_CONTENT);
  }

  /**
   * Prepares to apply a configuration under the very name that is given, for maps that are managed
   * elsewhere. If the content under the name was changed since the node last asked for it, the MIG
   * manager will not notice.
   *
   * @param config a name under {@code mig-configs}
   * @return a request; nothing is read or written before one of its terminal methods
   * @throws IllegalArgumentException if the name is no label value
   */
  public ApplyRequest applyExact(String config) {
    return new ApplyRequest(
        cluster, name, MigConfig.requireLabelValue(config), ApplyRequest.Naming.EXACT);
  }

  /**
   * Labels the node {@code nvidia.com/mig.capable=true}, so that the operator deploys the MIG
   * manager there. Only for nodes without GPU Feature Discovery: where the label exists, whatever
   * its value, it stays as it is.
   *
   * @return the node's status afterwards
   * @throws MigRefusedException if there is no such node, or its GPU has no MIG
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public MigNodeStatus markCapable() {
    return cluster.onLatestVersion(() -> {
      Node node = cluster.requireNode(name);
      MigNodeStatus status = StatusReader.read(node, cluster.settings());
      if (status.migCapable().isPresent()) {
        return status;
      }
      if (status.model().isPresent() && !status.model().get().supportsMig()) {
        throw new MigRefusedException(
            "Node " + name,
            List.of("its GPU %s has no MIG; share it by time-slicing or MPS instead"
                .formatted(status.product().orElse(""))));
      }
      return StatusReader.read(cluster.label(node, Labels.MIG_CAPABLE, "true"), cluster.settings());
    });
  }
}
