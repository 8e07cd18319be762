package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlPath;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Texts that are no mig-parted file but look like one: parts of one, and files of other programs. */
final class OtherKinds {

  private static final Set<String> ENTRY_KEYS =
      Set.of("devices", "mig-enabled", "mig-devices", "device-filter");

  private static final Set<String> PLUGIN_KEYS = Set.of("flags", "sharing", "imex");

  private static final Pattern PLUGIN_TEXT = Pattern.compile("(?m)^(?:flags|sharing|imex)[ \\t]*:");

  private static final Pattern PROFILE_KEY = Pattern.compile("(?:\\d+c\\.)?\\d+g\\.\\d+gb.*");

  private OtherKinds() {}

  /** Reports in one finding what a document is, if it is a part of a file or a file of another kind. */
  static boolean report(Node root, Embedding embedding, Findings findings) {
    LineColumn at = GoYaml.position(root, embedding);
    if (isPluginFile(root)) {
      reportDevicePlugin(at, findings);
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

  static boolean isOfDevicePlugin(Wrapping.Entry entry) {
    return entry
        .content()
        .filter(text -> PLUGIN_TEXT.matcher(text.text()).find())
        .isPresent();
  }

  private static boolean isPluginFile(Node root) {
    return root instanceof MappingNode map
        && YamlNodes.child(map, "mig-configs") == null
        && map.getValue().stream()
            .anyMatch(entry -> PLUGIN_KEYS.contains(YamlNodes.text(entry.getKeyNode())));
  }

  /** What is missing above a part of a file, and what to add; null if this is no part. */
  private static @Nullable String fragment(Node root) {
    if (isEntryList(root)) {
      return "These are the entries of one configuration, without its name; put 'version: v1', 'mig-configs:' and a name above, and indent them";
    }
    if (!(root instanceof MappingNode map)
        || map.getValue().isEmpty()
        || YamlNodes.child(map, "mig-configs") != null
        || YamlNodes.child(map, "version") != null) {
      return null;
    }
    if (isEntry(map)) {
      return "This is one entry of a configuration; put 'version: v1', 'mig-configs:' and a name above, begin the entry with '- ', and indent it";
    }
    if (map.getValue().stream().allMatch(entry -> isEntryList(entry.getValueNode()))) {
      return "These are entries of mig-configs, without the head of the file; put 'version: v1' and 'mig-configs:' above, and indent them";
    }
    if (map.getValue().stream()
        .allMatch(
            entry -> PROFILE_KEY.matcher(YamlNodes.text(entry.getKeyNode())).matches()
                && entry.getValueNode() instanceof ScalarNode)) {
      return "These are the profiles of mig-devices; put them into an entry of a configuration below 'version: v1' and 'mig-configs:'";
    }
    return null;
  }

  private static boolean isEntryList(Node node) {
    return node instanceof SequenceNode list
        && !list.getValue().isEmpty()
        && list.getValue().stream().allMatch(OtherKinds::isEntry);
  }

  private static boolean isEntry(Node node) {
    return node instanceof MappingNode map
        && !map.getValue().isEmpty()
        && map.getValue().stream()
            .allMatch(entry -> ENTRY_KEYS.contains(YamlNodes.text(entry.getKeyNode())));
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
