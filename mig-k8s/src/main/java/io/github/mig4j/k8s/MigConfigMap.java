package io.github.mig4j.k8s;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.config.MigConfigSyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A ConfigMap of MIG configurations, in the operator's namespace under the key {@code config.yaml}.
 *
 * <p>Each configuration is published twice: under the name it was given, and under a name that
 * carries a hash of its content. Nodes ask for the second, so that changed content is a changed
 * label, which is all that the MIG manager notices (mig-parted#108).
 */
public final class MigConfigMap {

  static final String KEY = "config.yaml";

  /** What an API server accepts for all values of a ConfigMap together, in bytes. */
  private static final int MAX_BYTES = 1024 * 1024;

  private final Cluster cluster;
  private final String name;

  MigConfigMap(Cluster cluster, String name) {
    this.cluster = cluster;
    this.name = OperatorSettings.requireConfigMapName(name);
  }

  /**
   * What {@link #merge} did.
   *
   * @param name the name that was given
   * @param contentName the name with the content's hash, which {@link MigNode#apply} asks for
   * @param changed whether the map was written; false if it held the configuration already
   */
  public record Merged(String name, String contentName, boolean changed) {}

  /**
   * Publishes a configuration and leaves all others as they are. The map is created if it does not
   * exist, and written only on the version that was read.
   *
   * @param config the configuration's name, which must be a label value
   * @param entries its entries, at least one
   * @return the names under which it was published
   * @throws IllegalArgumentException if the name is no label value or there is no entry
   * @throws MigRefusedException if the map holds a file that the MIG manager refuses, cannot be
   *     changed, or would grow too large; it is then as it was
   * @throws MigConflictException if others kept changing the map
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Merged merge(String config, MigConfigSpec... entries) {
    return merge(config, MigConfig.of(entries));
  }

  /**
   * Publishes a configuration; as {@link #merge(String, MigConfigSpec...)}.
   *
   * @param config the configuration's name, which must be a label value
   * @param content the configuration
   * @return the names under which it was published
   */
  public Merged merge(String config, MigConfig content) {
    String contentName = content.contentName(MigConfig.requireLabelValue(config));
    return new Merged(config, contentName, add(config, contentName, content));
  }

  /** Publishes under the plain name and under one that stands for this content. */
  boolean add(String config, String contentName, MigConfig content) {
    String namespace = cluster.operatorNamespace();
    return cluster.onLatestVersion("write configmap %s/%s".formatted(namespace, name), () -> {
      ConfigMap current = handle(namespace).get();
      MigConfigDocument before = current == null ? MigConfigDocument.empty() : read(current);
      MigConfigDocument after =
          withoutOutdated(before, config, content).with(config, content).with(contentName, content);
      boolean changed = current == null || !after.equals(before);
      if (changed) {
        write(namespace, current, after);
      }
      return changed;
    });
  }

  /**
   * Reads the configurations.
   *
   * @return the document, or empty if the map does not exist
   * @throws MigRefusedException if the map holds a file that the MIG manager refuses
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<MigConfigDocument> read() {
    return read(cluster.operatorNamespace());
  }

  Optional<MigConfigDocument> read(String namespace) {
    ConfigMap map = cluster.call(
        "get configmap %s/%s".formatted(namespace, name),
        () -> handle(namespace).get());
    return Optional.ofNullable(map).map(this::read);
  }

  private MigConfigDocument read(ConfigMap map) {
    @Nullable Map<String, String> data = map.getData();
    String text = data == null ? "" : data.getOrDefault(KEY, "");
    try {
      return MigConfigDocument.parse(text);
    } catch (MigConfigSyntaxException e) {
      throw new MigRefusedException(
          "ConfigMap " + map.getMetadata().getNamespace() + "/" + name,
          "one fault makes every configuration in it fail; " + e.getMessage(),
          e);
    }
  }

  private void write(String namespace, @Nullable ConfigMap current, MigConfigDocument document) {
    String text = document.toYaml();
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_BYTES) {
      throw new MigRefusedException(
          "ConfigMap %s/%s".formatted(namespace, name),
          List.of(
              "it would hold %d bytes, but an API server accepts at most %d; remove configurations"
                  .formatted(bytes, MAX_BYTES)));
    }
    if (current == null) {
      handle(
              namespace,
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .withNamespace(namespace)
                  .endMetadata()
                  .addToData(KEY, text)
                  .build())
          .create();
      return;
    }
    if (Boolean.TRUE.equals(current.getImmutable())) {
      throw new MigRefusedException(
          "ConfigMap %s/%s".formatted(namespace, name),
          List.of("it is immutable; publish to a map of another name"));
    }
    handle(namespace, new ConfigMapBuilder(current).addToData(KEY, text).build())
        .update();
  }

  /** Drops earlier contents of this name that no node asks for any more. */
  private MigConfigDocument withoutOutdated(
      MigConfigDocument document, String config, MigConfig content) {
    List<String> outdated = document.configs().entrySet().stream()
        // A name that somebody chose by hand does not carry its content's hash.
        .filter(e -> e.getKey().startsWith(e.getValue().contentName(config)))
        .filter(e -> !e.getValue().equals(content))
        .map(Map.Entry::getKey)
        .toList();
    if (outdated.isEmpty()) {
      return document;
    }
    Set<String> asked = configsAskedFor();
    MigConfigDocument kept = document;
    for (String old : outdated) {
      kept = asked.contains(old) ? kept : kept.without(old);
    }
    return kept;
  }

  private Set<String> configsAskedFor() {
    String label = cluster.settings().configLabel();
    Set<String> asked = new HashSet<>();
    cluster
        .call(
            "list nodes with label " + label,
            () -> cluster.client().nodes().withLabel(label).list().getItems())
        .forEach(node -> asked.add(Cluster.labels(node).getOrDefault(label, "")));
    return asked;
  }

  private Resource<ConfigMap> handle(String namespace) {
    return cluster.client().configMaps().inNamespace(namespace).withName(name);
  }

  private Resource<ConfigMap> handle(String namespace, ConfigMap map) {
    return cluster.client().configMaps().inNamespace(namespace).resource(map);
  }
}
