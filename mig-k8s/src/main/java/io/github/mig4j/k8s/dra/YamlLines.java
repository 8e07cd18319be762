package io.github.mig4j.k8s.dra;

import io.github.mig4j.text.YamlOutput;
import java.util.List;
import java.util.Map;

/** Writes a tree of maps, lists, strings and numbers as YAML, with quotes only where necessary. */
final class YamlLines {

  private final StringBuilder text = new StringBuilder();

  private YamlLines() {}

  static String of(Map<String, ?> tree) {
    YamlLines lines = new YamlLines();
    lines.map(tree, "", "");
    return lines.text.toString();
  }

  /** The first line has another indent if it follows the dash of a list. */
  private void map(Map<?, ?> map, String first, String indent) {
    String before = first;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      text.append(before).append(entry.getKey()).append(':');
      value(entry.getValue(), indent);
      before = indent;
    }
  }

  private void value(Object value, String indent) {
    if (value instanceof Map<?, ?> map) {
      text.append('\n');
      map(map, indent + "  ", indent + "  ");
    } else if (value instanceof List<?> list) {
      text.append('\n');
      list.forEach(item -> map((Map<?, ?>) item, indent + "- ", indent + "  "));
    } else {
      text.append(' ').append(scalar(value)).append('\n');
    }
  }

  private static String scalar(Object value) {
    return value instanceof Number ? value.toString() : YamlOutput.text(String.valueOf(value));
  }
}
