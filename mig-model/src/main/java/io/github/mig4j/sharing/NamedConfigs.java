package io.github.mig4j.sharing;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.Lines;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Finds the plugin's configurations in the files that contain them, each a text with its name. */
final class NamedConfigs {

  record Named(String name, String text, Embedding embedding) {}

  private static final List<String> PATCH_LISTS =
      List.of("patches", "patchesJson6902", "patchesStrategicMerge");

  private final List<Named> found = new ArrayList<>();

  private NamedConfigs() {}

  /** The configurations inside a text; empty if the text is one itself, or no YAML. */
  static Optional<List<Named>> in(String text) {
    YamlText yaml =
        YamlText.parse(text, Embedding.NONE, new Findings(DevicePluginConfigReader.PROGRAM));
    if (yaml.documents().stream().noneMatch(NamedConfigs::holdsOthers)) {
      return Optional.empty();
    }
    NamedConfigs configs = new NamedConfigs();
    configs.collect(text, yaml.documents(), Embedding.NONE);
    return Optional.of(configs.found);
  }

  private static boolean holdsOthers(Node document) {
    return YamlNodes.child(document, "kind") instanceof ScalarNode
        || helmMap(document) instanceof MappingNode;
  }

  /** In the values of the device plugin's chart, or of the operator's. */
  private static @Nullable Node helmMap(Node document) {
    Node own = YamlNodes.child(YamlNodes.child(document, "config"), "map");
    return own != null
        ? own
        : YamlNodes.child(
            YamlNodes.child(YamlNodes.child(document, "devicePlugin"), "config"), "data");
  }

  private void collect(String text, List<Node> documents, Embedding embedding) {
    List<String> lines = Lines.of(text);
    for (Node document : documents) {
      String kind = YamlNodes.text(YamlNodes.child(document, "kind"));
      if (kind.equals("ConfigMap")) {
        addAll(YamlNodes.child(document, "data"), lines, embedding);
      } else if (kind.equals("Kustomization")) {
        patches(document).forEach(patch -> collectPatch(patch, lines, embedding));
      } else if (kind.endsWith("List")) {
        items(YamlNodes.child(document, "items"))
            .filter(item -> kind.equals("ConfigMapList")
                || YamlNodes.text(YamlNodes.child(item, "kind")).equals("ConfigMap"))
            .forEach(item -> addAll(YamlNodes.child(item, "data"), lines, embedding));
      } else {
        addAll(helmMap(document), lines, embedding);
      }
    }
  }

  private static Stream<ScalarNode> patches(Node kustomization) {
    return PATCH_LISTS.stream()
        .flatMap(key -> items(YamlNodes.child(kustomization, key)))
        .map(item -> item instanceof MappingNode ? YamlNodes.child(item, "patch") : item)
        .filter(ScalarNode.class::isInstance)
        .map(ScalarNode.class::cast);
  }

  /** A patch is a text of its own: part of a ConfigMap, or a list of JSON operations. */
  private void collectPatch(ScalarNode patch, List<String> outer, Embedding outerEmbedding) {
    Embedding embedding = YamlNodes.embedding(patch, outer, outerEmbedding);
    YamlText yaml =
        YamlText.parse(patch.getValue(), embedding, new Findings(DevicePluginConfigReader.PROGRAM));
    List<String> lines = Lines.of(patch.getValue());
    for (Node document : yaml.documents()) {
      if (YamlNodes.text(YamlNodes.child(document, "kind")).equals("ConfigMap")) {
        addAll(YamlNodes.child(document, "data"), lines, embedding);
      }
      items(document).forEach(operation -> {
        String path = YamlNodes.text(YamlNodes.child(operation, "path"));
        Node value = YamlNodes.child(operation, "value");
        if (path.equals("/data")) {
          addAll(value, lines, embedding);
        } else if (path.startsWith("/data/")) {
          add(
              path.substring("/data/".length()).replace("~1", "/").replace("~0", "~"),
              value,
              lines,
              embedding);
        }
      });
    }
  }

  private void addAll(@Nullable Node data, List<String> lines, Embedding embedding) {
    if (data instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        add(YamlNodes.text(entry.getKeyNode()), entry.getValueNode(), lines, embedding);
      }
    }
  }

  private void add(String name, @Nullable Node value, List<String> lines, Embedding embedding) {
    if (value instanceof ScalarNode scalar) {
      found.add(new Named(name, scalar.getValue(), YamlNodes.embedding(scalar, lines, embedding)));
    }
  }

  private static Stream<Node> items(@Nullable Node list) {
    return list instanceof SequenceNode sequence ? sequence.getValue().stream() : Stream.of();
  }
}
