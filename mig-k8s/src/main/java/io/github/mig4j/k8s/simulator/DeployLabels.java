package io.github.mig4j.k8s.simulator;

import io.github.mig4j.k8s.cluster.Labels;
import java.util.List;
import java.util.Map;

/** The labels that select which of the operator's pods run on a node. */
final class DeployLabels {

  static final String DEVICE_PLUGIN = Labels.DEPLOY_PREFIX + "device-plugin";
  static final String FEATURE_DISCOVERY = Labels.DEPLOY_PREFIX + "gpu-feature-discovery";

  private static final String RUN = "true";
  private static final String DO_NOT_RUN = "false";

  /** The operands on every node with a GPU. */
  private static final List<String> EVERYWHERE = List.of(
      DEVICE_PLUGIN,
      FEATURE_DISCOVERY,
      Labels.DEPLOY_PREFIX + "container-toolkit",
      Labels.DEPLOY_PREFIX + "dcgm",
      Labels.DEPLOY_PREFIX + "dcgm-exporter",
      Labels.DEPLOY_PREFIX + "driver",
      Labels.DEPLOY_PREFIX + "node-status-exporter",
      Labels.DEPLOY_PREFIX + "operator-validator");

  /** The operands that the MIG manager stops for a change. */
  private static final List<String> PAUSED = List.of(
      DEVICE_PLUGIN,
      FEATURE_DISCOVERY,
      Labels.DEPLOY_PREFIX + "dcgm-exporter",
      Labels.DEPLOY_PREFIX + "dcgm",
      Labels.DEPLOY_PREFIX + "nvsm");

  private DeployLabels() {}

  static Operand.Desired desired(Map<String, String> labels, String key) {
    return RUN.equals(labels.get(key)) ? Operand.Desired.RUNNING : Operand.Desired.STOPPED;
  }

  /** The labels that the operator writes on a node. */
  static void operate(Map<String, String> labels, OperatorPolicy policy) {
    labels.put(Labels.GPU_PRESENT, "true");
    boolean capable = RUN.equals(labels.get(Labels.MIG_CAPABLE))
        && labels.getOrDefault(Labels.VGPU_HOST_DRIVER, "").isEmpty();
    boolean containers =
        labels.getOrDefault(Labels.WORKLOAD_CONFIG, "container").equals("container");
    if (DO_NOT_RUN.equals(labels.get(Labels.DEPLOY_OPERANDS)) || !containers) {
      labels
          .keySet()
          .removeIf(key -> EVERYWHERE.contains(key) || key.equals(Labels.DEPLOY_MIG_MANAGER));
    } else {
      EVERYWHERE.forEach(key -> labels.putIfAbsent(key, RUN));
      if (capable) {
        labels.putIfAbsent(Labels.DEPLOY_MIG_MANAGER, RUN);
      }
    }
    if (capable
        && policy.defaultConfig().equals(OperatorPolicy.ALL_DISABLED)
        && labels.getOrDefault(Labels.MIG_CONFIG, "").isEmpty()) {
      labels.put(Labels.MIG_CONFIG, OperatorPolicy.ALL_DISABLED);
    }
  }

  /** The labels that the operator removes if the DRA driver allocates the GPUs. */
  static void removeForDra(Map<String, String> labels) {
    labels.keySet().removeAll(List.of(DEVICE_PLUGIN, Labels.DEPLOY_MIG_MANAGER));
    labels.put(Labels.DEPLOY_DRA_DRIVER, RUN);
  }

  /** The labels that the MIG manager writes before a change; an absent label is like one that is not false. */
  static void pause(Map<String, String> labels) {
    set(labels, Labels.PAUSED);
  }

  /** The labels that the MIG manager writes after a change. */
  static void resume(Map<String, String> labels) {
    set(labels, RUN);
  }

  private static void set(Map<String, String> labels, String value) {
    for (String key : PAUSED) {
      if (!DO_NOT_RUN.equals(labels.get(key))) {
        labels.put(key, value);
      }
    }
    labels.computeIfPresent(
        Labels.DEPLOY_CLIENT, (key, before) -> before.equals(DO_NOT_RUN) ? before : value);
  }
}
