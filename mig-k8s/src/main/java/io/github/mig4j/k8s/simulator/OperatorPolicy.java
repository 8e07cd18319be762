package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The settings of the ClusterPolicy that the simulator reads.
 *
 * @param strategy {@code spec.mig.strategy}
 * @param configMap {@code spec.migManager.config.name}; empty for generated configurations
 * @param defaultConfig {@code spec.migManager.config.default}; the operator requests it for a node
 *     without a request
 * @param pluginConfig {@code spec.devicePlugin.config}
 */
record OperatorPolicy(
    MigStrategy strategy, String configMap, String defaultConfig, PluginConfig pluginConfig) {

  /**
   * The device plugin's configurations.
   *
   * @param configMap {@code name}; empty for none, without sharing on any node
   * @param defaultConfig {@code default}; empty for no sharing on a node without a request
   */
  record PluginConfig(String configMap, String defaultConfig) {}

  static final String NAME = "cluster-policy";
  static final String ALL_DISABLED = "all-disabled";

  /** Reads a ClusterPolicy; missing and unknown values are taken from this policy. */
  OperatorPolicy readFrom(GenericKubernetesResource policy) {
    return new OperatorPolicy(
        text(policy, "mig", "strategy").flatMap(OperatorPolicy::strategyOf).orElse(strategy),
        text(policy, "migManager", "config", "name").orElse(configMap),
        text(policy, "migManager", "config", "default").orElse(defaultConfig),
        new PluginConfig(
            text(policy, "devicePlugin", "config", "name").orElse(pluginConfig.configMap),
            text(policy, "devicePlugin", "config", "default").orElse(pluginConfig.defaultConfig)));
  }

  GenericKubernetesResource toResource() {
    return new GenericKubernetesResourceBuilder()
        .withApiVersion(
            ClusterPolicies.CONTEXT.getGroup() + "/" + ClusterPolicies.CONTEXT.getVersion())
        .withKind(ClusterPolicies.CONTEXT.getKind())
        .withNewMetadata()
        .withName(NAME)
        .endMetadata()
        .addToAdditionalProperties("spec", spec())
        .build();
  }

  private Map<String, Object> spec() {
    Map<String, Object> spec = new TreeMap<>(Map.of(
        "mig", Map.of("strategy", strategy.toString()),
        "migManager",
            Map.of(
                "enabled", true, "config", Map.of("name", configMap, "default", defaultConfig))));
    if (!pluginConfig.configMap.isEmpty()) {
      spec.put(
          "devicePlugin",
          Map.of(
              "config",
              Map.of("name", pluginConfig.configMap, "default", pluginConfig.defaultConfig)));
    }
    return spec;
  }

  private static Optional<String> text(GenericKubernetesResource policy, String... path) {
    Object[] full = new Object[path.length + 1];
    full[0] = "spec";
    System.arraycopy(path, 0, full, 1, path.length);
    return policy.get(full) instanceof String value ? Optional.of(value) : Optional.empty();
  }

  private static Optional<MigStrategy> strategyOf(String text) {
    return Arrays.stream(MigStrategy.values())
        .filter(strategy -> strategy.toString().equals(text))
        .findFirst();
  }
}
