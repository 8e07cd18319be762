package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.Wrapping.Entry;
import io.github.mig4j.text.Wrapping.Holder;
import io.github.mig4j.text.YamlNodes;
import io.github.mig4j.text.YamlPath;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/** Finds the configuration in a file that wraps one, such as a manifest or the values of a chart. */
final class Manifest {
  /** The operator mounts the map and its MIG manager reads this key. */
  private static final String KEY = "config.yaml";

  private static final String OPERATOR_OWNED = "default-mig-parted-config";

  private final Wrapping wrapping;
  private final String text;
  private final LineColumn start;
  private final Findings findings;

  private Manifest(Wrapping wrapping, String text, LineColumn start, Findings findings) {
    this.wrapping = wrapping;
    this.text = text;
    this.start = start;
    this.findings = findings;
  }

  /** Whether these documents wrap a configuration and are none themselves. */
  static boolean isManifest(List<Node> documents, Wrapping wrapping) {
    return wrapping.isWrapper()
        && documents.stream()
            .noneMatch(document -> YamlNodes.child(document, "mig-configs") != null);
  }

  /**
   * The configurations of a file, of which the first is the one to read.
   *
   * @param first empty after a finding that says why
   * @param others those of further ConfigMaps
   */
  record Configurations(Optional<Wrapping.Content> first, List<Wrapping.Content> others) {}

  /** Finds the configurations, and reports what is wrong around them. */
  static Configurations configurations(
      Wrapping wrapping, List<Node> documents, String text, Findings findings) {
    LineColumn start =
        documents.isEmpty() ? LineColumn.START : GoYaml.position(documents.get(0), Embedding.NONE);
    return new Manifest(wrapping, text, start, findings).pick();
  }

  private Configurations pick() {
    WrappingFindings.reportExcess(wrapping, findings);
    WrappingFindings.reportDuplicates(wrapping, findings);
    WrappingFindings.reportStrategy(wrapping, findings);
    List<Entry> entries = wrapping.entries().stream()
        .filter(entry -> entry.holder() != Holder.PLUGIN_VALUES)
        .toList();
    List<Entry> named =
        entries.stream().filter(entry -> entry.key().equals(KEY)).toList();
    List<Entry> holding = named.stream().filter(Entry::isOfMigParted).toList();
    Optional<Entry> misplaced = holding.isEmpty()
        ? Stream.concat(entries.stream(), wrapping.entries().stream())
            .filter(entry -> entry.isOfMigParted() && !entry.key().isEmpty())
            .findFirst()
        : Optional.empty();
    if (misplaced.isPresent()) {
      reportKey(misplaced.get());
      return new Configurations(misplaced.flatMap(this::open), List.of());
    }
    Optional<Entry> keyless =
        entries.stream().filter(entry -> entry.key().isEmpty()).findFirst();
    if (named.isEmpty() && keyless.isPresent()) {
      reportKeyless(keyless.get());
      return new Configurations(keyless.flatMap(this::open), List.of());
    }
    List<Entry> candidates = holding.isEmpty() ? named : holding;
    if (candidates.isEmpty()) {
      reportNothing(entries);
      return new Configurations(Optional.empty(), List.of());
    }
    if (candidates.size() > 1) {
      findings.warning(
          ConfigCode.SEVERAL_CONFIGMAPS,
          YamlPath.ROOT.at(candidates.get(1).at()),
          "The manifest has %d ConfigMaps with '%s', and only the first, %s, is used here"
              .formatted(candidates.size(), KEY, Quoted.of(candidates.get(0).map())),
          "put each into a file of its own");
    }
    return new Configurations(
        open(candidates.get(0)),
        holding.stream().skip(1).flatMap(entry -> entry.content().stream()).toList());
  }

  private static boolean isOfDevicePlugin(Entry entry) {
    return entry.holder() == Holder.PLUGIN_VALUES || entry.isOfDevicePlugin();
  }

  private void reportKey(Entry entry) {
    if (entry.holder() == Holder.PLUGIN_VALUES) {
      findings.error(
          ConfigCode.CONFIGMAP_KEY,
          YamlPath.ROOT.key("data").at(entry.keyAt()),
          "The values of the device plugin have a configuration of mig-parted under %s, which only the MIG manager reads"
              .formatted(Quoted.of(entry.key())),
          "move it to migManager.config.data, under the key '" + KEY + "'");
      return;
    }
    findings.error(
        ConfigCode.CONFIGMAP_KEY,
        YamlPath.ROOT.key("data").at(entry.keyAt()),
        "%s its configuration under %s, which the MIG manager does not read"
            .formatted(
                entry.holder() == Holder.MIG_VALUES
                    ? "migManager.config.data has"
                    : map(entry.map()) + " has",
                Quoted.of(entry.key())),
        "name the key '" + KEY + "'");
  }

