package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.github.mig4j.JsonForm;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.KubernetesName;
import java.util.List;
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
  private final String name;

  /**
   * Not API; use {@code MigClient.sharingMap}.
   *
   * @param cluster the way into the cluster
   * @param name the map's name
   */
  public SharingConfigMap(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = OperatorSettings.requireConfigMapName(name, "device-plugin-config");
  }

  /**
   * The result of {@link #merge}.
   *
   * @param name the configuration's name
   * @param contentName the name with the content's hash, which {@code MigNode.share} requests
   * @param changed whether the ConfigMap was written; false if it contained the configuration before
   */
  public record Merged(String name, String contentName, boolean changed) implements JsonForm {
    public Merged {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(contentName, "contentName");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("name", name)
          .and("contentName", contentName)
          .and("changed", changed)
          .map();
    }
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
  public Merged merge(String config, DevicePluginConfig content) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(content, "content");
    KubernetesName.requireConfigName(config);
    String namespace = cluster.operatorNamespace(cluster.clusterPolicy());
    return cluster.onLatestVersion(() -> {
      Optional<ConfigMap> current = get(namespace);
      DevicePluginConfig merged = current
          .flatMap(map -> Optional.ofNullable(Cluster.texts(map).get(config)))
          .flatMap(text -> DevicePluginConfigFile.read(text).config())
          .map(content::withUnknownKeysOf)
          .orElse(content);
      String contentName = merged.contentName(config);
      String yaml = merged.toYaml();
      Map<String, String> texts = new TreeMap<>(Map.of(config, yaml));
      texts.put(contentName, yaml);
      boolean changed = writeChanges(namespace, current, texts);
      return new Merged(config, contentName, changed);
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

  /**
   * The map's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  /** Not API: the texts by key; empty if the ConfigMap does not exist. */
  Optional<SortedMap<String, String>> data(String namespace) {
    return get(namespace).map(Cluster::texts);
  }

  /**
   * Not API: sets the texts of these keys.
   *
   * @return whether anything was written
   */
  public boolean publish(String namespace, Map<String, String> texts) {
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(texts, "texts");
    return cluster.onLatestVersion(() -> writeChanges(namespace, get(namespace), texts));
  }

  private boolean writeChanges(
      String namespace, Optional<ConfigMap> current, Map<String, String> texts) {
    SortedMap<String, String> before = current.map(Cluster::texts).orElseGet(TreeMap::new);
    boolean changed = !before.entrySet().containsAll(texts.entrySet());
    if (changed) {
      write(namespace, current, texts);
    }
    return changed;
  }

  private Optional<ConfigMap> get(String namespace) {
    return cluster.configMap(namespace, name);
  }

  private void write(String namespace, Optional<ConfigMap> current, Map<String, String> texts) {
    if (current.isPresent() && Boolean.TRUE.equals(current.get().getImmutable())) {
      throw new MigRefusedException(
          "ConfigMap %s/%s".formatted(namespace, name),
          List.of("it is immutable; publish to a ConfigMap with another name"));
    }
    if (current.isPresent()) {
      ConfigMap changed = new ConfigMapBuilder(current.get()).addToData(texts).build();
      cluster.call(
          "update configmap %s/%s".formatted(namespace, name),
          () -> handle(namespace, changed).update());
    } else {
      ConfigMap created = new ConfigMapBuilder()
          .withNewMetadata()
          .withName(name)
          .withNamespace(namespace)
          .endMetadata()
          .addToData(texts)
          .build();
      cluster.call(
          "create configmap %s/%s".formatted(namespace, name),
          () -> handle(namespace, created).create());
    }
  }

  private Resource<ConfigMap> handle(String namespace, ConfigMap map) {
    return cluster.client().configMaps().inNamespace(namespace).resource(map);
  }

  /** The kind and the name, e.g. {@code ConfigMap device-plugin-config}. */
  @Override
  public String toString() {
    return "ConfigMap " + name;
  }
}
