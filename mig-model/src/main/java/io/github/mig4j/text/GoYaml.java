package io.github.mig4j.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Turns a node graph into the JSON value that sigs.k8s.io/yaml hands to its program: aliases
 * resolved, {@code <<} merged in the order of the text, keys made text, the last of equal keys kept.
 */
public final class GoYaml {
  /** More than any configuration has without aliases that multiply. */
  private static final int MIN_MAX_VISITS = 1_000_000;

  private final YamlProblems problems;
  private final Embedding embedding;
  private final Set<Node> ancestors = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private final int maxVisits;
  private int visits;
  private int repeatedVisits;
  private int aliasDepth;

  /** Above 0 in a value that a later one of the same key replaces before it becomes JSON. */
  private int replaced;

  /** Without aliases a document has no more values than characters. */
  private GoYaml(Node root, YamlProblems problems, Embedding embedding) {
    this.problems = problems;
    this.embedding = embedding;
    this.maxVisits = Math.max(MIN_MAX_VISITS, root.getEndMark().getIndex());
  }

  /** The value, or empty if an error prevents that any value is read. */
  public static Optional<YamlValue> convert(Node root, Embedding embedding, YamlProblems problems) {
    try {
      return Optional.of(new GoYaml(root, problems, embedding).value(root, YamlPath.ROOT));
    } catch (Unbounded e) {
      return Optional.empty();
    }
  }

  /** The line and column of a node in the file. */
  public static LineColumn position(Node node, Embedding embedding) {
    return embedding.inFile(YamlText.position(node.getStartMark()));
  }

  private LineColumn at(Node node) {
    return position(node, embedding);
  }

  private YamlValue value(Node node, YamlPath path) {
    boolean alias = !(node instanceof ScalarNode) && !seen.add(node);
    if (!ancestors.add(node)) {
      problems.report(
          YamlProblems.Problem.ALIAS_EXPANSION,
          path.at(at(node)),
          "The anchor %s contains itself".formatted(Quoted.of("&" + node.getAnchor())),
          "write out its value");
      throw new Unbounded();
    }
    if (alias) {
      countVisit(node, path);
      aliasDepth++;
    }
    countVisit(node, path);
    try {
      if (node instanceof ScalarNode scalar) {
        return scalar(scalar, path);
      }
      if (node instanceof SequenceNode sequence) {
        return sequence(sequence, path);
      }
      Map<String, YamlValue.Entry> entries = new LinkedHashMap<>();
      put(entries, (MappingNode) node, path);
      return new YamlValue.Mapping(at(node), entries);
    } finally {
      aliasDepth -= alias ? 1 : 0;
      ancestors.remove(node);
    }
  }

  /** The thresholds are go-yaml's for files below 400000 nodes. */
  private void countVisit(Node node, YamlPath path) {
    visits++;
    repeatedVisits += aliasDepth > 0 ? 1 : 0;
    boolean excessive = repeatedVisits > 100 && visits > 1000 && repeatedVisits > 0.99 * visits;
    if (excessive || visits > maxVisits) {
      problems.report(
          YamlProblems.Problem.ALIAS_EXPANSION,
          path.at(at(node)),
          "Aliases multiply this file to more than %d values".formatted(visits - 1),
          "write out what is needed");
      throw new Unbounded();
    }
  }

  private YamlValue scalar(ScalarNode node, YamlPath path) {
    return resolved(node, path).orElseGet(() -> new YamlValue.Null(at(node)));
  }

  /** The value, or empty after a problem. */
  private Optional<YamlValue> resolved(ScalarNode node, YamlPath path) {
    LineColumn at = at(node);
    Tag tag = isNonSpecific(node) ? Tag.STR : node.getTag();
    Optional<YamlValue> resolved = GoScalar.resolve(at, node.getValue(), tag);
    if (resolved.isEmpty()) {
      problems.report(
          YamlProblems.Problem.INVALID_VALUE,
          path.at(at),
          "%s cannot be read as %s".formatted(Quoted.of(node.getValue()), shortName(node.getTag())),
          "remove the tag");
    } else if (resolved.get() instanceof YamlValue.Text text && !Quoted.isUnicode(text.value())) {
      problems.report(
          YamlProblems.Problem.INVALID_VALUE,
          path.at(at),
          "The text %s has half a surrogate pair, which no file can contain"
              .formatted(Quoted.of(text.value())),
          "remove it");
      return Optional.empty();
    }
    return resolved;
  }

  /** Tagged with a lone '!', which makes a text of anything. */
  private static boolean isNonSpecific(ScalarNode node) {
    return node.getTag().equals(GoScalar.PLAIN)
        && (!node.isPlain() || character(node.getStartMark(), 0) == '!');
  }

  /** A character at or after a mark; 0 at the end of the text. */
  private static int character(Mark mark, int offset) {
    int at = mark.getPointer() + offset;
    return at < mark.getBuffer().length ? mark.getBuffer()[at] : 0;
  }

  private static String shortName(Tag tag) {
    return tag.startsWith(Tag.PREFIX) ? "!!" + tag.getValue().substring(Tag.PREFIX.length()) : "!";
  }

  private YamlValue sequence(SequenceNode node, YamlPath path) {
    List<YamlValue> items = new ArrayList<>(node.getValue().size());
    for (Node item : node.getValue()) {
      items.add(finite(value(item, path.item(items.size())), path.item(items.size())));
    }
    return new YamlValue.Sequence(at(node), items);
  }

