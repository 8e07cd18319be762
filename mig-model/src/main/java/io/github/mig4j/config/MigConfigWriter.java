package io.github.mig4j.config;

import io.github.mig4j.text.YamlOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The file's text form. */
final class MigConfigWriter {
  private final StringBuilder yaml = new StringBuilder();
  private final String base;

  private MigConfigWriter(String base) {
    this.base = base;
  }

  static String write(MigConfigDocument document) {
    MigConfigWriter writer = new MigConfigWriter("  ");
    writer.yaml.append("version: v1\n");
    if (!document.configs().isEmpty()) {
      writer.yaml.append("mig-configs:\n");
      document.configs().forEach(writer::config);
    }
    return writer.yaml.toString();
  }

  /** One configuration as it stands under {@code mig-configs}, with its name indented so far. */
  static String write(String name, MigConfig config, String indentation) {
    MigConfigWriter writer = new MigConfigWriter(indentation);
    writer.config(name, config);
    return writer.yaml.toString();
  }

  private void config(String name, MigConfig config) {
    yaml.append(base).append(YamlOutput.key(name, base)).append('\n');
    config.entries().forEach(this::entry);
  }

  private void entry(MigConfigSpec entry) {
    List<String> lines = new ArrayList<>();
    if (!entry.deviceFilters().isEmpty()) {
      lines.add("device-filter: " + flow(entry.deviceFilters()));
    }
    lines.add("devices: " + entry.devices());
    lines.add("mig-enabled: " + entry.migEnabled());
    if (entry.migEnabled()) {
      lines.add(entry.migDevices().isEmpty() ? "mig-devices: {}" : "mig-devices:");
      entry
          .migDevices()
          .forEach((profile, count) ->
              lines.add("  " + YamlOutput.key(profile.toString(), base + "      ") + " " + count));
    }
    String lead = "  - ";
    for (String line : lines) {
      yaml.append(base).append(lead).append(line).append('\n');
      lead = "    ";
    }
  }

  /** Always a list: a single empty text would match every GPU, but in a list it matches no GPU. */
  private static String flow(List<DeviceFilter> filters) {
    return filters.stream()
        .map(filter -> YamlOutput.quoted(filter.text()))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
