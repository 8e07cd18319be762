package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Lines;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlPath;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Finds the configuration in a Kubernetes manifest: one object, several documents, or a List. */
final class Manifest {
  /** The operator mounts the map and its MIG manager reads this key. */
  private static final String KEY = "config.yaml";

  private static final String OPERATOR_OWNED = "default-mig-parted-config";

  private final List<String> lines;
  private final Findings findings;
  private final List<MappingNode> configMaps = new ArrayList<>();

  private Manifest(String text, Findings findings) {
    this.lines = Lines.of(text);
    this.findings = findings;
  }

  /** A configuration that a manifest contains. */
  record Embedded(String text, Embedding embedding, Optional<Block> block) {}

  /**
   * How a configuration is embedded in a manifest line by line.
   *
   * @param header the line of the key, from 1
   * @param indentation the blanks in front of each line
   */
  record Block(int header, int indentation) {}

  /** Whether these are Kubernetes objects and not a configuration itself. */
  static boolean isManifest(List<Node> documents) {
    return documents.stream()
        .anyMatch(document -> document instanceof MappingNode object
            && YamlNodes.child(object, "kind") instanceof ScalarNode
            && YamlNodes.child(object, "mig-configs") == null);
  }

  /** The one configuration to read, or empty after a finding that says why. */
  static Optional<Embedded> configuration(String text, List<Node> documents, Findings findings) {
    Manifest manifest = new Manifest(text, findings);
    documents.forEach(manifest::collect);
    return manifest.pick(documents);
  }

  private void collect(Node node) {
    if (!(node instanceof MappingNode object)) {
      return;
    }
    String kind = YamlNodes.text(YamlNodes.child(object, "kind"));
    if (kind.equals("ConfigMap")) {
      configMaps.add(object);
    } else if (YamlNodes.child(object, "items") instanceof SequenceNode items
        && kind.endsWith("List")) {
      boolean untyped = kind.equals("ConfigMapList");
      for (Node item : items.getValue()) {
        if (untyped && item instanceof MappingNode map && YamlNodes.child(map, "kind") == null) {
          configMaps.add(map);
        } else {
          collectItem(item);
        }
      }
    }
  }

  /** A List inside a List does not exist, so this ends. */
  private void collectItem(Node item) {
    if (item instanceof MappingNode map
        && YamlNodes.text(YamlNodes.child(map, "kind")).equals("ConfigMap")) {
      configMaps.add(map);
    }
  }

  private Optional<Embedded> pick(List<Node> documents) {
    LineColumn first =
        documents.isEmpty() ? LineColumn.START : GoYaml.position(documents.get(0), Embedding.NONE);
    if (configMaps.isEmpty()) {
      findings.error(
          ConfigCode.NO_CONFIGMAP,
          YamlPath.ROOT.at(first),
          "The manifest has no ConfigMap",
          "expected one of kind ConfigMap with data.'config.yaml'");
      return Optional.empty();
    }
    List<MappingNode> candidates =
        configMaps.stream().filter(map -> data(map, KEY) != null).toList();
    List<MappingNode> holding = candidates.stream()
        .filter(map -> YamlNodes.text(data(map, KEY)).contains("mig-configs"))
        .toList();
    candidates = holding.isEmpty() ? candidates : holding;
    if (candidates.isEmpty()) {
      configMaps.forEach(this::reportMissingKey);
      return Optional.empty();
    }
    if (candidates.size() > 1) {
      findings.warning(
          ConfigCode.SEVERAL_CONFIGMAPS,
          YamlPath.ROOT.at(at(candidates.get(1))),
          "The manifest has %d ConfigMaps with '%s', and only the first, %s, is read here"
              .formatted(candidates.size(), KEY, Quoted.of(name(candidates.get(0)))),
          "put each into a file of its own");
    }
    return open(candidates.get(0));
  }

  private void reportMissingKey(MappingNode map) {
    Node data = YamlNodes.child(map, "data");
    Optional<NodeTuple> similar = data instanceof MappingNode entries
        ? entries.getValue().stream()
            .filter(entry -> YamlNodes.text(entry.getValueNode()).contains("mig-configs"))
            .findFirst()
        : Optional.empty();
    Node place = similar.map(NodeTuple::getKeyNode).orElse(data == null ? map : data);
    findings.error(
        ConfigCode.CONFIGMAP_KEY,
        YamlPath.ROOT.key("data").at(at(place)),
        similar
            .map(entry ->
                "ConfigMap %s has its configuration under %s, which the MIG manager does not read"
                    .formatted(Quoted.of(name(map)), Quoted.of(YamlNodes.text(entry.getKeyNode()))))
            .orElseGet(() -> "ConfigMap %s has no key '%s'".formatted(Quoted.of(name(map)), KEY)),
        similar.isPresent() ? "name the key '" + KEY + "'" : "put the configuration there");
  }

  private Optional<Embedded> open(MappingNode map) {
    if (name(map).equals(OPERATOR_OWNED)) {
      findings.warning(
          ConfigCode.OPERATOR_OWNED_MAP,
          YamlPath.ROOT.at(at(map)),
          "The GPU Operator reverts edits of ConfigMap '%s'".formatted(OPERATOR_OWNED),
          "use a map of your own and set migManager.config.name");
    }
    Node value = data(map, KEY);
    if (!(value instanceof ScalarNode scalar)) {
      findings.error(
          ConfigCode.WRONG_TYPE,
          YamlPath.ROOT.key("data").key(KEY).at(value == null ? at(map) : at(value)),
          "data.'%s' must be a text, but was %s"
              .formatted(KEY, value instanceof MappingNode ? "a map" : "a list"),
          "write '%s: |' and indent the configuration below".formatted(KEY));
      return Optional.empty();
    }
    int header = at(scalar).line();
    List<String> inner = Lines.of(scalar.getValue());
    Optional<Block> block = scalar.getScalarStyle() == ScalarStyle.LITERAL
        ? Optional.of(new Block(header, YamlNodes.indentation(inner, lines, header)))
        : Optional.empty();
    Embedding embedding = YamlNodes.embedding(scalar, lines, Embedding.NONE);
    return Optional.of(new Embedded(scalar.getValue(), embedding, block));
  }

  private static LineColumn at(Node node) {
    return GoYaml.position(node, Embedding.NONE);
  }

  private static String name(MappingNode map) {
    return YamlNodes.text(YamlNodes.child(YamlNodes.child(map, "metadata"), "name"));
  }

  private static @Nullable Node data(MappingNode map, String key) {
    return YamlNodes.child(YamlNodes.child(map, "data"), key);
  }

  /** Whether keys of different levels are side by side, as after the indentation was lost. */
  static boolean lostIndentation(Node root) {
    if (!(root instanceof MappingNode map)) {
      return false;
    }
    boolean configurationFlat = isEmpty(YamlNodes.child(map, "mig-configs"))
        && map.getValue().stream()
            .anyMatch(entry -> INNER_KEYS.contains(YamlNodes.text(entry.getKeyNode()))
                || entry.getValueNode() instanceof SequenceNode);
    boolean manifestFlat =
        isEmpty(YamlNodes.child(map, "data")) && YamlNodes.child(map, KEY) != null;
    return configurationFlat || manifestFlat;
  }

  private static final Set<String> INNER_KEYS =
      Set.of("devices", "mig-enabled", "mig-devices", "device-filter");

  /** A key without a value. */
  private static boolean isEmpty(@Nullable Node node) {
    return node instanceof ScalarNode scalar && scalar.getValue().isEmpty();
  }
}
