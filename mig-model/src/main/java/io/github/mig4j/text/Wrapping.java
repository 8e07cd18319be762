package io.github.mig4j.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * What a file wraps: the named texts of ConfigMaps and the Kubernetes objects in it, wherever people
 * keep them. These are objects, Lists, Templates, Kustomizations and their patches, values of Helm
 * charts under any key, and Argo CD and Flux objects with such values, as maps or as texts.
 */
public final class Wrapping {

  /** Values inside an Argo CD object inside a ConfigMap are three texts deep. */
  private static final int MAX_TEXTS = 4;

  private static final Set<String> PLUGIN_CHART =
      Set.of("map", "name", "default", "fallbackStrategies");

  private static final Pattern PARAMETER =
      Pattern.compile("(?:.*\\.)?(migManager|devicePlugin)\\.config\\.data\\.(.+)");

  private static final Pattern OF_MIG_PARTED =
      Pattern.compile("(?m)(?:^|[{,])[ \\t]*\"?mig-configs\"?[ \\t]*:");
  private static final Pattern OF_DEVICE_PLUGIN = Pattern.compile(
      "(?m)^(?:flags|sharing|imex)[ \\t]*:|(?:^|[{,])[ \\t]*\"(?:flags|sharing|imex)\"[ \\t]*:");

  private static final Pattern WORTH_READING = Pattern.compile(
      "(?m)^[ \\t\"]*(?:- )?\"?(?:migManager|devicePlugin|gpu-operator|kind|configMapGenerator)\"?[ \\t]*:");

  private final List<Entry> entries = new ArrayList<>();
  private final List<Wrapped> objects = new ArrayList<>();
  private final List<Elsewhere> elsewhere = new ArrayList<>();
  private final List<Elsewhere> resources = new ArrayList<>();
  private final List<YamlText.Fault> faults = new ArrayList<>();
  private final List<Duplicate> duplicates = new ArrayList<>();
  private final Set<Node> visited = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Node> searched = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Node> added = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean hasKind;
  private boolean hasValues;
  private boolean hasPlaceholders;
  private int characters;
  private @Nullable LineColumn excess;
  private @Nullable String strategy;
  private LineColumn strategyAt = LineColumn.START;
  private @Nullable String defaultConfig;

  private Wrapping() {}

  /** Where a named text is kept. */
  public enum Holder {
    /** The data of a ConfigMap. */
    CONFIG_MAP,
    /** What looks like a ConfigMap of which the kind is missing. */
    UNTYPED_MAP,
    /** What looks like the data of a ConfigMap, of which all above is missing. */
    UNTYPED_DATA,
    /** Values of the GPU Operator's chart for its MIG manager. */
    MIG_VALUES,
    /** Values for the device plugin. */
    PLUGIN_VALUES
  }

  /** A node of a text, which may be inside another text. */
  private record Source(List<String> lines, Embedding embedding, int depth) {}

  /**
   * A named text, such as a key of a ConfigMap and its value.
   *
   * @param map the name of the ConfigMap; empty if it is not known
   * @param at where the map begins
   * @param key empty for a text where a map of texts belongs
   * @param keyAt where the key is
   * @param valueKind what the value is, e.g. {@code a map}
   * @param content the text, or empty if the value is no text
   */
  public record Entry(
      Holder holder,
      String map,
      LineColumn at,
      String key,
      LineColumn keyAt,
      LineColumn valueAt,
      String valueKind,
      Optional<Content> content) {

    /** Whether the text has the key of mig-parted's configurations, wherever it is. */
    public boolean isOfMigParted() {
      return content.filter(some -> OF_MIG_PARTED.matcher(some.text()).find()).isPresent();
    }

    /** Whether the text has a section of the device plugin's file. */
    public boolean isOfDevicePlugin() {
      return content
          .filter(some -> OF_DEVICE_PLUGIN.matcher(some.text()).find())
          .isPresent();
    }
  }

  /**
   * The text of an entry.
   *
   * @param embedding maps its lines to the file
   * @param block present if its lines are lines of the file
   */
  public record Content(String text, Embedding embedding, Optional<Block> block) {}

  /**
   * How a text is embedded in a file line by line.
   *
   * @param header the line of the key, from 1
   * @param indentation the blanks in front of each line
   */
  public record Block(int header, int indentation) {}

