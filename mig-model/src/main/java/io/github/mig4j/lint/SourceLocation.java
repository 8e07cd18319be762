package io.github.mig4j.lint;

import java.util.Objects;
import java.util.Optional;

/**
 * Where in a file something stands.
 *
 * @param line the line, from 1; in a Kubernetes manifest the manifest's line
 * @param column the character in that line, from 1
 * @param path the way from the root of the configuration, e.g. {@code
 *     mig-configs.small[0].mig-devices}; empty at the root
 * @param config the name of the configuration in which it stands, if it stands in one
 */
public record SourceLocation(int line, int column, String path, Optional<String> config) {

  public SourceLocation {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(config, "config");
    if (line < 1 || column < 1) {
      throw new IllegalArgumentException(
          "Lines and columns count from 1, but were %d and %d".formatted(line, column));
    }
  }

  /** Line and column as compilers print them, e.g. {@code 12:7}. */
  @Override
  public String toString() {
    return line + ":" + column;
  }
}
