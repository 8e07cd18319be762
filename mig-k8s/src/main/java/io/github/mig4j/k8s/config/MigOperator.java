package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.MergePatch;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** The GPU Operator's settings for MIG in its ClusterPolicy ({@code nvidia.com/v1}). */
public final class MigOperator {

  private final Cluster cluster;

  public MigOperator(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * The ConfigMap that the MIG manager reads.
   *
   * @return its name, or empty if there is no ClusterPolicy or it names no ConfigMap; the MIG manager
   *     of each node then generates configurations
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<String> configMap() {
    return cluster.clusterPolicy().flatMap(ClusterPolicies::migConfigMap);
  }

  /**
   * Sets strategy and ConfigMap in the ClusterPolicy and keeps everything else. Writes nothing if both
   * are set to these values.
   *
   * <p>If the operator was installed by Helm, set the same values there ({@link
   * OperatorSettings#helmValues()}); otherwise the next {@code helm upgrade} reverts them.
   *
   * @param settings the settings
   * @throws MigRefusedException if the cluster has no ClusterPolicy, or the ConfigMap does not
   *     exist, because no MIG manager of the cluster would start
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public void use(OperatorSettings settings) {
    Objects.requireNonNull(settings, "settings");
    String namespace = cluster.operatorNamespace();
    if (new MigConfigMap(cluster, settings.configMap()).file(namespace).isEmpty()) {
      throw new MigRefusedException(
          "ConfigMap %s/%s".formatted(namespace, settings.configMap()),
          List.of(
              "it does not exist, and every MIG manager would wait for it; create it with a configuration first"));
    }
    cluster.onLatestVersion(() -> set(settings));
  }

  private void set(OperatorSettings settings) {
    GenericKubernetesResource policy = cluster
        .clusterPolicy()
        .orElseThrow(
            () -> new MigRefusedException(
                "ClusterPolicy",
                List.of(
                    "it does not exist, so no GPU Operator manages MIG; install NVIDIA's GPU Operator with helm")));
    String strategy = settings.strategy().toString();
    if (!strategy.equals(policy.get("spec", "mig", "strategy"))
        || !ClusterPolicies.migConfigMap(policy).equals(Optional.of(settings.configMap()))) {
      cluster.patchClusterPolicy(MergePatch.on(policy)
          .put("spec", "mig", "strategy", strategy)
          .put("spec", "migManager", "config", "name", settings.configMap()));
    }
  }

  /** The cluster, e.g. {@code GPU Operator on https://10.0.0.1/}. */
  @Override
  public String toString() {
    return "GPU Operator on " + cluster.client().getMasterUrl();
  }
}
