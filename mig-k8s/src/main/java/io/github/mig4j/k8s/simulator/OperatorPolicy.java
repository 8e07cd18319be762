package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Taint;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.text.GpuResource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the ClusterPolicy that the simulator reads.
 *
 * @param strategy {@code spec.mig.strategy}
 * @param configMap {@code spec.migManager.config.name}; empty for generated configurations
 * @param defaultConfig {@code spec.migManager.config.default}; the operator requests it for a node
 *     without a request
 * @param pluginConfig {@code spec.devicePlugin.config}
 * @param tolerations {@code spec.daemonsets.tolerations}; empty if it has none
 */
record OperatorPolicy(
    MigStrategy strategy,
    String configMap,
    String defaultConfig,
    PluginConfig pluginConfig,
    List<Map<String, String>> tolerations) {

  /** The chart's, and the one that a gate needs. */
  static final List<Map<String, String>> TOLERATIONS = List.of(
      Map.of("key", GpuResource.GPU, "operator", "Exists", "effect", "NoSchedule"),
      Map.of("key", NodeGate.TAINT.getKey(), "operator", "Exists"));

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
        text(policy, "spec", "mig", "strategy").flatMap(MigStrategy::parse).orElse(strategy),
        text(policy, "spec", "migManager", "config", "name").orElse(configMap),
        text(policy, "spec", "migManager", "config", "default").orElse(defaultConfig),
        new PluginConfig(
            text(policy, "spec", "devicePlugin", "config", "name").orElse(pluginConfig.configMap),
            text(policy, "spec", "devicePlugin", "config", "default")
                .orElse(pluginConfig.defaultConfig)),
        ClusterPolicies.tolerations(policy));
  }

  /** Whether the operator's pods can start on a node. */
  boolean toleratesTaintsOf(Node node) {
    @Nullable
    List<Taint> taints = node.getSpec() == null ? null : node.getSpec().getTaints();
    return taints == null
        || taints.stream()
            .filter(taint -> !"PreferNoSchedule".equals(taint.getEffect()))
            // What Kubernetes adds to the tolerations of each DaemonSet.
            .filter(taint -> !taint.getKey().startsWith("node.kubernetes.io/"))
            .allMatch(taint -> NodeGate.isTolerated(taint, tolerations));
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
        "daemonsets", Map.of("tolerations", tolerations),
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

  private static Optional<String> text(GenericKubernetesResource policy, Object... path) {
    return policy.get(path) instanceof String value ? Optional.of(value) : Optional.empty();
  }
}
