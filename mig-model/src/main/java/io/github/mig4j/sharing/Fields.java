package io.github.mig4j.sharing;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlOutput;
import io.github.mig4j.text.YamlValue;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The known keys of a map; the plugin ignores the others, which are reported. */
final class Fields {

  private final Field map;
  private final KnownKeys scope;
  private final Map<String, Field> known = new TreeMap<>();
  /** The fields that are not known, with their values as JSON. */
  final SortedMap<String, String> unknown = new TreeMap<>();

  private Fields(Field map, KnownKeys scope) {
    this.map = map;
    this.scope = scope;
  }

  /** The fields of a value that must be a map; none of null. */
  static Fields of(Field field, String subject, KnownKeys scope) {
    Fields fields = new Fields(field, scope);
    if (field.value() instanceof YamlValue.Mapping mapping) {
      // Go's reader sees the keys in this order, so that the last of several spellings counts.
      new TreeMap<>(mapping.entries()).forEach(fields::add);
    } else if (!field.isNull()) {
      field.wrongType(subject, "a map");
    }
    return fields;
  }

  /** Whether the value is a map; if it is not, that was reported, unless it is null. */
  boolean isMap() {
    return map.value() instanceof YamlValue.Mapping;
  }

  Optional<Field> get(String key) {
    return Optional.ofNullable(known.get(key));
  }

  /** A field that has a value other than null. */
  Optional<Field> nonNull(String key) {
    return get(key).filter(field -> !field.isNull());
  }

  private void add(String key, YamlValue.Entry entry) {
    Field field = new Field(map.findings(), map.path().key(key), entry.keyAt(), entry.value());
    Optional<String> meant = scope.known(key);
    if (meant.isEmpty()) {
      unknown.put(key, YamlOutput.json(entry.value()));
      reportUnknown(key, field);
      return;
    }
    if (!meant.get().equals(key)) {
      field.reportKey(
          SharingCode.KEY_CASE,
          "The device plugin reads %s as %s, but other readers do not"
              .formatted(Quoted.of(key), meant.get()),
          "write %s".formatted(meant.get()));
    }
    Field previous = known.put(meant.get(), field);
    if (previous != null) {
      map.findings()
          .add(
              Severity.WARNING,
              TextCode.DUPLICATE_KEY,
              Findings.location(field.keyLocation()),
              "The key %s is here and, in another case, on line %d"
                  .formatted(Quoted.of(key), previous.keyAt().line()),
              "remove one");
    }
  }

  private void reportUnknown(String key, Field field) {
    if (map.findings().isFull()) {
      field.reportKey(SharingCode.UNKNOWN_KEY, "An unknown key", "");
      return;
    }
    Optional<KnownKeys> elsewhere =
        scope.spelled(key).isPresent() ? Optional.empty() : KnownKeys.elsewhere(key);
    if (elsewhere.isPresent()) {
      field.reportKey(
          SharingCode.MISPLACED_KEY,
          "The device plugin ignores %s here".formatted(Quoted.of(key)),
          "%s belongs into %s"
              .formatted(elsewhere.get().spelled(key).get(), elsewhere.get().location()));
      return;
    }
    String remedy = key.equals("mig-configs")
        ? "it belongs into the MIG manager's file"
        : scope
            .meant(key)
            .map("did you mean %s?"::formatted)
            .orElseGet(() -> "known are " + String.join(", ", scope.keys()));
    field.reportKey(
        SharingCode.UNKNOWN_KEY,
        "The device plugin up to %s does not know %s here and ignores it"
            .formatted(KnownKeys.NEWEST_VERSION, Quoted.of(key)),
        remedy);
  }
}
