package io.github.mig4j.k8s.config;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.KubernetesName;
import java.util.Map;
import java.util.Objects;

/**
 * The GPU Operator's two settings for MIG, in three forms: a Helm values file, a command, and a change
 * of the ClusterPolicy ({@link MigOperator#use}).
 *
 * @param strategy how MIG devices are offered, {@code single} or {@code mixed}; the chart's default is
 *     {@code single}, with which a node whose GPUs have different profiles offers nothing
 * @param configMap the ConfigMap with the MIG manager's configurations, in the operator's namespace
 *     under the key {@code config.yaml}
 */
public record OperatorSettings(MigStrategy strategy, String configMap) implements JsonForm {

  /** The operator's own ConfigMap, whose changes it reverts (gpu-operator#384). */
  public static final String RESERVED_CONFIG_MAP = "default-mig-parted-config";

  public OperatorSettings {
    Objects.requireNonNull(strategy, "strategy");
    Objects.requireNonNull(configMap, "configMap");
    if (strategy == MigStrategy.NONE) {
      throw new IllegalArgumentException(
          "The strategy must be single or mixed, but was none; with none a node does not offer its MIG devices");
    }
    requireConfigMapName(configMap, "mig-config");
    if (configMap.equals(RESERVED_CONFIG_MAP)) {
      throw new IllegalArgumentException(RESERVED);
    }
  }

  /** Why nothing is published to the operator's own ConfigMap. */
  static final String RESERVED =
      "ConfigMap '%s' belongs to the GPU Operator, which reverts every change; use another name, e.g. 'mig-config'"
          .formatted(RESERVED_CONFIG_MAP);

  static String requireConfigMapName(String name, String example) {
    if (!KubernetesName.isDnsSubdomain(name)) {
      throw new IllegalArgumentException(
          "Not a name of a ConfigMap: '%s'; use lower-case letters, digits, '.' and '-', e.g. '%s'"
              .formatted(name, example));
    }
    return name;
  }

  /** {@return a values file in YAML for {@code helm upgrade -f}} */
  public String helmValues() {
    return """
        mig:
          strategy: "%s"
        migManager:
          config:
            name: "%s"
        """.formatted(strategy, configMap);
  }

  /**
   * {@return the shell command that sets these values of the release {@code gpu-operator} in the
   * namespace of that name, and keeps all others}
   */
  public String helmUpgrade() {
    return """
        helm upgrade gpu-operator nvidia/gpu-operator \\
          -n gpu-operator \\
          --reuse-values \\
          --set mig.strategy=%s \\
          --set-string migManager.config.name=%s
        """.formatted(strategy, configMap);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("strategy", strategy).and("configMap", configMap).map();
  }
}
