package io.github.mig4j.node;

import io.github.mig4j.JsonForm;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What MIG is set to on one GPU: all that mig-parted compares. Two layouts of equal counts are
 * equal to it, wherever their devices are placed.
 *
 * @param devices counts of at least 1 by profile; none if MIG mode is off
 */
public record MigSetting(boolean migEnabled, SortedMap<MigProfile, Integer> devices)
    implements JsonForm {

  /** MIG mode is off: a whole GPU. */
  public static final MigSetting OFF = new MigSetting(false, new TreeMap<>());

  /** MIG mode is on, and there is no device. */
  public static final MigSetting EMPTY = new MigSetting(true, new TreeMap<>());

  public MigSetting {
    Objects.requireNonNull(devices, "devices");
    devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
    devices.forEach((profile, count) -> {
      if (count < 1) {
        throw new IllegalArgumentException(
            "The count of %s must be at least 1, but was %d".formatted(profile, count));
      }
    });
    if (!migEnabled && !devices.isEmpty()) {
      throw new IllegalArgumentException(
          "A GPU without MIG mode has no MIG devices, but was given " + devices);
    }
  }

  /** {@return MIG mode on, with these devices, possibly none} */
  public static MigSetting of(Map<MigProfile, Integer> devices) {
    Objects.requireNonNull(devices, "devices");
    return new MigSetting(true, new TreeMap<>(devices));
  }

  static MigSetting of(MigConfigSpec entry) {
    return new MigSetting(entry.migEnabled(), entry.migDevices());
  }

  /** E.g. {@code off}, {@code on without devices} or {@code {1g.23gb=7}}. */
  @Override
  public String toString() {
    return devices.isEmpty() ? (migEnabled ? "on without devices" : "off") : devices.toString();
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("mig", migEnabled).and("devices", devices).map();
  }
}