  /** A Kubernetes object, and where its text is. */
  public record Wrapped(MappingNode node, Embedding embedding) {}

  /**
   * Something that is said to be in another file or object.
   *
   * @param what such as {@code the file 'mig.yaml'}
   * @param holder whose values name it; empty if it may be for any program
   */
  public record Elsewhere(String what, LineColumn at, Optional<Holder> holder) {}

  /**
   * A key that a map has twice, of which Kubernetes and Helm read only the last.
   *
   * @param first the line of the one before
   */
  public record Duplicate(String key, LineColumn at, int first) {}

  /** Looks into the documents of a text. */
  public static Wrapping of(YamlText yaml, String text) {
    Wrapping wrapping = new Wrapping();
    Source source = new Source(Lines.of(text), Embedding.NONE, 0);
    wrapping.hasPlaceholders = Template.isReadAsMap(yaml.documents());
    for (Node document : yaml.documents()) {
      wrapping.hasKind |= YamlNodes.child(document, "kind") instanceof ScalarNode;
      if (isInsideOfMap(document)) {
        wrapping.addAll(Holder.UNTYPED_DATA, (MappingNode) document, document, source);
      }
      wrapping.visit(document, source);
    }
    return wrapping;
  }

  /** The named texts in the order of the file. */
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  /** The Kubernetes objects in the order of the file, without Lists and Templates. */
  public List<Wrapped> objects() {
    return List.copyOf(objects);
  }

  /** The contents that are in other files or objects; any resource may be one if nothing is here. */
  public List<Elsewhere> elsewhere() {
    Set<String> here = entries.stream()
        .filter(entry -> entry.holder() == Holder.CONFIG_MAP)
        .map(entry -> theMap(entry.map()))
        .collect(Collectors.toSet());
    Stream<Elsewhere> all = entries.isEmpty()
        ? Stream.concat(elsewhere.stream(), resources.stream())
        : elsewhere.stream();
    return all.filter(other -> !here.contains(other.what())).toList();
  }

  private static String theMap(String name) {
    return "the ConfigMap " + Quoted.of(name);
  }

  /** The keys around the configurations that a map has twice, in the order of the file. */
  public List<Duplicate> duplicates() {
    return List.copyOf(duplicates);
  }

  /** Why texts of the file cannot be read that look as if they wrapped something. */
  public List<YamlText.Fault> faults() {
    return List.copyOf(faults);
  }

  /** Whether a text of the file has placeholders of a template engine, which YAML reads as maps. */
  public boolean hasPlaceholders() {
    return hasPlaceholders;
  }

  /** Whether the file is one that wraps others: a Kubernetes object, or values of a chart. */
  public boolean isWrapper() {
    return hasKind || hasValues || !entries.isEmpty() || !elsewhere().isEmpty();
  }

  /** Whether the file has values of the GPU Operator's or the device plugin's chart. */
  public boolean hasValues() {
    return hasValues;
  }

  /** Where aliases multiply the texts to more than any file has; the rest is left out. */
  public Optional<LineColumn> excess() {
    return Optional.ofNullable(excess);
  }

  /** The MIG strategy that Helm values set for the GPU Operator. */
  public Optional<String> strategy() {
    return Optional.ofNullable(strategy);
  }

  /** Where the strategy is. */
  public LineColumn strategyAt() {
    return strategyAt;
  }

  /** The configuration that Helm values make the default of the MIG manager; empty text for none. */
  public Optional<String> defaultConfig() {
    return Optional.ofNullable(defaultConfig);
  }

  private void visit(Node node, Source source) {
    if (node instanceof ScalarNode scalar) {
      // Aliases can repeat a long text a thousand times.
      if (scalar.getValue().indexOf('\n') >= 0
          && searched.add(scalar)
          && WORTH_READING.matcher(scalar.getValue()).find()) {
        visitText(scalar, source);
      }
      return;
    }
    if (!visited.add(node)) {
      return;
    }
    if (node instanceof MappingNode map) {
      visitMap(map, source);
    } else {
      YamlNodes.items(node).forEach(item -> visit(item, source));
    }
  }

