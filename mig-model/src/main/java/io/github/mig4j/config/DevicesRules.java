package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Reads {@code devices}: the word {@code all} or a list of indexes. */
final class DevicesRules {

  private final Findings findings;

  DevicesRules(Findings findings) {
    this.findings = findings;
  }

  /** Reads the value of the key at a location. */
  DeviceSelector read(YamlValue value, YamlLocation key) {
    YamlPath path = key.path();
    if (value instanceof YamlValue.Text text && text.value().equals("all")) {
      return DeviceSelector.ALL;
    }
    if (value instanceof YamlValue.Text || value instanceof YamlValue.Null) {
      String text = value instanceof YamlValue.Text some ? some.value() : "";
      findings.error(
          ConfigCode.INVALID_DEVICES,
          value instanceof YamlValue.Null ? key : path.at(value.at()),
          "devices must be 'all' or a list of indexes such as [0, 1], but was %s"
              .formatted(Quoted.of(text)),
          "");
    } else if (value instanceof YamlValue.Sequence list) {
      return indexes(list, path);
    } else {
      ConfigValues.wrongType(
          findings, path, value, "devices", "'all' or a list of indexes such as [0, 1]");
    }
    return DeviceSelector.ALL;
  }

  private DeviceSelector indexes(YamlValue.Sequence list, YamlPath path) {
    List<Integer> indexes = new ArrayList<>();
    for (int i = 0; i < list.items().size(); i++) {
      YamlValue element = list.items().get(i);
      OptionalLong index = ConfigValues.integer(findings, path.item(i), element, "An index");
      if (index.isPresent()) {
        indexes.add(ConfigValues.clamp(findings, path.item(i), element, index.getAsLong()));
      }
    }
    if (list.items().isEmpty()) {
      findings.warning(
          ConfigCode.NO_DEVICES,
          path.at(list.at()),
          "devices is an empty list, so the entry selects no GPU",
          "write indexes or 'all'");
    } else if (indexes.size() == list.items().size()) {
      reportOddIndexes(indexes, list, path);
    }
    return new DeviceSelector.Indexes(indexes);
  }

  private void reportOddIndexes(List<Integer> indexes, YamlValue.Sequence list, YamlPath path) {
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < indexes.size(); i++) {
      int index = indexes.get(i);
      YamlLocation where = path.item(i).at(list.items().get(i).at());
      if (!seen.add(index)) {
        findings.warning(
            ConfigCode.ODD_INDEX,
            where,
            "The index %d is listed twice".formatted(index),
            "remove one");
      } else if (index < 0) {
        findings.warning(
            ConfigCode.ODD_INDEX,
            where,
            "The index %d selects no GPU".formatted(index),
            "indexes count from 0");
      }
    }
  }
}
