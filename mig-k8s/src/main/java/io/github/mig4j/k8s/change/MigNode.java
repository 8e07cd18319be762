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
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.node.ExpectedOffers;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.StatusReader;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.text.KubernetesName;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A node whose GPUs are partitioned or shared. A layout and a sharing configuration are requested,
 * verified and undone in the same way.
 *
 * <pre>{@code
 * mig.node("gpu-node").apply("small").await(Duration.ofMinutes(30));                        // a layout
 * mig.node("l40s-node").share(GpuSharing.timeSlicing(4)).await(Duration.ofMinutes(10));     // sharing
 * mig.node("l40s-node").rollback().await(Duration.ofMinutes(10));
 * }</pre>
 */
public final class MigNode {

  private final Cluster cluster;
  private final String name;

  /**
   * Not API; use {@code MigClient.node}.
   *
   * @param cluster the way into the cluster
   * @param name the node's name
   */
  public MigNode(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = name;
  }

  /**
   * What the node says about its GPUs now. If the MIG manager reports success, what the node offers is
   * compared with the content of its configuration, as far as that can be read.
   *
   * @return a snapshot
   * @throws MigRefusedException if the node does not exist
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public MigNodeStatus status() {
    return new ExpectedOffers(cluster).status(cluster.requireNode(name));
  }

  /**
   * What the node says about its GPUs now, held against what its own MIG manager lists in the ConfigMap
   * {@code <node>-mig-config}: two requests more than {@link #status()}. Where both differ, the hardware
   * is right. Where the list may not be read, the status says so and is that of the labels.
   *
   * @return a snapshot
   * @throws MigRefusedException if there is no such node
   * @throws MigClusterException if the API server does not answer
   */
  public MigNodeStatus statusWithHardware() {
    return StatusReader.readWithHardware(cluster, cluster.requireNode(name));
  }

  /**
   * Checks whether a layout can be applied; as {@link ApplyRequest#preflight} of {@link #apply}. It
   * reads, and writes nothing. What may not be read is one more finding.
   *
   * @param config a name under {@code mig-configs}
   * @return every finding, not only the first problem
   * @throws IllegalArgumentException if the name is no label value
   * @throws MigClusterException if the API server does not answer
   */
  public Preflight preflight(String config) {
    return apply(config).preflight();
  }

  /**
   * Why the node is as it is: what its labels, its resources and the logs of the operator's pods on
   * it show. It reads, and writes nothing; for a node on which nothing is wrong it says so.
   *
   * @return the diagnosis; where no cause is known it says so, and has the last lines of the log
   * @throws MigRefusedException if the node does not exist
   * @throws MigClusterException if the API server does not answer or does not allow it; a log that
   *     cannot be read is no failure
   */
  public Diagnosis diagnose() {
    MigNodeStatus status = status();
    return Diagnoser.of(cluster, status).diagnosis();
  }

  /**
   * Prepares to apply a configuration of the ConfigMap that the GPU Operator is pointed at. The node
   * requests it under the name that carries its content's hash, which is published if it is not yet.
   *
   * @param config a name under {@code mig-configs}
   * @return a request; nothing is read or written before one of its terminal methods
   * @throws IllegalArgumentException if the name is no label value
   */
  public ApplyRequest apply(String config) {
    return request(layout(config, ApplyGoal.Naming.BY_CONTENT));
  }

  /**
   * Prepares to apply a configuration under the very name that is given, for maps that are managed
   * elsewhere. If the content under the name was changed since the node last requested it, the MIG
   * manager will not notice.
   *
   * @param config a name under {@code mig-configs}
   * @return a request; nothing is read or written before one of its terminal methods
   * @throws IllegalArgumentException if the name is no label value
   */
  public ApplyRequest applyExact(String config) {
    return request(layout(config, ApplyGoal.Naming.EXACT));
  }

  private static ApplyGoal layout(String config, ApplyGoal.Naming naming) {
    Objects.requireNonNull(config, "config");
    return new ApplyGoal.To(
        new ApplyGoal.Target.Layout(MigConfig.requireLabelValue(config), naming));
  }

