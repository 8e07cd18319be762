package io.github.mig4j.config;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.Spelling;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads one entry of a configuration: which fields it has, and what they mean together. */
final class EntryRules {

  static final String MIG_DEVICES = "mig-devices";
  private static final String DEVICE_FILTER = "device-filter";
  private static final String DEVICES = "devices";
  private static final String MIG_ENABLED = "mig-enabled";

  private static final List<String> FIELDS =
      List.of(DEVICE_FILTER, DEVICES, MIG_ENABLED, MIG_DEVICES);

  private final YamlValue item;
  private final YamlPath path;
  private final Findings findings;
  private final int errorsBefore;
  private final MigDevicesRules devicesRules;
  private final Map<String, LineColumn> fields = new LinkedHashMap<>();

  EntryRules(YamlValue item, YamlPath path, Findings findings) {
    this.item = item;
    this.path = path;
    this.findings = findings;
    this.errorsBefore = findings.errors();
    this.devicesRules = new MigDevicesRules(findings);
  }

  /** Where the parts of the entry are that was read. */
  ConfigLocations.Entry locations() {
    return new ConfigLocations.Entry(path.at(item.at()), fields, devicesRules.locations);
  }

  /** The entry, or empty if mig-parted refuses it. */
  Optional<MigConfigSpec> read() {
    if (!(item instanceof YamlValue.Mapping map)) {
      ConfigValues.wrongType(
          findings, path, item, "An entry", "a map with devices and mig-enabled");
      return Optional.empty();
    }
    map.entries().forEach((key, entry) -> fields.put(key, entry.keyAt()));
    reportUnexpected(map);
    List<DeviceFilter> filters = value(map, DEVICE_FILTER)
        .map(value -> new DeviceFilterRules(findings).read(value, path.key(DEVICE_FILTER)))
        .orElse(List.of());
    requireField(map, DEVICES, "devices: all");
    DeviceSelector devices = value(map, DEVICES)
        .map(value -> new DevicesRules(findings).read(value, key(DEVICES)))
        .orElse(DeviceSelector.ALL);
    requireField(map, MIG_ENABLED, "mig-enabled: true");
    boolean enabled = value(map, MIG_ENABLED).map(this::enabled).orElse(false);
    Optional<Map<MigProfile, Integer>> migDevices =
        value(map, MIG_DEVICES).flatMap(value -> devicesRules.read(value, key(MIG_DEVICES)));
    if (!isFaulty()) {
      checkTogether(enabled, migDevices);
    }
    return isFaulty()
        ? Optional.empty()
        : Optional.of(MigConfigSpec.builder()
            .addAllDeviceFilters(filters)
            .devices(devices)
            .migEnabled(enabled)
            .putAllMigDevices(migDevices.orElse(Map.of()))
            .build());
  }

  private void checkTogether(boolean enabled, Optional<Map<MigProfile, Integer>> migDevices) {
    if (enabled && migDevices.isEmpty()) {
      findings.error(
          ConfigCode.MISSING_FIELD,
          path.at(fields.getOrDefault(MIG_DEVICES, item.at())),
          "mig-devices is missing, but mig-enabled is true",
          "add the devices, or write 'mig-devices: {}' for a GPU in MIG mode without devices");
    }
    if (!enabled && !migDevices.orElse(Map.of()).isEmpty()) {
      findings.error(
          ConfigCode.DEVICES_WHILE_DISABLED,
          key(MIG_DEVICES),
          "mig-enabled is false, so mig-devices must be empty, but was %s"
              .formatted(migDevices.get()),
          "set mig-enabled to true, or remove the devices");
    }
  }

  private boolean isFaulty() {
    return findings.errors() > errorsBefore;
  }

  private static Optional<YamlValue> value(YamlValue.Mapping map, String key) {
    return Optional.ofNullable(map.entries().get(key)).map(YamlValue.Entry::value);
  }

  private YamlLocation key(String field) {
    return path.key(field).at(fields.getOrDefault(field, item.at()));
  }

  private void reportUnexpected(YamlValue.Mapping map) {
    map.entries().forEach((key, entry) -> {
      if (!FIELDS.contains(key)) {
        findings.error(
            ConfigCode.UNEXPECTED_FIELD,
            path.key(key).at(entry.keyAt()),
            "Unexpected field %s".formatted(Quoted.of(key)),
            Spelling.sameLetters(key, FIELDS)
                .map(field -> "write " + field)
                .orElse("an entry has only " + String.join(", ", FIELDS)));
      }
    });
  }

  private void requireField(YamlValue.Mapping map, String key, String example) {
    if (!map.entries().containsKey(key)) {
      findings.error(
          ConfigCode.MISSING_FIELD,
          path.at(item.at()),
          "%s is missing".formatted(key),
          "add '%s'".formatted(example));
    }
  }

  private boolean enabled(YamlValue value) {
    if (value instanceof YamlValue.Bool bool) {
      return bool.value();
    }
    if (value instanceof YamlValue.Null) {
      findings.warning(
          ConfigCode.NULL_VALUE,
          key(MIG_ENABLED),
          "mig-enabled has no value, which mig-parted reads as false",
          "write true or false");
    } else {
      ConfigValues.wrongType(
          findings, path.key(MIG_ENABLED), value, "mig-enabled", "true or false");
    }
    return false;
  }
}
