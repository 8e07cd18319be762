package io.github.mig4j.k8s.config;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.ConfigEdit;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterView;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.text.KubernetesName;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A ConfigMap of MIG configurations, in the operator's namespace under the key {@code config.yaml}.
 *
 * <p>Each configuration is published twice: under its name, and under a name with a hash of its content.
 * Nodes request the second name: changed content then changes the label, and the MIG manager reacts
 * only to a changed label (mig-parted#108).
 */
public final class MigConfigMap {

  public static final String KEY = "config.yaml";

  private static final Logger LOG = LoggerFactory.getLogger(MigConfigMap.class);

  /** The limit of an API server for the values of a ConfigMap, in bytes. */
  private static final int MAX_BYTES = 1024 * 1024;

  private final Cluster cluster;
  private final OperatorConfigMap map;

  public MigConfigMap(Cluster cluster, String name) {
    this.cluster = cluster;
    this.map = new OperatorConfigMap(cluster, name, "mig-config");
  }

  /**
   * Publishes a configuration and keeps all others. The ConfigMap is created if it does not exist; an
   * update is conditional on the version that was read.
   *
   * @param config the configuration's name, which must be a label value
   * @param entries its entries, at least one
   * @return the names under which it was published
   * @throws IllegalArgumentException if the name is not a label value or there is no entry
   * @throws MigRefusedException if the ConfigMap contains a file that the MIG manager rejects, cannot be
   *     changed, or would be too large; it is then unchanged
   * @throws MigConflictException if another client kept changing the ConfigMap
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public PublishedConfig merge(String config, MigConfigSpec... entries) {
    return merge(config, MigConfig.of(entries));
  }

  /**
   * Publishes a configuration; as {@link #merge(String, MigConfigSpec...)}.
   *
   * @param config the configuration's name, which must be a label value
   * @param content the configuration
   * @return the names under which it was published
   */
  public PublishedConfig merge(String config, MigConfig content) {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(content, "content");
    return mergeAll(Map.of(config, content)).get(0);
  }

  /**
   * Publishes several configurations in one write; otherwise as {@link #merge(String,
   * MigConfigSpec...)}. All of them are published, or none.
   *
   * @param configs configurations by name, each of which must be a label value
   * @return the names under which they were published, in the order of the map
   * @throws IllegalArgumentException if a name is not a label value
   * @throws MigRefusedException if the ConfigMap contains a file that the MIG manager rejects, cannot be
   *     changed, or would be too large; it is then unchanged
   * @throws MigConflictException if another client kept changing the ConfigMap
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public List<PublishedConfig> mergeAll(Map<String, MigConfig> configs) {
    Objects.requireNonNull(configs, "configs");
    List<Entry> entries = entries(configs);
    return merged(entries, edit(entries, this::outdated));
  }

  /**
   * Computes what {@link #mergeAll} would publish, and writes nothing.
   *
   * @param configs configurations by name, each of which must be a label value
   * @return the names under which they would be published, in the order of the map
   * @throws IllegalArgumentException if a name is not a label value
   * @throws MigRefusedException if {@link #mergeAll} would refuse them
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public List<PublishedConfig> preview(Map<String, MigConfig> configs) {
    Objects.requireNonNull(configs, "configs");
    List<Entry> entries = entries(configs);
    return merged(entries, edited(entries, this::outdated).changed);
  }

  private static List<Entry> entries(Map<String, MigConfig> configs) {
    List<Entry> entries = new ArrayList<>();
    configs.forEach((config, content) -> entries.add(new Entry(
        MigConfig.requireLabelValue(config),
        Stream.of(config, content.contentName(config)).distinct().toList(),
        content)));
    return entries;
  }

  private static List<PublishedConfig> merged(List<Entry> entries, Set<Entry> changed) {
    return entries.stream()
        .map(entry -> new PublishedConfig(
            entry.base, entry.names.get(entry.names.size() - 1), changed.contains(entry)))
        .toList();
  }

  /** Not API: publishes a configuration under these names in one write and keeps everything else. */
  public void add(List<String> names, MigConfig content) {
    Objects.requireNonNull(names, "names");
    Objects.requireNonNull(content, "content");
    Set<Entry> unused =
        edit(List.of(new Entry(names.get(0), names, content)), (document, entry) -> List.of());
  }

  /** A configuration, and the names under which it is published. */
  private record Entry(String base, List<String> names, MigConfig content) {}

  /** The ConfigMap with its new text, and what it did not contain before. */
  private record Edited(
      String namespace, Optional<ConfigMap> current, String text, Set<Entry> changed) {}

  /** Returns what the ConfigMap did not contain before. */
  private Set<Entry> edit(
      List<Entry> entries, BiFunction<MigConfigDocument, Entry, List<String>> outdated) {
    return cluster.onLatestVersion(() -> {
      Edited edited = edited(entries, outdated);
      if (!edited.changed.isEmpty()) {
        map.write(edited.namespace, edited.current, Map.of(KEY, edited.text));
      }
      return edited.changed;
    });
  }

  private Edited edited(
      List<Entry> entries, BiFunction<MigConfigDocument, Entry, List<String>> outdated) {
    if (map.name().equals(OperatorSettings.RESERVED_CONFIG_MAP)) {
      throw new MigRefusedException("Publishing", List.of(OperatorSettings.RESERVED));
    }
    String namespace = cluster.operatorNamespace();
    Optional<ConfigMap> current = map.read(namespace);
    String before = current.map(found -> Cluster.data(found, KEY)).orElse("");
    MigConfigDocument document = document(namespace, MigConfigFile.read(before));
    String after = before;
    Set<Entry> changed = new LinkedHashSet<>();
    for (Entry entry : entries) {
      String text = edited(namespace, after, document, entry, outdated.apply(document, entry));
      if (!text.equals(after)) {
        changed.add(entry);
      }
      after = text;
    }
    if (!changed.isEmpty()) {
      map.requireMutable(namespace, current);
    }
    return new Edited(namespace, current, after, changed);
  }

  private String edited(
      String namespace,
      String before,
      MigConfigDocument document,
      Entry entry,
      List<String> outdated) {
    String after = before;
    for (String old : outdated) {
      after = edited(namespace, MigConfigFile.read(after).remove(old));
    }
    for (String published : entry.names) {
      if (!document.config(published).equals(Optional.of(entry.content))) {
        after = edited(namespace, MigConfigFile.read(after).merge(published, entry.content));
      }
    }
    return after;
  }

  private String edited(String namespace, ConfigEdit edit) {
    String subject = map.in(namespace);
    int bytes = edit.textDespiteLosses().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_BYTES) {
      throw new MigRefusedException(
          subject,
          List.of(
              "it would have %d bytes, but an API server accepts at most %d; remove configurations"
                  .formatted(bytes, MAX_BYTES)));
    }
    if (!edit.losses().isEmpty()) {
      throw new MigRefusedException(
          subject,
          edit.losses().stream()
              .map(loss -> "the change would lose " + loss
                  + "; move it out of the configuration, or publish to another ConfigMap")
              .toList());
    }
    return edit.text();
  }

  /**
   * Reads the configurations.
   *
   * @return the document, or empty if the ConfigMap does not exist
   * @throws MigRefusedException if the ConfigMap contains a file that the MIG manager rejects
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<MigConfigDocument> read() {
    String namespace = cluster.operatorNamespace();
    return file(namespace).map(file -> document(namespace, file));
  }

  /**
   * Reads the file, also if it has errors.
   *
   * @param namespace the operator's namespace
   * @return the file, or empty if the ConfigMap does not exist
   * @throws MigClusterException if the API server does not answer or does not allow it
   */
  public Optional<MigConfigFile> file(String namespace) {
    Objects.requireNonNull(namespace, "namespace");
    return map.read(namespace).map(found -> MigConfigFile.read(Cluster.data(found, KEY)));
  }

  /**
   * Not API: the file in a ConfigMap of this name, also if it has errors; empty if the ConfigMap
   * does not exist, as when no ConfigMap can have the name.
   */
  public static Optional<MigConfigFile> file(ClusterView view, String namespace, String name) {
    Objects.requireNonNull(view, "view");
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(name, "name");
    return KubernetesName.isDnsSubdomain(name)
        ? view.configMap(namespace, name).map(map -> MigConfigFile.read(Cluster.data(map, KEY)))
        : Optional.empty();
  }

  private MigConfigDocument document(String namespace, MigConfigFile file) {
    return file.document()
        .orElseThrow(() -> new MigRefusedException(
            map.in(namespace) + ", in which one error makes every configuration fail",
            errors(file.findings())));
  }

  static List<String> errors(List<Finding> findings) {
    return findings.stream()
        .filter(Finding::isError)
        .map(finding -> KEY + ":" + finding.locatedSentence())
        .toList();
  }

  /** Names of earlier contents that no node requests. */
  private List<String> outdated(MigConfigDocument document, Entry entry) {
    List<String> superseded = document.configs().entrySet().stream()
        // A name that an admin chose does not contain the hash of its content.
        .filter(e -> e.getKey().startsWith(e.getValue().contentName(entry.base)))
        .filter(e -> !e.getValue().equals(entry.content))
        .map(Map.Entry::getKey)
        .toList();
    if (superseded.isEmpty()) {
      return superseded;
    }
    return requestedConfigs()
        .map(requested ->
            superseded.stream().filter(old -> !requested.contains(old)).toList())
        .orElse(List.of());
  }

  /**
   * The configurations that nodes request, are being changed to, or can be rolled back to; empty if
   * this client may not list nodes, because old names do no harm.
   */
  private Optional<Set<String>> requestedConfigs() {
    try {
      return Optional.of(
          cluster.gpuNodes().stream().flatMap(this::referredTo).collect(Collectors.toSet()));
    } catch (MigClusterException e) {
      LOG.debug("configmap={} outdated=kept reason=\"{}\"", map.name(), e.getMessage());
      return Optional.empty();
    }
  }

  private Stream<String> referredTo(Node node) {
    return Stream.of(
        NodeFields.labels(node).getOrDefault(cluster.settings().configLabel(), ""),
        NodeFields.annotations(node).getOrDefault(ChangeKind.LAYOUT.previousKey(), ""),
        ChangeRecord.configOf(node));
  }

  /** The kind and the name, e.g. {@code ConfigMap mig-config}. */
  @Override
  public String toString() {
    return map.toString();
  }
}
