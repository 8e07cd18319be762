package io.github.mig4j.sharing;

import java.util.Objects;
import java.util.stream.Stream;

/**
 * A key of the file that this library does not know, perhaps of a newer device plugin. It is written
 * back wherever the configuration is written.
 *
 * @param map the map that has it: {@code flags}, {@code flags.plugin}, {@code flags.gfd}, {@code imex};
 *     empty for the root of the file
 * @param key the key
 * @param value the value as JSON in one line
 */
public record UnknownKey(String map, String key, String value) {

  public UnknownKey {
    Objects.requireNonNull(map, "map");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
  }

  static Stream<UnknownKey> of(KnownKeys scope, Fields fields) {
    String map = scope == KnownKeys.ROOT ? "" : scope.location();
    return fields.unknown().entrySet().stream()
        .map(entry -> new UnknownKey(map, entry.getKey(), entry.getValue()));
  }

  /** The path and the value, e.g. {@code flags.plugin.newKey=7}. */
  @Override
  public String toString() {
    return (map.isEmpty() ? key : map + "." + key) + "=" + value;
  }
}
