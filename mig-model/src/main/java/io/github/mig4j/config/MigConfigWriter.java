package io.github.mig4j.config;

import io.github.mig4j.text.ScalarText;
import java.util.List;
import java.util.stream.Collectors;

/** The file's text form. */
final class MigConfigWriter {
  /** YAML looks no further than 1024 characters for the colon behind a key. */
  private static final int LONGEST_SIMPLE_KEY = 1000;

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
    String key = ScalarText.of(name);
    yaml.append(base)
        .append(key.length() > LONGEST_SIMPLE_KEY ? "? " + key + "\n" + base : key)
        .append(":\n");
    config.entries().forEach(this::entry);
  }

  private void entry(MigConfigSpec entry) {
    String lead = base + "  - ";
    if (!entry.deviceFilters().isEmpty()) {
      yaml.append(lead)
          .append("device-filter: ")
          .append(flow(entry.deviceFilters()))
          .append('\n');
      lead = base + "    ";
    }
    String inner = base + "    ";
    yaml.append(lead)
        .append("devices: ")
        .append(entry.devices())
        .append('\n')
        .append(inner)
        .append("mig-enabled: ")
        .append(entry.migEnabled())
        .append('\n');
    if (entry.migEnabled() && entry.migDevices().isEmpty()) {
      yaml.append(inner).append("mig-devices: {}\n");
    } else if (entry.migEnabled()) {
      yaml.append(inner).append("mig-devices:\n");
      entry
          .migDevices()
          .forEach((profile, count) -> yaml.append(inner)
              .append("  ")
              .append(ScalarText.of(profile.toString()))
              .append(": ")
              .append(count)
              .append('\n'));
    }
  }

  /** Always a list: a single empty text would match every GPU, but in a list it matches no GPU. */
  private static String flow(List<DeviceFilter> filters) {
    return filters.stream()
        .map(filter -> ScalarText.quoted(filter.text()))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
