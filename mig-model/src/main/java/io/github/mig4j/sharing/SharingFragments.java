package io.github.mig4j.sharing;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlPath;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Parts of a device plugin's file of which the head was cut off, and mig-parted's files. */
final class SharingFragments {

  private static final Set<String> KINDS = Set.of("timeSlicing", "mps");
  private static final Set<String> KIND_KEYS =
      Set.of("resources", "renameByDefault", "failRequestsGreaterThanOne");

  private SharingFragments() {}

  /** Reports in one finding what a document is, if it is not a whole file of the device plugin. */
  static boolean report(Node root, Embedding embedding, Findings findings) {
    LineColumn at = GoYaml.position(root, embedding);
    if (YamlNodes.child(root, "mig-configs") != null) {
      NamedConfigs.reportMigParted(at, findings);
      return true;
    }
    if (WrappingFindings.reportHooks(root, at, findings)) {
      return true;
    }
    Part part = part(root);
    if (part != null) {
      findings.error(TextCode.FRAGMENT, YamlPath.ROOT.at(at), part.message, part.remedy);
    }
    return part != null;
  }

  /** What a part of a file is, and what to add. */
  private record Part(String message, String remedy) {}

  private static @Nullable Part part(Node root) {
    if (isResources(root) || (isResource(root) && YamlNodes.child(root, "name") != null)) {
      return new Part(
          "These are the resources of a sharing section, without the head of the file",
          "put 'version: v1', 'sharing:', 'timeSlicing:' or 'mps:', and 'resources:' above, and indent them");
    }
    if (!(root instanceof MappingNode map) || map.getValue().isEmpty()) {
      return null;
    }
    if (YamlNodes.keys(map).allMatch(KINDS::contains)) {
      return new Part(
          "This is the inside of a sharing section, without the head of the file",
          "put 'version: v1' and 'sharing:' above, and indent it");
    }
    if (YamlNodes.keys(map).allMatch(KIND_KEYS::contains)
        && isResources(YamlNodes.child(map, "resources"))) {
      return new Part(
          "This is the inside of timeSlicing or mps, without the head of the file",
          "put 'version: v1', 'sharing:' and 'timeSlicing:' or 'mps:' above, and indent it");
    }
    return null;
  }

  private static boolean isResources(@Nullable Node node) {
    return node instanceof SequenceNode list
        && !list.getValue().isEmpty()
        && list.getValue().stream().allMatch(SharingFragments::isResource);
  }

  private static boolean isResource(Node node) {
    return YamlNodes.child(node, "replicas") != null;
  }
}
