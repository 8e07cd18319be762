package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.GoScalar;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spelling;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A value of a policy file with its path; what is wrong with it is reported. */
record PolicyFields(Findings findings, YamlPath path, LineColumn keyAt, YamlValue value) {

  void error(PolicyCode code, String message, String remedy) {
    findings.error(code, path.at(value.at()), message, remedy);
  }

  void warning(PolicyCode code, String message, String remedy) {
    findings.warning(code, path.at(value.at()), message, remedy);
  }

  private void wrongType(String expected) {
    wrongType(expected, "");
  }

  private void wrongType(String expected, String remedy) {
    error(
        PolicyCode.INVALID_VALUE,
        "%s must be %s, but was %s".formatted(subject(), expected, value.kind()),
        remedy);
  }

  String subject() {
    String text = path.toString();
    return text.isEmpty() ? "The file" : text;
  }

  /** The values of a map by key; empty after a report if it is none. */
  Map<String, PolicyFields> map() {
    Map<String, PolicyFields> fields = new LinkedHashMap<>();
    if (value instanceof YamlValue.Mapping mapping) {
      mapping
          .entries()
          .forEach((key, entry) -> fields.put(
              key, new PolicyFields(findings, path.key(key), entry.keyAt(), entry.value())));
    } else {
      wrongType("a map");
    }
    return fields;
  }

  /** As {@link #map}, without the keys that are not known, which are reported. */
  Map<String, PolicyFields> known(List<String> keys) {
    Map<String, PolicyFields> fields = map();
    fields.forEach((key, field) -> {
      if (!keys.contains(key)) {
        findings.error(
            PolicyCode.UNKNOWN_KEY,
            field.path.at(field.keyAt),
            "A policy file does not have the key %s here".formatted(Quoted.of(key)),
            remedy(key, keys));
      }
    });
    fields.keySet().retainAll(keys);
    return fields;
  }

  private static String remedy(String key, List<String> keys) {
    List<String> near = Spelling.nearest(key, keys);
    return near.isEmpty()
        ? "known are " + String.join(", ", keys)
        : "did you mean %s?".formatted(String.join(" or ", near));
  }

  /** A required key of a map; reported if it is missing. */
  Optional<PolicyFields> require(Map<String, PolicyFields> fields, String key, String example) {
    PolicyFields field = fields.get(key);
    if (field == null) {
      error(
          PolicyCode.MISSING_KEY,
          "%s has no %s".formatted(subject(), key),
          "add it, e.g. '%s'".formatted(example));
    }
    return Optional.ofNullable(field);
  }

  List<PolicyFields> list() {
    List<PolicyFields> items = new ArrayList<>();
    if (value instanceof YamlValue.Sequence list) {
      for (YamlValue item : list.items()) {
        items.add(new PolicyFields(findings, path.item(items.size()), item.at(), item));
      }
    } else {
      wrongType("a list, each entry beginning with '- '");
    }
    return items;
  }

  Optional<String> text() {
    if (value instanceof YamlValue.Text text) {
      return Optional.of(text.value());
    }
    wrongType("a text", GoScalar.key(value).isPresent() ? "quote it" : "");
    return Optional.empty();
  }

  /** A text, also one that YAML reads as a number, e.g. an amount. */
  Optional<String> textOrNumber() {
    return value instanceof YamlValue.Int number ? Optional.of(number.text()) : text();
  }

  Optional<Boolean> bool() {
    if (value instanceof YamlValue.Bool bool) {
      return Optional.of(bool.value());
    }
    wrongType("true or false");
    return Optional.empty();
  }

  Optional<Integer> number() {
    long number = value.asInt64().orElse(0);
    if (number >= 1 && number <= 1_000_000) {
      return Optional.of((int) number);
    }
    wrongType("a number from 1 to 1000000");
    return Optional.empty();
  }

  /** A text in a form of its own; what the parser throws is reported. */
  <T> Optional<T> parsed(Function<String, T> parser) {
    return textOrNumber().flatMap(text -> built(() -> parser.apply(text)));
  }

  /** A word of an enum, as the file spells it. */
  <E extends Enum<E>> Optional<E> word(Class<E> words) {
    Optional<String> text = text();
    Optional<E> found = text.flatMap(given -> JsonFields.constant(words, given));
    if (text.isPresent() && found.isEmpty()) {
      error(
          PolicyCode.INVALID_VALUE,
          "%s is %s".formatted(subject(), Quoted.of(text.get())),
          Stream.of(words.getEnumConstants())
              .map(JsonFields::name)
              .collect(Collectors.joining(", ", "write one of ", "")));
    }
    return found;
  }

  /** Builds a value; an argument that it does not accept is reported. */
  <T> Optional<T> built(Supplier<T> builder) {
    try {
      return Optional.of(builder.get());
    } catch (IllegalArgumentException | DateTimeException e) {
      error(
          PolicyCode.INVALID_VALUE,
          "%s: %s".formatted(subject(), String.valueOf(e.getMessage())),
          "");
      return Optional.empty();
    }
  }
}
