package io.github.mig4j.config;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.text.KubernetesName;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the document: the version, the names of the configurations and their lists of entries. */
final class DocumentRules {

  private static final String VERSION = "version";
  private static final String CONFIGS = "mig-configs";

  private final Findings findings;
  /** Where each configuration is that was read. */
  final Map<String, ConfigLocations> locations = new LinkedHashMap<>();

  DocumentRules(Findings findings) {
    this.findings = findings;
  }

  /** What the document says; of no meaning if there are errors. */
  Optional<MigConfigDocument> read(YamlValue root) {
    if (root instanceof YamlValue.Null) {
      reportEmpty(root.at());
      return Optional.of(MigConfigDocument.empty());
    }
    if (!(root instanceof YamlValue.Mapping map)) {
      ConfigValues.wrongType(
          findings, YamlPath.ROOT, root, "The file", "a map with version and mig-configs");
      return Optional.empty();
    }
    map.entries().forEach((key, entry) -> {
      if (!key.equals(VERSION) && !key.equals(CONFIGS)) {
        findings.error(
            ConfigCode.UNEXPECTED_FIELD,
            YamlPath.ROOT.key(key).at(entry.keyAt()),
            "Unexpected field %s".formatted(Quoted.of(key)),
            "the file has only version and mig-configs");
      }
    });
    checkVersion(map);
    YamlValue.Entry configs = map.entries().get(CONFIGS);
    return Optional.of(configs == null ? MigConfigDocument.empty() : configs(configs));
  }

  /** Reports that there is nothing to read. */
  void reportEmpty(LineColumn at) {
    findings.warning(
        TextCode.EMPTY_DOCUMENT,
        YamlPath.ROOT.at(at),
        "The file is empty: mig-parted accepts it and then finds no configuration in it",
        "add version and mig-configs");
  }

  private void checkVersion(YamlValue.Mapping root) {
    YamlValue.Entry version = root.entries().get(VERSION);
    YamlPath path = YamlPath.ROOT.key(VERSION);
    if (version == null) {
      findings.error(
          ConfigCode.MISSING_VERSION,
          YamlPath.ROOT.at(root.at()),
          "The version is missing",
          "begin with 'version: v1'");
    } else if (version.value() instanceof YamlValue.Text
        || version.value() instanceof YamlValue.Null) {
      String text = version.value() instanceof YamlValue.Text some ? some.value() : "";
      if (!text.equals("v1")) {
        findings.error(
            ConfigCode.UNKNOWN_VERSION,
            path.at(version.value().at()),
            "Unknown version %s".formatted(Quoted.of(text)),
            "the only version is v1");
      }
    } else {
      ConfigValues.wrongType(findings, path, version.value(), VERSION, "the text v1");
    }
  }

  private MigConfigDocument configs(YamlValue.Entry field) {
    YamlPath path = YamlPath.ROOT.key(CONFIGS);
    Map<String, MigConfig> configs = new LinkedHashMap<>();
    if (field.value() instanceof YamlValue.Mapping map && !map.entries().isEmpty()) {
      map.entries().forEach((name, entry) -> {
        YamlLocation where = path.key(name).at(entry.keyAt());
        checkName(name, where);
        config(name, entry.value(), where).ifPresent(config -> configs.put(name, config));
      });
    } else if (field.value() instanceof YamlValue.Mapping
        || field.value() instanceof YamlValue.Null) {
      findings.error(
          ConfigCode.NO_ENTRIES,
          path.at(field.keyAt()),
          "mig-configs has no configuration",
          "add one, e.g. all-disabled, or remove the key");
    } else if (field.value() instanceof YamlValue.Sequence list) {
      findings.error(
          ConfigCode.WRONG_TYPE,
          path.at(list.at()),
          "mig-configs must be a map of configurations by name, but was a list",
          "put a name above its entries, e.g. 'custom:'");
    } else {
      ConfigValues.wrongType(
          findings, path, field.value(), CONFIGS, "a map of configurations by name");
    }
    return new MigConfigDocument(configs);
  }

  private void checkName(String name, YamlLocation where) {
    if (!KubernetesName.isLabelValue(name)) {
      findings.warning(
          ConfigCode.NOT_A_LABEL_VALUE,
          where,
          "Config name %s is no label value, so no node can request it".formatted(Quoted.of(name)),
          "use 1 to 63 letters, digits, '.', '_' and '-', beginning and ending with a letter or digit");
    }
  }

  private Optional<MigConfig> config(String name, YamlValue value, YamlLocation where) {
    if (value instanceof YamlValue.Null
        || (value instanceof YamlValue.Sequence list && list.items().isEmpty())) {
      findings.error(
          ConfigCode.NO_ENTRIES,
          where,
          "Config %s has no entry".formatted(Quoted.of(name)),
          "add one that begins with '- devices:'");
      return Optional.empty();
    }
    if (!(value instanceof YamlValue.Sequence list)) {
      ConfigValues.wrongType(
          findings,
          where.path(),
          value,
          "Config " + Quoted.of(name),
          "a list of entries, each beginning with '- '");
      return Optional.empty();
    }
    List<MigConfigSpec> entries = new ArrayList<>();
    List<ConfigLocations.Entry> entryLocations = new ArrayList<>();
    for (YamlValue item : list.items()) {
      EntryRules entry = new EntryRules(item, where.path().item(entryLocations.size()), findings);
      entry.read().ifPresent(entries::add);
      entryLocations.add(entry.locations());
    }
    locations.put(name, new ConfigLocations(where, entryLocations));
    return entries.isEmpty() ? Optional.empty() : Optional.of(new MigConfig(entries));
  }
}
