package io.github.mig4j.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The file's text form, which every reader of YAML 1.1, YAML 1.2 and Go reads alike: what one of
 * them could take for a number, a date or a boolean is quoted.
 */
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
    String key = scalar(name);
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
              .append(scalar(profile.toString()))
              .append(": ")
              .append(count)
              .append('\n'));
    }
  }

  /** Always a list: a single empty text would stand for every GPU, in a list it matches none. */
  private static String flow(List<DeviceFilter> filters) {
    return filters.stream()
        .map(filter -> quoted(filter.text()))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  static String scalar(String text) {
    return isPlain(text) ? text : quoted(text);
  }

  private static boolean isPlain(String text) {
    return text.matches("[A-Za-z0-9][A-Za-z0-9._+,-]*")
        && text.chars().anyMatch(Character::isLetter)
        && GoScalar.resolve(Position.START, text, GoScalar.PLAIN)
            .filter(YamlValue.Text.class::isInstance)
            .isPresent();
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints().forEach(c -> {
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\t' -> quoted.append("\\t");
        default -> {
          boolean shown =
              YamlText.isLegal(c) && c != '\r' && c != 0x85 && c != 0x2028 && c != 0x2029;
          quoted.append(shown ? Character.toString(c) : "\\u%04X".formatted(c));
        }
      }
    });
    return quoted.append('"').toString();
  }
}
