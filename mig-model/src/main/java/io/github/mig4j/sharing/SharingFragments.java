package io.github.mig4j.sharing;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
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
    if (YamlNodes.child(root, "mig-configs") != null) {
      NamedConfigs.reportMigParted(GoYaml.position(root, embedding), findings);
      return true;
    }
    if (WrappingFindings.reportHooks(root, GoYaml.position(root, embedding), findings)) {
      return true;
    }
    if (isResources(root) || (isResource(root) && YamlNodes.child(root, "name") != null)) {
      reportPart(
          root,
          embedding,
          findings,
          "These are the resources of a sharing section, without the head of the file",
          "put 'version: v1', 'sharing:', 'timeSlicing:' or 'mps:', and 'resources:' above, and indent them");
      return true;
    }
    if (!(root instanceof MappingNode map) || map.getValue().isEmpty()) {
      return false;
    }
    boolean areKinds = allKeys(map, KINDS);
    boolean areResources =
        allKeys(map, KIND_KEYS) && isResources(YamlNodes.child(map, "resources"));
    if (areKinds) {
      reportPart(
          root,
          embedding,
          findings,
          "This is the inside of a sharing section, without the head of the file",
          "put 'version: v1' and 'sharing:' above, and indent it");
    } else if (areResources) {
      reportPart(
          root,
          embedding,
          findings,
          "This is the inside of timeSlicing or mps, without the head of the file",
          "put 'version: v1', 'sharing:' and 'timeSlicing:' or 'mps:' above, and indent it");
    }
    return areKinds || areResources;
  }

  private static boolean allKeys(MappingNode map, Set<String> keys) {
    return map.getValue().stream()
        .allMatch(entry -> keys.contains(YamlNodes.text(entry.getKeyNode())));
  }

  private static boolean isResources(@Nullable Node node) {
    return node instanceof SequenceNode list
        && !list.getValue().isEmpty()
        && list.getValue().stream().allMatch(SharingFragments::isResource);
  }

  private static boolean isResource(Node node) {
    return YamlNodes.child(node, "replicas") != null;
  }

  private static void reportPart(
      Node root, Embedding embedding, Findings findings, String message, String remedy) {
    findings.error(
        TextCode.FRAGMENT, YamlPath.ROOT.at(GoYaml.position(root, embedding)), message, remedy);
  }
}
