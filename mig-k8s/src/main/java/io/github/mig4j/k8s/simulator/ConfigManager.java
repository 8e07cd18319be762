package io.github.mig4j.k8s.simulator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The sidecar that selects the configuration of the device plugin and feature discovery by the node's
 * label (k8s-device-plugin cmd/config-manager).
 */
record ConfigManager(SimulatedCluster cluster) {

  /** The selected configuration of a pod. */
  sealed interface Selection {

    record Selected(DevicePluginConfig config) implements Selection {}

    /** No configuration, so it exits and is restarted; a running plugin keeps its configuration. */
    record Crash(String message) implements Selection {}
  }

  /**
   * Selects a configuration.
   *
   * @param label the requested configuration; empty for the operator's default
   */
  Selection select(String label, Lifetime lifetime) throws InterruptedException {
    OperatorPolicy.PluginConfig source = cluster.currentPolicy().pluginConfig();
    if (source.configMap().isEmpty()) {
      return new Selection.Selected(DevicePluginConfig.unshared());
    }
    ConfigMap map = lifetime.request(
        "read ConfigMap " + source.configMap(),
        () -> cluster
            .client()
            .configMaps()
            .inNamespace(cluster.namespace())
            .withName(source.configMap())
            .get());
    if (map == null) {
      return new Selection.Crash("configmap \"%s\" not found".formatted(source.configMap()));
    }
    if (map.getData() == null || map.getData().isEmpty()) {
      return new Selection.Crash("no configuration files available");
    }
    String name = label.isEmpty() ? source.defaultConfig() : label;
    // By default the operator uses an empty configuration.
    if (name.isEmpty()) {
      return new Selection.Selected(DevicePluginConfig.unshared());
    }
    String text = map.getData().get(name);
    return text == null
        ? new Selection.Crash("specified config %s does not exist".formatted(name))
        : read(text);
  }

  private static Selection read(String text) {
    DevicePluginConfigFile file = DevicePluginConfigFile.read(text);
    return file.config()
        .<Selection>map(Selection.Selected::new)
        .orElseGet(() -> new Selection.Crash(file.findings().stream()
            .filter(Finding::isError)
            .map(Finding::message)
            .collect(Collectors.joining("; ", "unable to load config: ", ""))));
  }

  static String requested(Map<String, String> labels) {
    return labels.getOrDefault(Labels.DEVICE_PLUGIN_CONFIG, "");
  }
}
