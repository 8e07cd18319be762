package io.github.mig4j.k8s.change;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.k8s.check.ApplyGoal;
import io.github.mig4j.k8s.check.Preflight;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.diagnosis.Diagnoser;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.diagnosis.OperatorLogs;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.node.ExpectedOffers;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.util.List;
import java.util.Objects;

/** A node whose GPUs are partitioned. */
public final class MigNode {

  private final Cluster cluster;
  private final String name;

  public MigNode(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = name;
  }

  /** A node as another package of this library sees it; no API. */
  public static MigNode on(Cluster cluster, String name) {
    return new MigNode(cluster, name);
  }

  /**
   * What the node says about its GPUs now. If the MIG manager reports success, what the node offers is
   * compared with the content of its configuration, as far as that can be read.
   *
   * @return a snapshot
   * @throws MigRefusedException if there is no such node
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public MigNodeStatus status() {
    return new ExpectedOffers(cluster).status(cluster.requireNode(name));
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
    Objects.requireNonNull(config, "config");
    return apply(config).preflight();
  }

  /**
   * Why the node is as it is: what its labels, its resources and the logs of the operator's pods on
   * it show. Reads only; for a node on which nothing is wrong it says that too.
   *
   * @return the diagnosis; what is not recognised is said to be so, and the last lines of the log are
   *     with it
   * @throws MigRefusedException if there is no such node
   * @throws MigClusterException if the API server does not answer or does not allow it; a log that
   *     cannot be read is no failure
   */
  public Diagnosis diagnose() {
    MigNodeStatus status = status();
    return new Diagnoser(status, OperatorLogs.read(cluster, status)).diagnosis();
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
    Objects.requireNonNull(config, "config");
    return request(
        new ApplyGoal.Named(MigConfig.requireLabelValue(config), ApplyGoal.Naming.BY_CONTENT));
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
    Objects.requireNonNull(config, "config");
    return request(
        new ApplyGoal.Named(MigConfig.requireLabelValue(config), ApplyGoal.Naming.EXACT));
  }

  /**
   * Prepares to go back to the configuration that was in force before the last change made by this
   * library, which every change records on the node. A node whose change has failed is rolled back
   * even while pods use its GPUs, since it then still holds what they use.
   *
   * @return a request; it is refused if nothing is recorded
   */
  public ApplyRequest rollback() {
    return request(ApplyGoal.Previous.PREVIOUS);
  }

  /**
   * Prepares to free a node that is stuck: state {@code pending} without end, GPU clients that stay
   * paused, or a change whose client is gone. The node's MIG manager is started anew, which takes up
   * the configuration that the node asks for and lets the clients start (mig-parted#485); what
   * another client has recorded as under way is taken over. A node on which that configuration is
   * in force is only verified.
   *
   * @return a request; it is refused if the node asks for nothing, or has no MIG manager pod
   */
  public ApplyRequest recover() {
    return request(ApplyGoal.Again.AGAIN);
  }

  /**
   * Prepares to go back to whole GPUs, by the configuration {@code all-disabled}, which is
   * published if the ConfigMap has none of that name.
   *
   * @return a request
   */
  public ApplyRequest disable() {
    return request(ApplyGoal.WholeGpus.WHOLE_GPUS);
  }

  private ApplyRequest request(ApplyGoal goal) {
    return new ApplyRequest(cluster, name, goal, ApplyOptions.defaults());
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
      MigNodeStatus status = MigNodeStatus.of(node, cluster.settings());
      if (status.migCapable().isPresent()) {
        return status;
      }
      if (status.model().isPresent() && !status.model().get().supportsMig()) {
        throw new MigRefusedException(
            "Node " + name,
            List.of("its GPU %s has no MIG; share it by time-slicing or MPS instead"
                .formatted(status.product().orElse(""))));
      }
      return MigNodeStatus.of(
          cluster.patch(NodePatch.on(node).label(Labels.MIG_CAPABLE, "true")), cluster.settings());
    });
  }

  /** The kind and the name, e.g. {@code node gpu-node}. */
  @Override
  public String toString() {
    return "node " + name;
  }
}