  /**
   * Prepares to share the GPUs, with every flag that the node's present sharing configuration sets. The
   * result is published in the ConfigMap that the GPU Operator gives to the device plugin.
   *
   * <p>Containers that run keep their GPU through a change of time-slicing. Under MPS they depend on a
   * daemon, which restarts with every change and ends with a change to another kind. So a change from
   * or to MPS is refused while pods use the node's GPUs, unless the {@link ApplyRequest#disruption}
   * allows it.
   *
   * @param sharing what is shared
   * @return a request; nothing is read or written before one of its terminal methods
   */
  public ApplyRequest share(GpuSharing sharing) {
    Objects.requireNonNull(sharing, "sharing");
    return request(new ApplyGoal.To(new ApplyGoal.Target.OtherSharing(Optional.of(sharing))));
  }

  /**
   * Prepares to share the GPUs by a configuration of the ConfigMap that the GPU Operator gives to the
   * device plugin. The node requests it under the name that carries its content's hash, which is
   * published if it is not yet. What {@link #share(GpuSharing)} says of running pods is true here too.
   *
   * @param config a key of the ConfigMap
   * @return a request; nothing is read or written before one of its terminal methods
   * @throws IllegalArgumentException if the name is no label value
   */
  public ApplyRequest share(String config) {
    Objects.requireNonNull(config, "config");
    return request(
        new ApplyGoal.To(new ApplyGoal.Target.Sharing(KubernetesName.requireConfigName(config))));
  }

  /**
   * Prepares to end all sharing, with every flag that the node's present sharing configuration sets.
   * The node requests a configuration without sharing, whatever the operator's default is.
   *
   * @return a request; nothing is read or written before one of its terminal methods
   */
  public ApplyRequest unshare() {
    return request(new ApplyGoal.To(new ApplyGoal.Target.OtherSharing(Optional.empty())));
  }

  /**
   * Prepares to undo the last change that this library made on the node, whether it was a layout or a
   * sharing configuration: every change records its kind and the configuration before it. A second
   * rollback undoes the first. A node whose change of layout has failed is rolled back even while pods
   * use its GPUs, since they still hold them.
   *
   * @return a request; it is refused if nothing is recorded
   */
  public ApplyRequest rollback() {
    return request(new ApplyGoal.RollBack(Optional.empty()));
  }

  /**
   * Not API: as {@link #rollback()}, of the last change of a kind.
   *
   * @param kind the kind of change to undo
   * @return a request
   */
  public ApplyRequest rollback(ChangeKind kind) {
    return request(new ApplyGoal.RollBack(Optional.of(kind)));
  }

  /**
   * Not API: prepares to verify what the node requests already.
   *
   * @param kind which label
   * @param value the value of that label; empty for no label
   * @return a request
   */
  public ApplyRequest follow(ChangeKind kind, String value) {
    return request(new ApplyGoal.To(
        kind == ChangeKind.LAYOUT
            ? new ApplyGoal.Target.Layout(value, ApplyGoal.Naming.EXACT)
            : new ApplyGoal.Target.RecordedSharing(value)));
  }

  /**
   * Prepares to free a node that is stuck: state {@code pending} without end, GPU clients that stay
   * paused, or a change whose client no longer runs. The node's MIG manager is restarted, which applies
   * the configuration that the node requests and starts the clients (mig-parted#485). What another
   * client has recorded as under way is taken over, also a change of sharing, which is then only
   * followed. A node on which that configuration is in force is only verified.
   *
   * @return a request; it is refused if the node requests nothing, or has no MIG manager pod
   */
  public ApplyRequest recover() {
    return request(ApplyGoal.Recover.RECOVER);
  }

  /**
   * Prepares to return to whole GPUs, by the configuration {@code all-disabled}, which is published if
   * the ConfigMap lacks it.
   *
   * @return a request
   */
  public ApplyRequest disable() {
    return request(ApplyGoal.Disable.DISABLE);
  }

  private ApplyRequest request(ApplyGoal goal) {
    return new ApplyRequest(new ApplyLook.Subject(cluster, name, goal, ApplyOptions.defaults()));
  }

  /**
   * Labels the node {@code nvidia.com/mig.capable=true}, so that the operator deploys the MIG
   * manager there. Only for nodes without GPU Feature Discovery: where the label exists, whatever
   * its value, it stays as it is.
   *
   * @return the node's status afterwards
   * @throws MigRefusedException if the node does not exist, or its GPU has no MIG
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
