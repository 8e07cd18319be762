package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlPath;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Texts that are no mig-parted file but look like one: parts of one, and files of other programs. */
final class OtherKinds {

  private static final Set<String> ENTRY_KEYS =
      Set.of("devices", "mig-enabled", "mig-devices", "device-filter");

  /** Keys of the device plugin's file, and those within its sections if their heads are cut off. */
  private static final Set<String> PLUGIN_KEYS =
      Set.of("flags", "sharing", "imex", "timeSlicing", "mps", "migStrategy", "replicas");

  private static final Pattern PROFILE_KEY = Pattern.compile("(?:\\d+c\\.)?\\d+g\\.\\d+gb.*");

  private OtherKinds() {}

  /** Reports in one finding what a document is, if it is a part of a file or a file of another kind. */
  static boolean report(Node root, Embedding embedding, Findings findings) {
    LineColumn at = GoYaml.position(root, embedding);
    if (isPluginFile(root)) {
      reportDevicePlugin(at, findings);
      return true;
    }
    if (WrappingFindings.reportHooks(root, at, findings)) {
      return true;
    }
    String what = fragment(root);
    if (what == null) {
      return false;
    }
    int cut = what.indexOf(';');
    findings.error(
        TextCode.FRAGMENT, YamlPath.ROOT.at(at), what.substring(0, cut), what.substring(cut + 2));
    return true;
  }

  static void reportDevicePlugin(LineColumn at, Findings findings) {
    findings.error(
        TextCode.OTHER_KIND,
        YamlPath.ROOT.at(at),
        "The file is a configuration of the device plugin, which mig-parted does not read",
        "name its ConfigMap in devicePlugin.config of the GPU Operator, not in migManager.config");
  }

  private static boolean isPluginFile(Node root) {
    if (root instanceof SequenceNode list) {
      return !list.getValue().isEmpty()
          && list.getValue().stream().allMatch(OtherKinds::isPluginFile);
    }
    return root instanceof MappingNode map
        && YamlNodes.child(map, "mig-configs") == null
        && (YamlNodes.keys(map).anyMatch(PLUGIN_KEYS::contains)
            || (YamlNodes.child(map, "resources") instanceof SequenceNode resources
                && isPluginFile(resources)));
  }

  /** What is missing above a part of a file, and what to add; null if this is no part. */
  private static @Nullable String fragment(Node root) {
    if (isEntryList(root)) {
      return "These are the entries of one configuration, without its name; put 'version: v1', 'mig-configs:' and a name above, and indent them";
    }
    if (!(root instanceof MappingNode map) || YamlNodes.child(map, "mig-configs") != null) {
      return null;
    }
    if (isEntry(map)) {
      return "This is one entry of a configuration; put 'version: v1', 'mig-configs:' and a name above, begin the entry with '- ', and indent it";
    }
    List<NodeTuple> configs = map.getValue().stream()
        .filter(entry -> !YamlNodes.text(entry.getKeyNode()).equals("version"))
        .toList();
    if (configs.stream().anyMatch(entry -> isConfig(entry.getValueNode()))
        && configs.stream()
            .allMatch(entry -> isConfig(entry.getValueNode()) || isEmpty(entry.getValueNode()))) {
      return configs.size() == map.getValue().size()
          ? "These are entries of mig-configs, without the head of the file; put 'version: v1' and 'mig-configs:' above, and indent them"
          : "These are entries of mig-configs, but that key is missing; put 'mig-configs:' below the version, and indent them";
    }
    if (!configs.isEmpty()
        && configs.stream()
            .allMatch(
                entry -> PROFILE_KEY.matcher(YamlNodes.text(entry.getKeyNode())).matches()
                    && entry.getValueNode() instanceof ScalarNode)) {
      return "These are the profiles of mig-devices; put them into an entry of a configuration below 'version: v1' and 'mig-configs:'";
    }
    return null;
  }

  /** The value of a name in mig-configs, also if the dash of its only entry is missing. */
  private static boolean isConfig(Node node) {
    return isEntryList(node) || isEntry(node);
  }

  private static boolean isEntryList(Node node) {
    return node instanceof SequenceNode list
        && !list.getValue().isEmpty()
        && list.getValue().stream().allMatch(OtherKinds::isEntry);
  }

  private static boolean isEntry(Node node) {
    return node instanceof MappingNode map && YamlNodes.keys(map).anyMatch(ENTRY_KEYS::contains);
  }

  /** Whether keys of different levels are side by side, as after the indentation was lost. */
  static boolean lostIndentation(Node root) {
    if (!(root instanceof MappingNode map)) {
      return false;
    }
    boolean configurationFlat = isEmpty(YamlNodes.child(map, "mig-configs"))
        && map.getValue().stream()
            .anyMatch(entry -> ENTRY_KEYS.contains(YamlNodes.text(entry.getKeyNode()))
                || entry.getValueNode() instanceof SequenceNode);
    boolean manifestFlat =
        isEmpty(YamlNodes.child(map, "data")) && YamlNodes.child(map, "config.yaml") != null;
    return configurationFlat || manifestFlat;
  }

  /** A key without a value. */
  private static boolean isEmpty(@Nullable Node node) {
    return node instanceof ScalarNode scalar && scalar.getValue().isEmpty();
  }
}
