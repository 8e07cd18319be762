package io.github.mig4j.text;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Finds its way in node graphs, and through files that stand inside others. */
public final class YamlNodes {
  private YamlNodes() {}

  /** What stands under a key: of equal keys the last, as Kubernetes takes it. */
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

  /** The text of a scalar; empty for anything else. */
  public static String text(@Nullable Node node) {
    return node instanceof ScalarNode scalar ? scalar.getValue() : "";
  }

  /**
   * Where the lines and columns of a file are that stands as a scalar in another text: told exactly
   * for a literal block, otherwise all are where the scalar begins.
   *
   * @param lines the lines of the text in which the scalar stands
   * @param outer where the places of that text are
   */
  public static Position.Origin origin(
      ScalarNode scalar, List<String> lines, Position.Origin outer) {
    Position start = YamlText.position(scalar.getStartMark());
    if (scalar.getScalarStyle() != ScalarStyle.LITERAL) {
      return inner -> outer.of(start);
    }
    int indentation = indentation(Position.linesOf(scalar.getValue()), lines, start.line());
    return inner ->
        outer.of(new Position(start.line() + inner.line(), inner.column() + indentation));
  }

  /** Where a line of a literal block begins, told from the first line that is not blank. */
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