  private void visitMap(MappingNode map, Source source) {
    Set<NodeTuple> lost = lostToDuplicates(map, source);
    String kind = YamlNodes.text(map, "kind");
    Node data = YamlNodes.child(map, "data");
    boolean isMap = kind.equals("ConfigMap");
    if (isMap || (kind.isEmpty() && looksLikeMap(map, data))) {
      addAll(isMap ? Holder.CONFIG_MAP : Holder.UNTYPED_MAP, map, data, source);
    }
    if (kind.equals("ConfigMapList")) {
      YamlNodes.items(map, "items").forEach(item -> addListed(item, source));
    }
    boolean isWrapper =
        kind.endsWith("List") || kind.equals("Template") || kind.equals("Kustomization");
    // A reference to an object has a kind as well, but no metadata.
    boolean isObject = isMap || YamlNodes.child(map, "metadata") instanceof MappingNode;
    if (!kind.isEmpty() && !isWrapper && isObject) {
      objects.add(new Wrapped(map, source.embedding));
    }
    visitValues(map, source);
    visitKustomization(map, source);
    visitReferences(map, source);
    for (NodeTuple entry : map.getValue()) {
      if (!lost.contains(entry)) {
        visit(entry.getValueNode(), source);
      }
    }
  }

  /** The entries whose keys the map has again further down. */
  private Set<NodeTuple> lostToDuplicates(MappingNode map, Source source) {
    Map<String, NodeTuple> last = new HashMap<>();
    Set<NodeTuple> lost = Collections.newSetFromMap(new IdentityHashMap<>());
    for (NodeTuple entry : map.getValue()) {
      if (entry.getKeyNode() instanceof ScalarNode key && !key.getValue().equals("<<")) {
        NodeTuple before = last.put(key.getValue(), entry);
        if (before != null) {
          lost.add(before);
          int line = at(before.getKeyNode(), source).line();
          duplicates.add(new Duplicate(key.getValue(), at(key, source), line));
        }
      }
    }
    return lost;
  }

  /** What kubectl prints for one object, of which the head is cut off. */
  private static boolean looksLikeMap(MappingNode map, @Nullable Node data) {
    return data instanceof MappingNode entries
        && (YamlNodes.child(map, "metadata") instanceof MappingNode
            || YamlNodes.text(map, "apiVersion").equals("v1")
            || (map.getValue().size() == 1 && holdsOnlyTexts(entries)));
  }

  private static boolean holdsOnlyTexts(MappingNode data) {
    return data.getValue().stream()
        .map(NodeTuple::getValueNode)
        .allMatch(value -> value instanceof ScalarNode text
            && (text.getValue().isEmpty() || text.getValue().contains(":")));
  }

  /** The data of a ConfigMap of which the head is cut off: texts, of which one is a configuration. */
  private static boolean isInsideOfMap(Node document) {
    return document instanceof MappingNode map
        && YamlNodes.child(map, "kind") == null
        && holdsOnlyTexts(map)
        && map.getValue().stream()
            .map(entry -> YamlNodes.text(entry.getValueNode()))
            .anyMatch(text -> text.indexOf('\n') > 0
                && (OF_MIG_PARTED.matcher(text).find()
                    || OF_DEVICE_PLUGIN.matcher(text).find()));
  }

  /** The items of a ConfigMapList need no kind. */
  private void addListed(Node item, Source source) {
    if (item instanceof MappingNode map
        && YamlNodes.child(map, "kind") == null
        && visited.add(map)) {
      addAll(Holder.CONFIG_MAP, map, YamlNodes.child(map, "data"), source);
    }
  }

  private void visitValues(MappingNode map, Source source) {
    Node migManager = YamlNodes.child(map, "migManager");
    Node devicePlugin = YamlNodes.child(map, "devicePlugin");
    Node migConfig = YamlNodes.child(migManager, "config");
    addValues(Holder.MIG_VALUES, migConfig, "data", source);
    if (YamlNodes.child(migConfig, "default") instanceof ScalarNode name) {
      defaultConfig = name.getValue();
    }
    addValues(Holder.PLUGIN_VALUES, YamlNodes.child(devicePlugin, "config"), "data", source);
    Node ownConfig = YamlNodes.child(map, "config");
    boolean isPluginChart = isOfPluginChart(ownConfig);
    if (isPluginChart) {
      addValues(Holder.PLUGIN_VALUES, ownConfig, "map", source);
    }
    setStrategy(YamlNodes.child(YamlNodes.child(map, "mig"), "strategy"), source);
    hasValues |= migManager != null || devicePlugin != null || isPluginChart;
    visitParameter(map, source);
  }

