package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.k8s.config.MigConfigMap;
import io.github.mig4j.k8s.config.OperatorSettings;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.ClusterView;
import io.github.mig4j.k8s.node.GeneratedConfig;
import java.util.Optional;

/**
 * The ConfigMap from which a node's MIG manager takes configurations: one's own, the operator's, or
 * the one in which a manager without any publishes what it generated for the node.
 *
 * <p>The last two are not ours to change, so a node requests their configurations by the plain
 * name. Source of names and place: NVIDIA/mig-parted bd7160f4, cmd/nvidia-mig-manager/main.go.
 */
record MigConfigSource(String namespace, String map, Kind kind) {

  /** Who writes the map. */
  enum Kind {
    OWN,
    OPERATORS,
    GENERATED
  }

  static MigConfigSource of(GenericKubernetesResource policy, String node, String namespace) {
    return ClusterPolicies.migConfigMap(policy)
        .map(named -> new MigConfigSource(
            namespace,
            named,
            named.equals(OperatorSettings.RESERVED_CONFIG_MAP) ? Kind.OPERATORS : Kind.OWN))
        .orElseGet(
            () -> new MigConfigSource(namespace, GeneratedConfig.mapOf(node), Kind.GENERATED));
  }

  /** The file as it is; empty if there is no such map. */
  Optional<MigConfigFile> read(ClusterView view) {
    return MigConfigMap.file(view, namespace, map);
  }

  @Override
  public String toString() {
    return "ConfigMap %s/%s".formatted(namespace, map);
  }
}
