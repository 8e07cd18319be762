package io.github.mig4j.node;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.mig4j.node.ComponentVersions.Component;
import io.github.mig4j.node.ComponentVersions.Rule;
import io.github.mig4j.node.ComponentVersions.Version;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** The table of the rules that depend on a version, version-rules.json. */
final class VersionRules {

  private static final String FILE = "version-rules.json";
  private static final List<Row> ROWS = read();

  private VersionRules() {}

  /** A row of the table: from which version on a component follows a rule. */
  record Row(Rule rule, Component component, Version from, String says, String source) {}

  static Row row(Rule rule) {
    return ROWS.stream()
        .filter(row -> row.rule() == rule)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("%s has no rule %s".formatted(FILE, rule)));
  }

  private static List<Row> read() {
    try (InputStream in = VersionRules.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new IllegalStateException(
            "%s is missing beside %s".formatted(FILE, VersionRules.class));
      }
      Map<?, ?> table = JsonMapper.builder().build().readValue(in, Map.class);
      return JsonInput.of(FILE, table).objects("rules", VersionRules::read);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Row read(Map<String, Object> fields) {
    JsonInput in = JsonInput.of("row of " + FILE, fields);
    return in.requireNoOthers(new Row(
        Rule.valueOf(in.text("rule")),
        JsonFields.constant(Component.class, in.text("component")).orElseThrow(),
        Version.parse(in.text("from")).orElseThrow(),
        in.text("says"),
        in.text("source")));
  }
}
