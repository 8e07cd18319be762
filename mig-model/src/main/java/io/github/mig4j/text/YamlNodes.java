package io.github.mig4j.text;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Finds values in node graphs, and the location of texts that are embedded in others. */
public final class YamlNodes {
  private YamlNodes() {}

  /** The value of a key; of equal keys the last, as Kubernetes reads it. */
  public static @Nullable Node child(@Nullable Node parent, String key) {
    Node found = null;
    if (parent instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        if (text(entry.getKeyNode()).equals(key)) {
          found = entry.getValueNode();
        }
      }
    }
    return found;
  }

  /** The text of a key's value; empty if it is no scalar. */
  public static String text(@Nullable Node parent, String key) {
    return text(child(parent, key));
  }

  /** The text of a scalar; empty for anything else. */
  public static String text(@Nullable Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : "";
  }

  /** The keys of a map, as texts. */
  public static Stream<String> keys(MappingNode map) {
    return map.getValue().stream().map(entry -> text(entry.getKeyNode()));
  }

  /** The items of the list under a key; none of anything else. */
  public static List<Node> items(@Nullable Node parent, String key) {
    return items(child(parent, key));
  }

  /** The items of a list; none of anything else. */
  public static List<Node> items(@Nullable Node list) {
    return list instanceof SequenceNode sequence ? sequence.getValue() : List.of();
  }

  /** Whether the value of an entry is the name of an anchor, whose node precedes the entry's key. */
  public static boolean isAlias(NodeTuple entry) {
    return entry.getValueNode().getStartMark().getIndex()
        < entry.getKeyNode().getEndMark().getIndex();
  }

  /**
   * Maps the lines and columns of a scalar's text to the file: exactly for a literal block, otherwise
   * all to the start of the scalar.
   *
   * @param lines the lines of the text that contains the scalar
   * @param outer maps the lines and columns of that text to the file
   */
  public static Embedding embedding(ScalarNode scalar, List<String> lines, Embedding outer) {
    LineColumn start = YamlText.position(scalar.getStartMark());
    if (scalar.getScalarStyle() != ScalarStyle.LITERAL) {
      return inner -> outer.inFile(start);
    }
    int indentation = indentation(Lines.of(scalar.getValue()), lines, start.line());
    return inner ->
        outer.inFile(new LineColumn(start.line() + inner.line(), inner.column() + indentation));
  }

  /** The indentation of a literal block, as its first line that is not blank shows it. */
  public static int indentation(List<String> inner, List<String> lines, int header) {
    for (int i = 0; i < inner.size() && header + i < lines.size(); i++) {
      String outer = lines.get(header + i);
      if (!inner.get(i).isBlank() && outer.endsWith(inner.get(i))) {
        return outer.length() - inner.get(i).length();
      }
    }
    return 0;
  }
}
