package io.github.mig4j.config;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlPath;
import io.github.mig4j.text.YamlValue;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Reads {@code mig-devices}: a map of counts by profile. */
final class MigDevicesRules {

  private static final String FORM =
      "expected [<c>c.]<g>g.<gb>gb[+attribute|-attribute], e.g. '1g.5gb' or '1g.5gb+me'";

  private final Findings findings;
  /** The line and column of each profile that was read with a count above 0. */
  final Map<MigProfile, LineColumn> locations = new TreeMap<>();

  MigDevicesRules(Findings findings) {
    this.findings = findings;
  }

  /** The counts, all above 0, or empty if the key has no usable value. */
  Optional<Map<MigProfile, Integer>> read(YamlValue value, YamlLocation key) {
    if (value instanceof YamlValue.Null) {
      return Optional.empty();
    }
    if (!(value instanceof YamlValue.Mapping map)) {
      ConfigValues.wrongType(
          findings,
          key.path(),
          value,
          "mig-devices",
          "a map of counts by profile, e.g. {\"1g.5gb\": 7}");
      return Optional.empty();
    }
    Map<MigProfile, Integer> devices = new TreeMap<>();
    boolean allZero = !map.entries().isEmpty();
    for (Map.Entry<String, YamlValue.Entry> each : map.entries().entrySet()) {
      YamlPath path = key.path().key(each.getKey());
      OptionalLong count = count(each.getValue(), path);
      Optional<MigProfile> profile =
          profile(each.getKey(), path.at(each.getValue().keyAt()));
      allZero &= count.isPresent() && count.getAsLong() == 0;
      if (profile.isPresent() && count.isPresent() && count.getAsLong() > 0) {
        int clamped =
            ConfigValues.clamp(findings, path, each.getValue().value(), count.getAsLong());
        devices.merge(
            profile.get(), clamped, (a, b) -> (int) Math.min((long) a + b, Integer.MAX_VALUE));
        locations.put(profile.get(), each.getValue().keyAt());
      }
    }
    if (allZero) {
      findings.error(
          ConfigCode.ALL_COUNTS_ZERO,
          key,
          "All counts in mig-devices are 0",
          "set a count, or write 'mig-devices: {}'");
    } else {
      reportZeros(map, key.path());
    }
    return Optional.of(devices);
  }

  private void reportZeros(YamlValue.Mapping map, YamlPath path) {
    map.entries().forEach((key, entry) -> {
      OptionalLong count = entry.value().asInt64();
      if (entry.value() instanceof YamlValue.Null || count.equals(OptionalLong.of(0))) {
        findings.warning(
            ConfigCode.ZERO_COUNT,
            path.key(key).at(entry.keyAt()),
            "The count of %s is 0, so mig-parted never recognises the layout as applied and recreates all devices in every run"
                .formatted(Quoted.of(key)),
            "remove the profile");
      }
    });
  }

  private OptionalLong count(YamlValue.Entry entry, YamlPath path) {
    if (entry.value() instanceof YamlValue.Null) {
      return OptionalLong.of(0);
    }
    OptionalLong count = ConfigValues.integer(findings, path, entry.value(), "A count");
    if (count.isPresent() && count.getAsLong() < 0) {
      findings.error(
          ConfigCode.NEGATIVE_COUNT,
          path.at(entry.value().at()),
          "A count must not be negative, but was %d".formatted(count.getAsLong()),
          "remove the profile for no devices");
      return OptionalLong.empty();
    }
    return count;
  }

  private Optional<MigProfile> profile(String name, YamlLocation where) {
    Optional<MigProfile> profile = parsed(name);
    if (profile.isEmpty()) {
      findings.error(
          ConfigCode.INVALID_PROFILE,
          where,
          "Not a MIG profile: %s".formatted(Quoted.of(name)),
          MigProfile.meant(name).map("did you mean '%s'?"::formatted).orElse(FORM));
      return Optional.empty();
    }
    String canonical = profile.get().toString();
    if (!canonical.equals(name)) {
      findings.warning(
          ConfigCode.NON_CANONICAL_PROFILE,
          where,
          "NVIDIA's tools call the profile %s %s, so mig-parted never recognises the layout as applied and recreates all devices in every run"
              .formatted(Quoted.of(name), canonical),
          "write '%s'".formatted(canonical));
    }
    return profile;
  }

  private static Optional<MigProfile> parsed(String name) {
    try {
      return Optional.of(MigProfile.parse(name));
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
  }
}
