package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.Cluster;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A ConfigMap in the operator's namespace. It is written on the version that was read. */
record OperatorConfigMap(Cluster cluster, String name) {

  /**
   * A handle; nothing is read.
   *
   * @param example a name for the message if {@code name} is none
   * @throws IllegalArgumentException if the name is not one of a ConfigMap
   */
  OperatorConfigMap(Cluster cluster, String name, String example) {
    this(cluster, OperatorSettings.requireConfigMapName(name, example));
  }

  /** The kind, the namespace and the name, for messages. */
  String in(String namespace) {
    return "ConfigMap %s/%s".formatted(namespace, name);
  }

  /** The ConfigMap; empty if it does not exist. */
  Optional<ConfigMap> read(String namespace) {
    return cluster.configMap(namespace, name);
  }

  void requireMutable(String namespace, Optional<ConfigMap> current) {
    if (current.isPresent() && Boolean.TRUE.equals(current.get().getImmutable())) {
      throw new MigRefusedException(
          in(namespace), List.of("it is immutable; publish to a ConfigMap with another name"));
    }
  }

  /** Sets the texts of some keys, in the version that was read or in a new ConfigMap. */
  void write(String namespace, Optional<ConfigMap> current, Map<String, String> texts) {
    ConfigMap changed = new ConfigMapBuilder(current.orElseGet(ConfigMap::new))
        .editOrNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .endMetadata()
        .addToData(texts)
        .build();
    Resource<ConfigMap> resource =
        cluster.client().configMaps().inNamespace(namespace).resource(changed);
    boolean exists = current.isPresent();
    cluster.call(
        "%s configmap %s/%s".formatted(exists ? "update" : "create", namespace, name),
        () -> exists ? resource.update() : resource.create());
  }

  /** The kind and the name, e.g. {@code ConfigMap mig-config}. */
  @Override
  public String toString() {
    return "ConfigMap " + name;
  }
}
