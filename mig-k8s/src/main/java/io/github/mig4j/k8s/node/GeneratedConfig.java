package io.github.mig4j.k8s.node;

import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.internal.ClusterView;
import io.github.mig4j.node.HardwareEvidence;

/**
 * Not API: the ConfigMap in which the MIG manager of a node publishes what it has generated from NVML.
 *
 * <p>Source: NVIDIA/mig-parted bd7160f4, cmd/nvidia-mig-manager/main.go.
 */
public final class GeneratedConfig {

  private GeneratedConfig() {}

  /** The name of the ConfigMap. */
  public static String mapOf(String node) {
    return node + "-mig-config";
  }

  /** What the GPUs of the node accept; none if the ConfigMap does not exist or cannot be used. */
  public static HardwareEvidence read(ClusterView view, String namespace, String node) {
    return MigConfigMap.file(view, namespace, mapOf(node))
        .flatMap(MigConfigFile::document)
        .map(HardwareEvidence::in)
        .orElse(HardwareEvidence.none());
  }
}