  private void reportKeyless(Entry entry) {
    findings.error(
        ConfigCode.WRONG_TYPE,
        YamlPath.ROOT.key("data").at(entry.valueAt()),
        "%s must be a map of texts, but was a text"
            .formatted(
                entry.holder() == Holder.MIG_VALUES
                    ? "migManager.config.data"
                    : "The data of " + withArticle(entry.map())),
        "write '%s: |' above it and indent it".formatted(KEY));
  }

  private static String withArticle(String name) {
    return name.isEmpty() ? "the ConfigMap" : "ConfigMap " + Quoted.of(name);
  }

  private static String map(String name) {
    return name.isEmpty() ? "The ConfigMap" : "ConfigMap " + Quoted.of(name);
  }

  private void reportNothing(List<Entry> entries) {
    if (wrapping.entries().stream().anyMatch(Manifest::isOfDevicePlugin)) {
      OtherKinds.reportDevicePlugin(start, findings);
    } else if (WrappingFindings.reportUnreadable(wrapping, text, Holder.PLUGIN_VALUES, findings)) {
      return;
    } else if (!entries.isEmpty()) {
      Entry first = entries.get(0);
      findings.error(
          ConfigCode.CONFIGMAP_KEY,
          YamlPath.ROOT.key("data").at(first.keyAt()),
          "%s has no key '%s'".formatted(map(first.map()), KEY),
          "put the configuration there");
    } else if (wrapping.hasValues()) {
      findings.error(
          ConfigCode.NO_CONFIGMAP,
          YamlPath.ROOT.at(start),
          "The Helm values have no configuration",
          "expected the text '%s' under migManager.config.data".formatted(KEY));
    } else {
      reportNoMap();
    }
  }

  private void reportNoMap() {
    Optional<MappingNode> map = wrapping.objects().stream()
        .map(Wrapping.Wrapped::node)
        .filter(node -> YamlNodes.text(node, "kind").equals("ConfigMap"))
        .findFirst();
    if (map.isEmpty()) {
      findings.error(
          ConfigCode.NO_CONFIGMAP,
          YamlPath.ROOT.at(start),
          "The manifest has no ConfigMap",
          "expected one of kind ConfigMap with data.'config.yaml'");
      return;
    }
    Node data = YamlNodes.child(map.get(), "data");
    String name = map(YamlNodes.text(YamlNodes.child(map.get(), "metadata"), "name"));
    Node binary = YamlNodes.child(YamlNodes.child(map.get(), "binaryData"), KEY);
    if (binary != null) {
      findings.error(
          ConfigCode.CONFIGMAP_KEY,
          YamlPath.ROOT.key("binaryData").at(GoYaml.position(binary, Embedding.NONE)),
          "%s has '%s' in base64, under binaryData, which is not checked".formatted(name, KEY),
          "decode it, and put the text under data");
      return;
    }
    findings.error(
        ConfigCode.CONFIGMAP_KEY,
        YamlPath.ROOT
            .key("data")
            .at(GoYaml.position(data == null ? map.get() : data, Embedding.NONE)),
        "%s has no key '%s'".formatted(name, KEY),
        "put the configuration there");
  }

  private Optional<Wrapping.Content> open(Entry entry) {
    if (entry.map().equals(OPERATOR_OWNED)) {
      findings.warning(
          ConfigCode.OPERATOR_OWNED_MAP,
          YamlPath.ROOT.at(entry.at()),
          "The GPU Operator reverts edits of ConfigMap '%s'".formatted(OPERATOR_OWNED),
          "use a map of your own and set migManager.config.name");
    }
    WrappingFindings.reportMissingKind(entry, findings);
    if (entry.content().isPresent()) {
      WrappingFindings.reportElsewhere(wrapping, Holder.PLUGIN_VALUES, Severity.NOTE, findings);
    } else if (!WrappingFindings.reportTemplate(wrapping, text, findings)) {
      findings.error(
          ConfigCode.WRONG_TYPE,
          YamlPath.ROOT.key("data").key(KEY).at(entry.valueAt()),
          "data.'%s' must be a text, but was %s".formatted(KEY, entry.valueKind()),
          "write '%s: |' and indent the configuration below".formatted(KEY));
    }
    return entry.content();
  }
}
