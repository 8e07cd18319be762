package io.github.mig4j.text;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/**
 * A text that a template engine has not filled in yet.
 *
 * @param at where its first placeholder is
 */
public record Template(LineColumn at, String message, String remedy) {

  /** The braces of Go, Helm and Jinja, Jinja's statements, and variables of a shell. */
  private static final Pattern PLACEHOLDER = Pattern.compile(
      "\\{\\{.{0,200}?\\}\\}|\\{%.{0,200}?%\\}|\\$\\{[A-Za-z_].{0,200}?\\}|\\$[A-Z][A-Z0-9_]+\\b|<%.{0,200}?%>");

  private static final Pattern HELM = Pattern.compile(
      "\\{\\{-? *(?:[.$]|/\\*|(?:if|with|range|end|else|include|toYaml|template|define|tpl|default|required|quote|printf)\\b).*");

  /** The first placeholder of a text, outside of comments. */
  public static Optional<Template> in(String text) {
    List<String> lines = Lines.of(text);
    for (int i = 0; i < lines.size(); i++) {
      Matcher placeholder = placeholder(lines.get(i));
      if (placeholder.find()) {
        int column = lines.get(i).codePointCount(0, placeholder.start()) + 1;
        return Optional.of(of(new LineColumn(i + 1, column), placeholder.group()));
      }
    }
    return Optional.empty();
  }

  /**
   * The first placeholder of a text that is no YAML, if a placeholder can be the cause: it is in the
   * line where YAML ends, or it is one with braces, without quotes, above.
   */
  public static Optional<Template> causing(YamlText.Fault fault, String text) {
    List<String> lines = Lines.of(text);
    for (int i = 0; i < Math.min(fault.at().line(), lines.size()); i++) {
      Matcher placeholder = placeholder(lines.get(i));
      boolean isLast = i + 1 == fault.at().line();
      while (placeholder.find()) {
        if (isLast || isBare(lines.get(i), placeholder)) {
          return in(text);
        }
      }
    }
    return Optional.empty();
  }

  private static Matcher placeholder(String line) {
    return PLACEHOLDER.matcher(line.stripLeading().startsWith("#") ? "" : line);
  }

  private static boolean isBare(String line, Matcher placeholder) {
    String before = line.substring(0, placeholder.start());
    return !placeholder.group().startsWith("$") && !before.contains("'") && !before.contains("\"");
  }

  private static Template of(LineColumn at, String placeholder) {
    String shown = Quoted.of(placeholder);
    if (HELM.matcher(placeholder).matches()) {
      return new Template(
          at,
          "The file is a Helm template, and %s is not filled in".formatted(shown),
          "render it first with 'helm template', and check what that prints");
    }
    if (placeholder.startsWith("$")) {
      return new Template(
          at,
          "The file is a template, and the variable %s is not filled in".formatted(shown),
          "fill it in first, e.g. with 'envsubst', and check what that prints");
    }
    return new Template(
        at,
        "The file is a template, and %s is not filled in".formatted(shown),
        "render it first with its template engine, and check what that prints");
  }

  /** Whether YAML reads a placeholder as a map whose key is a map, which no Kubernetes file has. */
  public static boolean isReadAsMap(List<Node> documents) {
    Set<Node> visited = Collections.newSetFromMap(new IdentityHashMap<>());
    return documents.stream().anyMatch(document -> isReadAsMap(document, visited));
  }

  private static boolean isReadAsMap(Node node, Set<Node> visited) {
    if (node instanceof ScalarNode || !visited.add(node)) {
      return false;
    }
    if (node instanceof MappingNode map) {
      for (NodeTuple entry : map.getValue()) {
        if (entry.getKeyNode() instanceof MappingNode
            || isReadAsMap(entry.getValueNode(), visited)) {
          return true;
        }
      }
    }
    for (Node item : YamlNodes.items(node)) {
      if (isReadAsMap(item, visited)) {
        return true;
      }
    }
    return false;
  }
}
