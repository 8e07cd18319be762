package io.github.mig4j.sharing;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A key of the file that this library does not know, perhaps of a newer device plugin. It is written
 * back wherever the configuration is written.
 *
 * @param map the map that has it: {@code flags}, {@code flags.plugin}, {@code flags.gfd}, {@code
 *     sharing}, {@code sharing.timeSlicing}, {@code sharing.timeSlicing.resources[nvidia.com/gpu]} and
 *     the like for {@code mps}, {@code imex}; empty for the root of the file
 * @param value the value as JSON in one line
 */
public record UnknownKey(String map, String key, String value) implements JsonForm {

  public UnknownKey {
    Objects.requireNonNull(map, "map");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
  }

  /** The unknown fields of a map. */
  static Stream<UnknownKey> of(String map, Fields fields) {
    return fields.unknown.entrySet().stream()
        .map(entry -> new UnknownKey(map, entry.getKey(), entry.getValue()));
  }

  /** The map of a resource's entry. */
  static String entry(SharingKind kind, String resource) {
    return "sharing.%s.resources[%s]".formatted(kind.section(), resource);
  }

  /** Whether it has a place in a configuration that shares in this way. */
  boolean fits(Optional<GpuSharing> sharing) {
    return !map.startsWith("sharing.")
        || sharing.stream()
            .anyMatch(some -> map.equals("sharing." + some.kind().section())
                || some.resources().stream()
                    .anyMatch(it -> map.equals(entry(some.kind(), it.name()))));
  }

  /** Whether another key has the same place. */
  boolean isSame(UnknownKey other) {
    return map.equals(other.map) && key.equals(other.key);
  }

  /** The path and the value, e.g. {@code flags.plugin.newKey=7}. */
  @Override
  public String toString() {
    return (map.isEmpty() ? key : map + "." + key) + "=" + value;
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("map", map).and("key", key).and("value", value).map();
  }
}
