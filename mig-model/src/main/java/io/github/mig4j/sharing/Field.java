package io.github.mig4j.sharing;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A value of the file with its path and the location of its key, read as the device plugin reads it.
 *
 * @param findings where its problems are reported
 * @param keyAt the line and column of its key; of an item of a list, those of the value
 */
record Field(Findings findings, YamlPath path, LineColumn keyAt, YamlValue value) {

  /** The location of the value. */
  YamlLocation location() {
    return path.at(value.at());
  }

  /** The location of the key. */
  YamlLocation keyLocation() {
    return path.at(keyAt);
  }

  boolean isNull() {
    return value instanceof YamlValue.Null;
  }

  /** Reports a problem of the value. */
  void report(SharingCode code, String message, String remedy) {
    report(findings, code, location(), message, remedy);
  }

  /** Reports a problem of the key, or of the field as a whole. */
  void reportKey(SharingCode code, String message, String remedy) {
    report(findings, code, keyLocation(), message, remedy);
  }

  static void report(
      Findings findings, SharingCode code, YamlLocation where, String message, String remedy) {
    findings.add(code.severity(), code, Findings.location(where), message, remedy);
  }

  /** Reports that the value is of another type than it must be. */
  void wrongType(String subject, String expected) {
    wrongType(subject, expected, "");
  }

  /** Reports that the value is of another type than it must be, with what to do. */
  void wrongType(String subject, String expected, String remedy) {
    report(
        SharingCode.WRONG_TYPE,
        "%s must be %s, but was %s".formatted(subject, expected, value.kind()),
        remedy);
  }

  /** The text; nothing else is one. Null counts as absent. */
  Optional<String> text(String subject) {
    if (value instanceof YamlValue.Text text) {
      return Optional.of(text.value());
    }
    if (!isNull()) {
      wrongType(subject, "a text");
    }
    return Optional.empty();
  }

  /** The boolean; nothing else is one, not even null. */
  Optional<Boolean> bool(String subject) {
    if (value instanceof YamlValue.Bool bool) {
      return Optional.of(bool.value());
    }
    wrongType(subject, "true or false");
    return Optional.empty();
  }

  /** The boolean; null counts as absent, after a warning. */
  Optional<Boolean> boolOrNull(String subject) {
    if (!isNull()) {
      return bool(subject);
    }
    reportKey(
        SharingCode.NULL_VALUE,
        "%s has no value, which counts as absent".formatted(subject),
        "write true or false");
    return Optional.empty();
  }

  /** The items of a list; none of null. */
  List<Field> list(String subject) {
    if (value instanceof YamlValue.Sequence) {
      return items();
    }
    if (!isNull()) {
      wrongType(subject, "a list, each entry beginning with '- '");
    }
    return List.of();
  }

  /** The items of a value that is a list. */
  List<Field> items() {
    List<YamlValue> items = ((YamlValue.Sequence) value).items();
    return IntStream.range(0, items.size())
        .mapToObj(i -> new Field(findings, path.item(i), items.get(i).at(), items.get(i)))
        .toList();
  }
}