  /** The section {@code config} of the device plugin's own chart. */
  private static boolean isOfPluginChart(@Nullable Node config) {
    return YamlNodes.child(config, "map") instanceof MappingNode
        || (YamlNodes.child(config, "name") instanceof ScalarNode
            && config instanceof MappingNode map
            && YamlNodes.keys(map).allMatch(PLUGIN_CHART::contains));
  }

  /** The texts of a section {@code config} of a chart, or else the name of the map that has them. */
  private void addValues(Holder holder, @Nullable Node config, String key, Source source) {
    if (!(config instanceof MappingNode map)) {
      return;
    }
    Node data = YamlNodes.child(map, key);
    Node name = YamlNodes.child(map, "name");
    boolean isText = key.equals("data") && isText(data);
    if (isText || (data instanceof MappingNode texts && !texts.getValue().isEmpty())) {
      addAll(holder, map, data, source);
    } else if (name != null && !YamlNodes.text(name).isEmpty()) {
      elsewhere.add(
          elsewhere("the ConfigMap", name, YamlNodes.text(name), Optional.of(holder), source));
    }
  }

  /** A parameter of Argo CD: a path of keys in the values, and the value. */
  private void visitParameter(MappingNode map, Source source) {
    Node name = YamlNodes.child(map, "name");
    Node value = YamlNodes.child(map, "value");
    Matcher path = PARAMETER.matcher(YamlNodes.text(name));
    if (name != null && value != null && path.matches()) {
      hasValues = true;
      Holder holder = path.group(1).equals("migManager") ? Holder.MIG_VALUES : Holder.PLUGIN_VALUES;
      add(holder, "", map, path.group(2).replace("\\.", "."), name, value, source);
    } else if (YamlNodes.text(name).endsWith("mig.strategy")) {
      setStrategy(value, source);
    }
  }

  private void setStrategy(@Nullable Node value, Source source) {
    if (value != null && !YamlNodes.text(value).isEmpty()) {
      strategy = YamlNodes.text(value);
      strategyAt = at(value, source);
    }
  }

  /** An operation of a JSON patch. */
  private void visitOperation(MappingNode map, String path, Node value, Source source) {
    if (path.equals("/data")) {
      addAll(Holder.CONFIG_MAP, map, value, source);
    } else if (path.startsWith("/data/")) {
      String key = path.substring("/data/".length()).replace("~1", "/").replace("~0", "~");
      add(Holder.CONFIG_MAP, "", map, key, map, value, source);
    }
  }

  private void visitKustomization(MappingNode map, Source source) {
    YamlNodes.items(map, "configMapGenerator").forEach(item -> {
      String name = YamlNodes.text(item, "name");
      YamlNodes.items(item, "literals").stream()
          .filter(ScalarNode.class::isInstance)
          .forEach(literal -> addLiteral(name, (ScalarNode) literal, source));
      addFiles(elsewhere, item, source, "files", "envs");
    });
    String path = YamlNodes.text(map, "path");
    Node value = YamlNodes.child(map, "value");
    if (value != null && YamlNodes.child(map, "op") != null) {
      visitOperation(map, path, value, source);
    }
    for (String list : List.of("patches", "patchesJson6902", "patchesStrategicMerge")) {
      YamlNodes.items(map, list).forEach(item -> {
        Node patch = item instanceof MappingNode ? YamlNodes.child(item, "patch") : item;
        if (patch instanceof ScalarNode text && text.getValue().indexOf('\n') >= 0) {
          visitText(text, source);
        }
        if (patch == null) {
          addFile(elsewhere, YamlNodes.child(item, "path"), source);
        }
      });
    }
    if (YamlNodes.text(map, "kind").equals("Kustomization")) {
      addFiles(resources, map, source, "resources", "components");
    }
  }

  private void visitReferences(MappingNode map, Source source) {
    addFiles(elsewhere, map, source, "valueFiles", "valuesFiles", "additionalValuesFiles");
    addFile(elsewhere, YamlNodes.child(map, "valuesFile"), source);
    YamlNodes.items(map, "fileParameters")
        .forEach(parameter -> addFile(elsewhere, YamlNodes.child(parameter, "path"), source));
    YamlNodes.items(map, "valuesFrom")
        .forEach(from -> elsewhere.add(elsewhere(
            "the " + YamlNodes.text(from, "kind"),
            from,
            YamlNodes.text(from, "name"),
            Optional.empty(),
            source)));
  }

