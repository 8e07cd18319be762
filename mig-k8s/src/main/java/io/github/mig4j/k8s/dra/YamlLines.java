package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Writes a tree of maps, lists, strings and numbers as YAML, with quotes only where necessary. */
final class YamlLines {

  /** Texts that YAML 1.1 and 1.2 read as the same string. */
  private static final Pattern PLAIN =
      Pattern.compile("(?!(?i:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][A-Za-z0-9._/-]*");

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
    String plain = String.valueOf(value);
    return value instanceof Number || PLAIN.matcher(plain).matches()
        ? plain
        : '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(plain)) + '"';
  }
}
