package io.github.mig4j.k8s.reconcile;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.k8s.internal.VerifiedRecord;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.node.NodeGpu;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What a node says about itself, as far as a judgement needs it. */
record NodeFacts(Node node, MigNodeStatus status, MigSettings settings) {

  static NodeFacts of(Node node, MigSettings settings) {
    return new NodeFacts(node, MigNodeStatus.of(node, settings), settings);
  }

  String name() {
    return status.node();
  }

  Map<String, String> labels() {
    return NodeFields.labels(node);
  }

  /** The record of a change in progress; one that cannot be read is a change by an unknown client. */
  Optional<ChangeRecord> change() {
    return ChangeRecord.read(node);
  }

  boolean hasChange() {
    return NodeFields.annotations(node).containsKey(ChangeRecord.KEY);
  }

  Optional<VerifiedRecord> verified(ChangeKind kind) {
    return VerifiedRecord.read(node, kind);
  }

  Optional<String> hold() {
    return Optional.ofNullable(NodeFields.annotations(node).get(MigPolicy.HOLD));
  }

  /** The label that requests a configuration of a kind; empty if it is absent. */
  String requested(ChangeKind kind) {
    return kind.requested(node, settings);
  }

  /** What the last change of this library requested; empty if there was none. */
  String requestedByUs(ChangeKind kind) {
    return NodeFields.annotations(node).getOrDefault(kind.requestedKey(), "");
  }

  /** Whether this library has never changed the node, so that no pod was promised what it offers now. */
  boolean isNew() {
    return Stream.of(ChangeKind.values())
        .allMatch(kind -> requestedByUs(kind).isEmpty() && verified(kind).isEmpty());
  }

  /** Whether the node is kept from new pods until it is as declared, also since it has joined. */
  boolean isGated() {
    return NodeGate.isClosed(node) || NodePatch.has(node, NodeGate.TAINT);
  }

  /**
   * The annotation with the GPUs that the node had before, if it has others now: before a change that
   * found fewer, or at the last change.
   */
  Optional<String> recordOfOtherGpus() {
    return Stream.of(ChangeRecord.GPUS_BEFORE_LOSS_KEY, ChangeRecord.GPUS_KEY)
        .filter(NodeFields.annotations(node)::containsKey)
        .findFirst()
        .filter(key -> status.model().isPresent() && status.gpus().isPresent())
        .filter(key -> !GpuRecord.text(
                NodeGpu.several(status.model().get(), status.gpus().getAsInt()))
            .equals(NodeFields.annotations(node).get(key)));
  }

  /** Whether the node cannot serve pods, or may soon be unable to. */
  boolean isUnavailable() {
    return hasChange()
        || status.cordoned()
        || status.ready().equals(Optional.of(false))
        || !status.paused().isEmpty()
        || status.state().filter(s -> s == MigState.FAILED || s.isAtWork()).isPresent();
  }
}
