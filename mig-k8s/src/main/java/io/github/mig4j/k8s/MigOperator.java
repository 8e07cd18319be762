package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The GPU Operator's settings for MIG in its ClusterPolicy ({@code nvidia.com/v1}). */
public final class MigOperator {

  private final Cluster cluster;

  MigOperator(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * The ConfigMap that the MIG manager reads.
   *
   * @return its name, or empty if there is no ClusterPolicy or it names none, in which case the
   *     manager generates configurations for each node
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<String> configMap() {
    return cluster.clusterPolicy().flatMap(MigOperator::configMap);
  }

  /**
   * Sets strategy and ConfigMap in the ClusterPolicy and leaves everything else as it is. Setting
   * what is set already writes nothing.
   *
   * <p>Where the operator was installed by Helm, set the same values there ({@link
   * OperatorSettings#helmValues()}), or the next {@code helm upgrade} takes them back.
   *
   * @param settings the settings
   * @throws MigRefusedException if the cluster has no ClusterPolicy
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public void use(OperatorSettings settings) {
    GenericKubernetesResource policy = cluster
        .clusterPolicy()
        .orElseThrow(
            () -> new MigRefusedException(
                "ClusterPolicy",
                List.of(
                    "the cluster has none, so no GPU Operator manages MIG; install NVIDIA's GPU Operator")));
    if (settings.strategy().toString().equals(policy.get("spec", "mig", "strategy"))
        && configMap(policy).equals(Optional.of(settings.configMap()))) {
      return;
    }
    String name = policy.getMetadata().getName();
    cluster.onLatestVersion(
        "patch clusterpolicy " + name,
        () -> cluster
            .client()
            .genericKubernetesResources(ClusterPolicies.CONTEXT)
            .withName(name)
            .edit(current -> {
              Map<String, Object> spec = child(current.getAdditionalProperties(), "spec");
              child(spec, "mig").put("strategy", settings.strategy().toString());
              child(child(spec, "migManager"), "config").put("name", settings.configMap());
              return current;
            }));
  }

  static Optional<String> configMap(GenericKubernetesResource policy) {
    Object name = policy.get("spec", "migManager", "config", "name");
    return name instanceof String text && !text.isEmpty() ? Optional.of(text) : Optional.empty();
  }

  /** The map under a key, made mutable and put there if it is absent. */
  @SuppressWarnings("unchecked")
  private static Map<String, Object> child(Map<String, Object> parent, String key) {
    @Nullable Object present = parent.get(key);
    Map<String, Object> child = present instanceof Map
        ? new LinkedHashMap<>((Map<String, Object>) present)
        : new LinkedHashMap<>();
    parent.put(key, child);
    return child;
  }
}
