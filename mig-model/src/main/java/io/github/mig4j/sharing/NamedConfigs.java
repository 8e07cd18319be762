package io.github.mig4j.sharing;

import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.lint.WrappingFindings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.Wrapping.Entry;
import io.github.mig4j.text.Wrapping.Holder;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlText;
import java.util.List;
import java.util.Optional;

/** Finds the plugin's configurations in the files that contain them, each a text with its name. */
final class NamedConfigs {

  private final Wrapping wrapping;
  private final String text;

  private NamedConfigs(Wrapping wrapping, String text) {
    this.wrapping = wrapping;
    this.text = text;
  }

  /** What a text wraps; empty if the text is a configuration itself, or no YAML. */
  static Optional<NamedConfigs> in(String text) {
    YamlText yaml =
        YamlText.parse(text, Embedding.NONE, new Findings(DevicePluginConfigReader.PROGRAM));
    Wrapping wrapping = Wrapping.of(yaml, text);
    return wrapping.isWrapper() ? Optional.of(new NamedConfigs(wrapping, text)) : Optional.empty();
  }

  /**
   * The named configurations: in Helm values those of the device plugin; if it has none, those that are
   * among the values of the MIG manager by mistake.
   */
  List<Entry> entries() {
    List<Entry> entries = wrapping.entries().stream()
        .filter(entry -> entry.holder() != Holder.MIG_VALUES)
        .filter(entry -> entry.content().isPresent() && !isBesideMigParted(entry))
        .toList();
    return entries.isEmpty() ? misplaced() : entries;
  }

  private List<Entry> misplaced() {
    return wrapping.entries().stream()
        .filter(entry -> entry.holder() == Holder.MIG_VALUES)
        .filter(Entry::isOfDevicePlugin)
        .toList();
  }

  /** A ConfigMap of the MIG manager has no configuration of the plugin, whatever else is in it. */
  private boolean isBesideMigParted(Entry entry) {
    return wrapping.entries().stream()
        .anyMatch(other -> other.at().equals(entry.at()) && other.isOfMigParted());
  }

  /** What is wrong with the file as such, whatever its configurations contain. */
  Findings outside() {
    Findings findings = new Findings(DevicePluginConfigReader.PROGRAM);
    WrappingFindings.reportExcess(wrapping, findings);
    WrappingFindings.reportDuplicates(wrapping, findings);
    WrappingFindings.reportStrategy(wrapping, findings);
    List<Entry> entries = entries();
    if (entries.isEmpty()) {
      reportNothing(findings);
      return findings;
    }
    entries.forEach(entry -> WrappingFindings.reportMissingKind(entry, findings));
    WrappingFindings.reportElsewhere(wrapping, Holder.MIG_VALUES, Severity.NOTE, findings);
    entries.stream()
        .filter(entry -> entry.key().isEmpty() && entry.holder() != Holder.MIG_VALUES)
        .forEach(entry -> findings.error(
            SharingCode.WRONG_TYPE,
            YamlPath.ROOT.key("data").at(entry.valueAt()),
            "%s must be a map of texts, but was a text"
                .formatted(
                    entry.holder() == Holder.PLUGIN_VALUES
                        ? "devicePlugin.config.data"
                        : "The data of the ConfigMap"),
            "write a name such as 'default: |' above it and indent it"));
    entries.stream()
        .filter(entry -> entry.holder() == Holder.MIG_VALUES)
        .forEach(entry -> findings.error(
            SharingCode.NO_CONFIGURATION,
            YamlPath.ROOT.at(entry.keyAt()),
            "The values of the MIG manager have a configuration of the device plugin under %s, which only the device plugin reads"
                .formatted(Quoted.of(entry.key())),
            "move it to devicePlugin.config.data"));
    return findings;
  }

  private void reportNothing(Findings findings) {
    Optional<Entry> other =
        wrapping.entries().stream().filter(Entry::isOfMigParted).findFirst();
    if (other.isPresent()) {
      reportMigParted(other.get().keyAt(), findings);
    } else if (!WrappingFindings.reportUnreadable(wrapping, text, Holder.MIG_VALUES, findings)) {
      findings.error(
          SharingCode.NO_CONFIGURATION,
          YamlPath.ROOT.at(LineColumn.START),
          "The file contains no configuration of the device plugin",
          "put it into the data of a ConfigMap, one key for each");
    }
  }

  static void reportMigParted(LineColumn at, Findings findings) {
    findings.error(
        TextCode.OTHER_KIND,
        YamlPath.ROOT.at(at),
        "The file is a configuration of mig-parted, which the device plugin does not read",
        "name its ConfigMap in migManager.config of the GPU Operator, not in devicePlugin.config");
  }
}
