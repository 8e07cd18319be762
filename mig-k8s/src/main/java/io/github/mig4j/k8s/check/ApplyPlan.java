package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.util.List;
import java.util.Optional;

/** Not API: a change that passed every check, before anything is written. */
public sealed interface ApplyPlan permits LayoutPlan, SharingPlan {

  /** The node as it was checked. */
  Node node();

  /** The same plan on a later version of the node. */
  ApplyPlan on(Node later);

  /** Which label requests it. */
  ChangeKind kind();

  /** The value of that label; empty for no label. */
  String key();

  /** The name in the record of the change: the key without the number of a repetition. */
  String recordedName();

  /** The name without a hash of the content, by which people know it. */
  default String plainName() {
    return key();
  }

  /** What the name stands for, as a short text that differs where the content differs. */
  String contentHash();

  /** The GPUs that the change assumes; empty if it assumes none. */
  List<NodeGpu> gpus();

  /** What the node offers once the change is in force. */
  NodeOffer offer();

  /** Whether the node requests the configuration and everything shows that it is in force. */
  boolean isInForce(MigSettings settings);

  /**
   * Whether the node offers already what the change makes of it, without a proof that it does so due
   * to this change. What it offers then proves nothing.
   */
  boolean isOfferedBefore(MigSettings settings);

  /** Whether the pods that use the node's GPUs lose them, or may fail. */
  boolean disturbsPods();

  /** Whether the ConfigMap lacks the configuration. */
  boolean isUnpublished();

  /** Writes what the ConfigMap lacks. */
  void publish(Cluster cluster);

  /** Why it is not in force, or that nothing is wrong. */
  Diagnosis diagnosis(Cluster cluster, MigNodeStatus last);

  /** The same content under another name, which the node has not requested yet; empty if none. */
  default Optional<ApplyPlan> underOtherName() {
    return Optional.empty();
  }

  /** Whether the node requests it under this very name. */
  default boolean isRequested(MigSettings settings) {
    return key().equals(kind().requested(node(), settings));
  }

  /** Whether the permission is needed; a write that is not going to happen needs none. */
  default boolean needs(Permission permission, MigSettings settings) {
    return switch (permission.verb()) {
      case "patch" -> !isRequested(settings) || !isInForce(settings);
      case "update" -> isUnpublished();
      default -> true;
    };
  }
}
