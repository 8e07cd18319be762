package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import io.github.mig4j.sharing.GpuSharing;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** What one node is to be, and the request for it. */
sealed interface DesiredState {

  /** Which of a node's two labels requests it. */
  default ChangeKind kind() {
    return this instanceof Sharing || this instanceof SharingConfig
        ? ChangeKind.SHARING
        : ChangeKind.LAYOUT;
  }

  /**
   * A MIG configuration.
   *
   * @param name of the configuration, without a hash
   * @param content what it is; empty if the ConfigMap does not have it
   * @param publish whether it is published by the reconciler
   */
  record Layout(String name, Optional<MigConfig> content, boolean publish) implements DesiredState {

    /** The value of the label; a retry has a suffix. */
    Optional<String> key() {
      return content.map(config -> config.contentName(name));
    }

    /**
     * The name to request. The nodes of a demand have different contents under one name, so what is
     * published is requested by the name of its content.
     */
    String requestedName() {
      return publish ? key().orElse(name) : name;
    }

    /** What the node does not offer, or offers too much. */
    List<String> differences(NodeFacts facts) {
      Optional<GpuModel> model = facts.status().model();
      int gpus = facts.status().gpus().orElse(0);
      if (content.isEmpty() || model.isEmpty() || gpus == 0) {
        return List.of("the number of its GPUs is not known");
      }
      try {
        return NodeOffer.after(
                content.get(),
                NodeGpu.several(model.get(), gpus),
                facts.status().strategy())
            .resourceDifferences(facts.status().allocatable(), facts.labels());
      } catch (IllegalArgumentException notForTheseGpus) {
        return List.of(String.valueOf(notForTheseGpus.getMessage()));
      }
    }
  }

  /** No GPU is partitioned. */
  enum Whole implements DesiredState {
    WHOLE
  }

  /** The GPUs are shared. */
  record Sharing(GpuSharing sharing, int replicas) implements DesiredState {}

  /** The GPUs are shared as a configuration of the device plugin says. */
  record SharingConfig(String name) implements DesiredState {}

  /** The node keeps the layout that it has. */
  enum Kept implements DesiredState {
    KEPT
  }

  /**
   * What a target means for a node.
   *
   * @param planned the layouts of the nodes that a demand changes, by node and GPU
   * @param document the configurations of the MIG manager's ConfigMap
   */
  static DesiredState of(
      MigPolicy policy,
      PolicyTarget target,
      NodeFacts facts,
      Map<String, SortedMap<Integer, MigLayout>> planned,
      Optional<MigConfigDocument> document) {
    GpuModel model = facts.status().model().orElseThrow();
    if (target instanceof PolicyTarget.Layout layout) {
      MigLayout placed = MigLayout.place(model, layout.devices()).orElseThrow();
      return new Layout(
          policy.name() + "-" + model.id(),
          Optional.of(MigConfig.of(MigConfigSpec.allDevices(placed))),
          true);
    }
    if (target instanceof PolicyTarget.Config config) {
      return new Layout(config.name(), document.flatMap(file -> file.config(config.name())), false);
    }
    if (target instanceof PolicyTarget.Shared shared) {
      return new Sharing(shared.sharing(), shared.replicas());
    }
    if (target instanceof PolicyTarget.SharingConfig sharing) {
      return new SharingConfig(sharing.name());
    }
    if (target instanceof PolicyTarget.ForDemand) {
      SortedMap<Integer, MigLayout> layouts = planned.get(facts.name());
      return layouts == null
          ? Kept.KEPT
          : new Layout(
              policy.name(),
              Optional.of(MigConfig.ofGpus(
                  layouts,
                  Math.max(
                      facts.status().gpus().orElseThrow(),
                      layouts.isEmpty() ? 0 : layouts.lastKey() + 1))),
              true);
    }
    return Whole.WHOLE;
  }
}
