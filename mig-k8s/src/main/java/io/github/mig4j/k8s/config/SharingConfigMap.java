package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import io.github.mig4j.text.KubernetesName;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A ConfigMap of the device plugin's configurations, in the operator's namespace, each under a key
 * of its own.
 *
 * <p>Each configuration is published twice: under its name, and under a name with a hash of its content.
 * Nodes request the second name: changed content then changes the label, and the plugin reads a key only
 * when the label changes. Keys of earlier contents are kept for rollbacks.
 */
public final class SharingConfigMap {

  private final Cluster cluster;
  private final OperatorConfigMap map;

  /**
   * Not API; use {@code MigClient.sharingMap}.
   *
   * @param cluster the way into the cluster
   * @param name the map's name
   */
  public SharingConfigMap(Cluster cluster, String name) {
    this.cluster = cluster;
    this.map = new OperatorConfigMap(cluster, name, "device-plugin-config");
  }

  /**
   * Publishes a configuration and keeps all other keys. If the configuration exists already, its {@link
   * DevicePluginConfig#unknownKeys} are kept as well, unless the content has the same key itself. The
   * ConfigMap is created if it does not exist; an update is conditional on the version that was read.
   * No node changes by this.
   *
   * @param config the configuration's name, which must be a label value
   * @param content the configuration
   * @return the names under which it was published
   * @throws IllegalArgumentException if the name is not a label value
   * @throws MigRefusedException if the ConfigMap is immutable
   * @throws MigConflictException if another client kept changing the ConfigMap
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public PublishedConfig merge(String config, DevicePluginConfig content) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(content, "content");
    KubernetesName.requireConfigName(config);
    String namespace = cluster.operatorNamespace(cluster.clusterPolicy());
    return cluster.onLatestVersion(() -> {
      Optional<ConfigMap> current = map.read(namespace);
      DevicePluginConfig merged = current
          .flatMap(found -> Optional.ofNullable(Cluster.texts(found).get(config)))
          .flatMap(text -> DevicePluginConfigFile.read(text).config())
          .map(content::withUnknownKeysOf)
          .orElse(content);
      String contentName = merged.contentName(config);
      String yaml = merged.toYaml();
      Map<String, String> texts = new TreeMap<>(Map.of(config, yaml));
      texts.put(contentName, yaml);
      boolean changed = writeChanges(namespace, current, texts);
      return new PublishedConfig(config, contentName, changed);
    });
  }

  /**
   * Reads the configurations.
   *
   * @return the files by key, also those with errors; empty if the ConfigMap does not exist
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<SortedMap<String, DevicePluginConfigFile>> read() {
    return data(cluster.operatorNamespace(cluster.clusterPolicy())).map(data -> {
      SortedMap<String, DevicePluginConfigFile> files = new TreeMap<>();
      data.forEach((key, text) -> files.put(key, DevicePluginConfigFile.read(text)));
      return files;
    });
  }

  /** Not API: the texts by key; empty if the ConfigMap does not exist. */
  Optional<SortedMap<String, String>> data(String namespace) {
    return map.read(namespace).map(Cluster::texts);
  }

  /** Not API: sets the texts of these keys; false if nothing was to be written. */
  public boolean publish(String namespace, Map<String, String> texts) {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(texts, "texts");
    return cluster.onLatestVersion(() -> writeChanges(namespace, map.read(namespace), texts));
  }

  private boolean writeChanges(
      String namespace, Optional<ConfigMap> current, Map<String, String> texts) {
    SortedMap<String, String> before = current.map(Cluster::texts).orElseGet(TreeMap::new);
    boolean changed = !before.entrySet().containsAll(texts.entrySet());
    if (changed) {
      map.requireMutable(namespace, current);
      map.write(namespace, current, texts);
    }
    return changed;
  }

  /** The kind and the name, e.g. {@code ConfigMap device-plugin-config}. */
  @Override
  public String toString() {
    return map.toString();
  }
}
