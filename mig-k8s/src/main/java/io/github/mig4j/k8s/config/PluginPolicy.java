package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.MergePatch;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The ClusterPolicy's settings of the device plugin. */
public record PluginPolicy(GenericKubernetesResource policy) {

  public static final String MISSING =
      "the cluster has no ClusterPolicy, so no GPU Operator configures its device plugins; install NVIDIA's GPU Operator";

  public static PluginPolicy require(Cluster cluster) {
    return cluster
        .clusterPolicy()
        .map(PluginPolicy::new)
        .orElseThrow(() -> new MigRefusedException("ClusterPolicy", List.of(MISSING)));
  }

  /** {@code spec.devicePlugin.config.name}. */
  public Optional<String> configMap() {
    return text("spec", "devicePlugin", "config", "name");
  }

  /** The configuration of nodes that request none. */
  public Optional<String> defaultConfig() {
    return text("spec", "devicePlugin", "config", "default");
  }

  /** The plugin receives it in its environment, which overrides the file. */
  public Optional<MigStrategy> strategy() {
    return ClusterPolicies.strategy(policy);
  }

  /** The configured namespace, or the one in the status of the policy. */
  public static String namespace(Cluster cluster, Optional<PluginPolicy> policy) {
    return cluster
        .settings()
        .operatorNamespace()
        .or(() -> policy.flatMap(some -> some.text("status", "namespace")))
        .orElseGet(cluster::operatorNamespace);
  }

  public void use(Cluster cluster, SharingConfigMap map) {
    if (configMap().equals(Optional.of(map.name()))) {
      return;
    }
    String namespace = namespace(cluster, Optional.of(this));
    List<String> lacking = lacking(cluster, map.data(namespace).orElseGet(TreeMap::new));
    if (!lacking.isEmpty()) {
      throw new MigRefusedException("ConfigMap %s/%s".formatted(namespace, map.name()), lacking);
    }
    cluster.patchClusterPolicy(
        MergePatch.on(policy).put("spec", "devicePlugin", "config", "name", map.name()));
  }

  /** Why device plugins would not start with a ConfigMap of these texts. */
  public List<String> lacking(Cluster cluster, Map<String, String> offered) {
    if (offered.isEmpty()) {
      return List.of(
          "it does not exist or is empty, and every device plugin would wait for it; add a configuration to it first");
    }
    List<String> lacking = new ArrayList<>();
    Set<String> needed = new TreeSet<>();
    defaultConfig().ifPresent(name -> {
      needed.add(name);
      if (!offered.containsKey(name)) {
        lacking.add(
            "it has no configuration '%s', the default in the ClusterPolicy, so device plugins would not start; add that configuration first"
                .formatted(name));
      }
    });
    for (Node node : nodesThatAsk(cluster)) {
      String requested = Cluster.labels(node).getOrDefault(Labels.DEVICE_PLUGIN_CONFIG, "");
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

  private static List<Node> nodesThatAsk(Cluster cluster) {
    return cluster.call(
        "list nodes with label " + Labels.DEVICE_PLUGIN_CONFIG,
        () -> cluster
            .client()
            .nodes()
            .withLabel(Labels.DEVICE_PLUGIN_CONFIG)
            .list()
            .getItems());
  }

  private Optional<String> text(Object... path) {
    return ClusterPolicies.text(policy, path);
  }
}
