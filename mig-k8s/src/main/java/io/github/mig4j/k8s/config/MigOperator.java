package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.MergePatch;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The GPU Operator's settings for MIG and for sharing in its ClusterPolicy ({@code nvidia.com/v1}).
 */
public final class MigOperator {

  private final Cluster cluster;

  /**
   * Not API; use {@code MigClient.operator}.
   *
   * @param cluster the way into the cluster
   */
  public MigOperator(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * The ConfigMap that the MIG manager reads.
   *
   * @return its name, or empty if there is no ClusterPolicy or it names no ConfigMap; the MIG manager
   *     of each node then generates configurations
   * @throws MigRefusedException if a GPUCluster replaces the ClusterPolicy (GPU Operator 26.7 or later),
   *     so that GPUs are allocated by DRA
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<String> configMap() {
    return ClusterPolicies.find(cluster).flatMap(ClusterPolicies::migConfigMap);
  }

  /**
   * The ConfigMap that the device plugin reads.
   *
   * @return its name, or empty if there is no ClusterPolicy or it names no ConfigMap; then no node can be
   *     shared
   * @throws MigRefusedException if a GPUCluster replaces the ClusterPolicy; as {@link #configMap}
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<String> sharingMap() {
    return ClusterPolicies.find(cluster).flatMap(ClusterPolicies::sharingMap);
  }

  /**
   * Sets strategy and ConfigMap in the ClusterPolicy and keeps everything else. Writes nothing if both
   * are set to these values.
   *
   * <p>If the operator was installed by Helm, set the same values there ({@link
   * OperatorSettings#helmValues()}); otherwise the next {@code helm upgrade} reverts them.
   *
   * @param settings the settings
   * @throws MigRefusedException if the cluster has no ClusterPolicy, a GPUCluster replaces it, or the
   *     ConfigMap does not exist, because no MIG manager of the cluster would start
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public void use(OperatorSettings settings) {
    Objects.requireNonNull(settings, "settings");
    GenericKubernetesResource unused = ClusterPolicies.require(cluster);
    String namespace = cluster.operatorNamespace();
    if (new MigConfigMap(cluster, settings.configMap()).file(namespace).isEmpty()) {
      throw new MigRefusedException(
          "ConfigMap %s/%s".formatted(namespace, settings.configMap()),
          List.of(
              "it does not exist, and every MIG manager would wait for it; create it with a configuration first"));
    }
    cluster.onLatestVersion(() -> {
      GenericKubernetesResource policy = ClusterPolicies.require(cluster);
      if (!ClusterPolicies.strategy(policy).equals(Optional.of(settings.strategy()))
          || !ClusterPolicies.migConfigMap(policy).equals(Optional.of(settings.configMap()))) {
        cluster.patchClusterPolicy(MergePatch.on(policy)
            .put("spec", "mig", "strategy", settings.strategy().toString())
            .put("spec", "migManager", "config", "name", settings.configMap()));
      }
    });
  }

  /**
   * Sets the ConfigMap of sharing configurations in the ClusterPolicy, {@code
   * spec.devicePlugin.config.name}, and keeps everything else, {@code default} included. Every device
   * plugin of the cluster then restarts. Writes nothing if this ConfigMap is set.
   *
   * <p>If the operator was installed by Helm, set {@code devicePlugin.config.name} there too; otherwise
   * the next {@code helm upgrade} reverts it.
   *
   * @param configMap the name of the ConfigMap
   * @throws IllegalArgumentException if that is not a name of a ConfigMap
   * @throws MigRefusedException if the cluster has no ClusterPolicy, a GPUCluster replaces it, the
   *     ConfigMap does not exist, or it has no configuration that a node or the ClusterPolicy requests,
   *     whose device plugin would not start
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public void useSharingMap(String configMap) {
    Objects.requireNonNull(configMap, "configMap");
    SharingConfigMap map = new SharingConfigMap(cluster, configMap);
    cluster.onLatestVersion(() -> {
      GenericKubernetesResource policy = ClusterPolicies.require(cluster);
      if (!ClusterPolicies.sharingMap(policy).equals(Optional.of(configMap))) {
        String namespace = cluster.operatorNamespace(Optional.of(policy));
        List<String> lacking = lacking(policy, map.data(namespace).orElseGet(TreeMap::new));
        if (!lacking.isEmpty()) {
          throw new MigRefusedException("ConfigMap %s/%s".formatted(namespace, configMap), lacking);
        }
        cluster.patchClusterPolicy(
            MergePatch.on(policy).put("spec", "devicePlugin", "config", "name", configMap));
      }
    });
  }

  /** Why device plugins would not start with a ConfigMap of these texts. */
  private List<String> lacking(GenericKubernetesResource policy, Map<String, String> offered) {
    if (offered.isEmpty()) {
      return List.of(
          "it does not exist or is empty, and every device plugin would wait for it; add a configuration to it first");
    }
    List<String> lacking = new ArrayList<>();
    Set<String> needed = new TreeSet<>();
    ClusterPolicies.defaultSharing(policy).ifPresent(name -> {
      needed.add(name);
      if (!offered.containsKey(name)) {
        lacking.add(
            "it has no configuration '%s', the default in the ClusterPolicy, so device plugins would not start; add that configuration first"
                .formatted(name));
      }
    });
    for (Node node : nodesThatRequest()) {
      String requested = NodeFields.labels(node).getOrDefault(Labels.DEVICE_PLUGIN_CONFIG, "");
      if (!requested.isEmpty()) {
        needed.add(requested);
        if (!offered.containsKey(requested)) {
          lacking.add(
              "it has no configuration '%s', which node %s requests, so the node's device plugin would not start; add that configuration first"
                  .formatted(requested, node.getMetadata().getName()));
        }
      }
    }
    needed.stream()
        .filter(offered::containsKey)
        .forEach(key ->
            DevicePluginConfigFile.read(offered.getOrDefault(key, "")).findings().stream()
                .filter(Finding::isError)
                .forEach(
                    error -> lacking.add("device plugins would not start with config '%s' at %s"
                        .formatted(key, error.locatedSentence()))));
    return lacking;
  }

  private List<Node> nodesThatRequest() {
    return cluster.call(
        "list nodes with label " + Labels.DEVICE_PLUGIN_CONFIG,
        () -> cluster
            .client()
            .nodes()
            .withLabel(Labels.DEVICE_PLUGIN_CONFIG)
            .list()
            .getItems());
  }

  /** The cluster, e.g. {@code GPU Operator on https://10.0.0.1/}. */
  @Override
  public String toString() {
    return "GPU Operator on " + cluster.client().getMasterUrl();
  }
}
