package io.github.mig4j.lint;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A location in a text.
 *
 * @param line the line, from 1; if the configuration is embedded in a manifest, the manifest's line
 * @param column the character in that line, from 1
 * @param path the path from the root of the configuration, e.g. {@code
 *     mig-configs.small[0].mig-devices}; empty at the root
 * @param config the name of the MIG configuration that contains the location, if one does
 */
public record SourceLocation(int line, int column, String path, Optional<String> config)
    implements JsonForm {

  /** The first character of a text. */
  public static final SourceLocation START = new SourceLocation(1, 1, "", Optional.empty());

  public SourceLocation {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(config, "config");
    if (line < 1 || column < 1) {
      throw new IllegalArgumentException(
          "line and column must be at least 1, but were %d and %d".formatted(line, column));
    }
  }

  /** Line and column as compilers print them, e.g. {@code 12:7}. */
  @Override
  public String toString() {
    return line + ":" + column;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("line", line)
        .and("column", column)
        .and("path", path)
        .and("config", config)
        .map();
  }
}
