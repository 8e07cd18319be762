package io.github.mig4j.node;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.node.ComponentVersions.Rule;
import io.github.mig4j.node.ComponentVersions.Version;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;

/** The table of the rules that depend on a version, version-rules.json. */
final class VersionRules {

  private static final String FILE = "version-rules.json";
  private static final Map<Rule, Row> ROWS = read();

  private VersionRules() {}

  /**
   * A row of the table.
   *
   * @param component who follows the rule
   * @param from the first version that does
   * @param says the rule in words
   * @param source where it is known from
   */
  record Row(Component component, Version from, String says, String source) {}

  static Row row(Rule rule) {
    Row row = ROWS.get(rule);
    if (row == null) {
      throw new IllegalStateException("%s has no rule %s".formatted(FILE, rule));
    }
    return row;
  }

  private static Map<Rule, Row> read() {
    try (InputStream in = VersionRules.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException(
            "%s is missing beside %s".formatted(FILE, VersionRules.class));
      }
      JsonMapper mapper = JsonMapper.builder().build();
      Map<Rule, Row> rows = new EnumMap<>(Rule.class);
      for (JsonNode rule : mapper.readTree(in).withArray("rules")) {
        Map<String, String> fields = mapper.convertValue(rule, new TypeReference<>() {});
        rows.put(
            Rule.valueOf(field(fields, "rule")),
            new Row(
                component(field(fields, "component")),
                Version.parse(field(fields, "from")).orElseThrow(),
                field(fields, "says"),
                field(fields, "source")));
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Component component(String name) {
    return Stream.of(Component.values())
        .filter(component -> component.toString().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(
            "%s names a component that is not known: %s".formatted(FILE, name)));
  }

  private static String field(Map<String, String> fields, String name) {
    String value = fields.get(name);
    if (value == null) {
      throw new IllegalStateException("A row of %s has no %s".formatted(FILE, name));
    }
    return value;
  }
}