  /** The files in lists, each as a path or as {@code key=path}. */
  private static void addFiles(List<Elsewhere> to, Node map, Source source, String... lists) {
    for (String list : lists) {
      YamlNodes.items(map, list).forEach(file -> addFile(to, file, source));
    }
  }

  private static void addFile(List<Elsewhere> to, @Nullable Node file, Source source) {
    String text = YamlNodes.text(file);
    if (file != null && !text.isEmpty()) {
      String path = text.substring(text.indexOf('=') + 1);
      to.add(elsewhere("the file", file, path, Optional.empty(), source));
    }
  }

  private static Elsewhere elsewhere(
      String what, Node node, String name, Optional<Holder> holder, Source source) {
    return new Elsewhere("%s %s".formatted(what, Quoted.of(name)), at(node, source), holder);
  }

  private void addAll(Holder holder, MappingNode map, @Nullable Node data, Source source) {
    String name = YamlNodes.text(YamlNodes.child(map, "metadata"), "name");
    if (data instanceof ScalarNode text && isText(text) && added.add(text)) {
      add(holder, name, map, "", text, text, source);
    }
    if (!(data instanceof MappingNode entriesOfMap) || !added.add(data)) {
      return;
    }
    for (NodeTuple entry : entriesOfMap.getValue()) {
      Node key = entry.getKeyNode();
      add(holder, name, map, YamlNodes.text(key), key, entry.getValueNode(), source);
    }
  }

  /** Whether this is a text of several lines. */
  private static boolean isText(@Nullable Node data) {
    return YamlNodes.text(data).indexOf('\n') >= 0;
  }

  private void add(
      Holder holder,
      String name,
      MappingNode map,
      String key,
      Node keyNode,
      Node value,
      Source source) {
    characters += YamlNodes.text(value).length();
    if (characters > YamlText.MAX_CHARACTERS) {
      excess = excess == null ? at(keyNode, source) : excess;
      return;
    }
    Optional<Content> content = value instanceof ScalarNode text
        ? Optional.of(new Content(
            text.getValue(),
            YamlNodes.embedding(text, source.lines, source.embedding),
            block(text, source)))
        : Optional.empty();
    entries.add(new Entry(
        holder,
        name,
        at(map, source),
        key,
        at(keyNode, source),
        at(value, source),
        value instanceof MappingNode ? "a map" : content.isPresent() ? "a text" : "a list",
        content));
  }

  private static Optional<Block> block(ScalarNode text, Source source) {
    if (source.depth > 0 || text.getScalarStyle() != ScalarStyle.LITERAL) {
      return Optional.empty();
    }
    int header = YamlText.position(text.getStartMark()).line();
    return Optional.of(
        new Block(header, YamlNodes.indentation(Lines.of(text.getValue()), source.lines, header)));
  }

  /** A literal of a Kustomization is a key, an equals sign and the text. */
  private void addLiteral(String name, ScalarNode literal, Source source) {
    int equals = literal.getValue().indexOf('=');
    if (equals < 0) {
      return;
    }
    Embedding whole = YamlNodes.embedding(literal, source.lines, source.embedding);
    Embedding inner =
        at -> whole.inFile(at.line() == 1 ? new LineColumn(1, at.column() + equals + 1) : at);
    LineColumn at = at(literal, source);
    entries.add(new Entry(
        Holder.CONFIG_MAP,
        name,
        at,
        literal.getValue().substring(0, equals),
        at,
        at,
        "a text",
        Optional.of(
            new Content(literal.getValue().substring(equals + 1), inner, Optional.empty()))));
  }

  private void visitText(ScalarNode scalar, Source source) {
    if (source.depth >= MAX_TEXTS || !visited.add(scalar)) {
      return;
    }
    Embedding embedding = YamlNodes.embedding(scalar, source.lines, source.embedding);
    YamlText yaml = YamlText.parse(scalar.getValue(), embedding, YamlProblems.UNHEARD);
    yaml.fault().ifPresent(faults::add);
    hasPlaceholders |= Template.isReadAsMap(yaml.documents());
    Source inner = new Source(Lines.of(scalar.getValue()), embedding, source.depth + 1);
    yaml.documents().forEach(document -> visit(document, inner));
  }

  private static LineColumn at(Node node, Source source) {
    return GoYaml.position(node, source.embedding);
  }
}
