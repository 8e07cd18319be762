package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * What the simulator reads of the ClusterPolicy.
 *
 * @param strategy {@code spec.mig.strategy}
 * @param configMap {@code spec.migManager.config.name}; empty for generated configurations
 * @param defaultConfig {@code spec.migManager.config.default}; the operator asks for it where the
 *     node asks for nothing
 */
record OperatorPolicy(MigStrategy strategy, String configMap, String defaultConfig) {

  static final String NAME = "cluster-policy";
  static final String ALL_DISABLED = "all-disabled";

  /** Reads a ClusterPolicy; what it does not say, or says in unknown words, is taken from here. */
  OperatorPolicy readFrom(GenericKubernetesResource policy) {
    return new OperatorPolicy(
        text(policy, "mig", "strategy").flatMap(OperatorPolicy::strategyOf).orElse(strategy),
        text(policy, "migManager", "config", "name").orElse(configMap),
        text(policy, "migManager", "config", "default").orElse(defaultConfig));
  }

  GenericKubernetesResource toResource() {
    return new GenericKubernetesResourceBuilder()
        .withApiVersion(
            ClusterPolicies.CONTEXT.getGroup() + "/" + ClusterPolicies.CONTEXT.getVersion())
        .withKind(ClusterPolicies.CONTEXT.getKind())
        .withNewMetadata()
        .withName(NAME)
        .endMetadata()
        .addToAdditionalProperties(
            "spec",
            Map.of(
                "mig", Map.of("strategy", strategy.toString()),
                "migManager",
                    Map.of(
                        "enabled",
                        true,
                        "config",
                        Map.of("name", configMap, "default", defaultConfig))))
        .build();
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