  /** JSON has no infinity and no NaN. */
  private YamlValue finite(YamlValue value, YamlPath path) {
    if (replaced == 0
        && value instanceof YamlValue.Decimal number
        && !Double.isFinite(number.value())) {
      problems.report(
          YamlProblems.Problem.INVALID_VALUE,
          path.at(number.at()),
          "%s is not a number that a configuration can contain".formatted(number.text()),
          "write a count or quote the text");
    }
    return value;
  }

  private void put(Map<String, YamlValue.Entry> entries, MappingNode node, YamlPath path) {
    List<Optional<String>> keys = new ArrayList<>();
    Map<String, Integer> last = new HashMap<>();
    for (NodeTuple tuple : node.getValue()) {
      if (node.getFlowStyle() == FlowStyle.FLOW) {
        checkBlankBehindColon(tuple.getKeyNode(), path);
      }
      Optional<String> key =
          isMerge(tuple.getKeyNode()) ? Optional.empty() : key(tuple.getKeyNode(), path);
      key.ifPresent(text -> last.put(text, keys.size()));
      keys.add(key);
    }
    Set<String> own = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      NodeTuple tuple = node.getValue().get(i);
      if (isMerge(tuple.getKeyNode())) {
        merge(entries, tuple, path);
        continue;
      }
      Optional<String> key = keys.get(i);
      if (key.isEmpty()) {
        value(tuple.getValueNode(), path.key("?"));
        continue;
      }
      YamlPath inner = path.key(key.get());
      LineColumn keyAt = at(tuple.getKeyNode());
      YamlValue.Entry previous = entries.get(key.get());
      if (!own.add(key.get()) && previous != null) {
        problems.report(
            YamlProblems.Problem.DUPLICATE_KEY,
            inner.at(keyAt),
            "The key %s is here and on line %d, and %s uses the last"
                .formatted(Quoted.of(key.get()), previous.keyAt().line(), problems.program()),
            "remove one");
      }
      int later = last.getOrDefault(key.get(), i) > i ? 1 : 0;
      replaced += later;
      YamlValue value = finite(value(tuple.getValueNode(), inner), inner);
      replaced -= later;
      entries.put(key.get(), new YamlValue.Entry(keyAt, value));
    }
  }

  /** Go's reader reads the colon of {@code {a:[]}} as a part of the key, and stops at the bracket. */
  private void checkBlankBehindColon(Node key, YamlPath path) {
    boolean tight = key instanceof ScalarNode scalar
        && scalar.isPlain()
        && character(key.getEndMark(), 0) == ':'
        && "[]{},".indexOf(character(key.getEndMark(), 1)) >= 0;
    if (tight) {
      problems.report(
          YamlProblems.Problem.YAML_SYNTAX,
          path.at(at(key)),
          "Not YAML for %s: a key in {} or [] ends at ': ' with a blank, and this one has no blank"
              .formatted(problems.program()),
          "add it");
    }
  }

  private static boolean isMerge(Node key) {
    return key instanceof ScalarNode scalar
        && scalar.getValue().equals("<<")
        && (scalar.getTag().equals(GoScalar.PLAIN) || scalar.getTag().equals(Tag.MERGE));
  }

  private void merge(Map<String, YamlValue.Entry> entries, NodeTuple tuple, YamlPath path) {
    Node source = tuple.getValueNode();
    List<Node> sources = new ArrayList<>();
    if (source instanceof SequenceNode several && !YamlNodes.isAlias(tuple)) {
      sources.addAll(several.getValue());
      Collections.reverse(sources);
    } else {
      sources.add(source);
    }
    for (Node each : sources) {
      if (value(each, path) instanceof YamlValue.Mapping mapping) {
        entries.putAll(mapping.entries());
      } else {
        problems.report(
            YamlProblems.Problem.INVALID_VALUE,
            path.key("<<").at(at(each)),
            "'<<' merges a map or a list of maps, but this is something else",
            "name an anchor of a map");
      }
    }
  }

  private Optional<String> key(Node node, YamlPath path) {
    LineColumn at = at(node);
    if (!(node instanceof ScalarNode scalar)) {
      problems.report(
          YamlProblems.Problem.INVALID_KEY,
          path.at(at),
          "A key is a text, but this one is a list or a map",
          "look for a stray '[', '{' or '?'");
      return Optional.empty();
    }
    countVisit(node, path);
    Optional<YamlValue> resolved = resolved(scalar, path);
    if (resolved.isEmpty()) {
      return Optional.empty();
    }
    YamlValue value = resolved.get();
    Optional<String> key = GoScalar.key(value);
    if (key.isEmpty() && replaced == 0) {
      problems.report(
          YamlProblems.Problem.INVALID_KEY,
          path.at(at),
          "A key is a text, but this one is %s".formatted(value.kind()),
          "quote it");
    } else if (key.isPresent() && !(value instanceof YamlValue.Text)) {
      problems.report(
          YamlProblems.Problem.KEY_NOT_TEXT,
          path.key(key.get()).at(at),
          "The key %s is read as %s and becomes %s"
              .formatted(Quoted.of(scalar.getValue()), value.kind(), Quoted.of(key.get())),
          "quote it");
    }
    return key;
  }

  /** Ends the conversion of a document that is infinite or too large. */
  private static final class Unbounded extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unbounded() {
      super(null, null, false, false);
    }
  }
}
