package io.github.mig4j.config;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import org.immutables.value.Value;

/**
 * One entry of a configuration: what to do with some of a node's GPUs.
 *
 * <pre>{@code
 * MigConfigSpec entry = MigConfigSpec.allDevices(MigLayout.on(b200).add("1g.23gb", 7).build());
 * }</pre>
 */
@Value.Immutable
public interface MigConfigSpec extends JsonForm {

  /**
   * {@return the kinds of GPU that this entry is for: one filter must match; none for every kind}
   */
  List<DeviceFilter> deviceFilters();

  /** {@return the GPUs that this entry is for: all, or some by index} */
  DeviceSelector devices();

  /** {@return whether MIG mode is to be on; false for a whole GPU} */
  boolean migEnabled();

  /**
   * {@return the MIG devices to make on each of these GPUs, as counts of at least 1 by profile;
   * none if MIG mode is off, or on without devices}
   */
  @Value.NaturalOrder
  SortedMap<MigProfile, Integer> migDevices();

  /**
   * {@return an entry that cuts every GPU of the node into the devices of a layout, wherever they
   * are placed}
   */
  static MigConfigSpec allDevices(MigLayout layout) {
    Objects.requireNonNull(layout, "layout");
    return builder()
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putAllMigDevices(layout.devices())
        .build();
  }

  /** {@return an entry that switches MIG off on every GPU of the node} */
  static MigConfigSpec allDisabled() {
    return builder().devices(DeviceSelector.ALL).migEnabled(false).build();
  }

  /** Checks that counts are positive and that a GPU without MIG mode has no devices. */
  @Value.Check
  default void check() {
    migDevices().forEach((profile, count) -> {
      if (count < 1) {
        throw new IllegalArgumentException(
            "mig-devices: the count of %s must be at least 1, but was %d"
                .formatted(profile, count));
      }
    });
    if (!migEnabled() && !migDevices().isEmpty()) {
      throw new IllegalArgumentException(
          "mig-enabled is false, so mig-devices must be empty, but was " + migDevices());
    }
  }

  /** {@return a builder; {@code devices} and {@code migEnabled} are required} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link MigConfigSpec}. */
  final class Builder extends ImmutableMigConfigSpec.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("device-filter", deviceFilters().isEmpty() ? null : deviceFilters())
        .and("devices", devices() instanceof DeviceSelector.Indexes some ? some.indexes() : "all")
        .and("mig-enabled", migEnabled())
        .and("mig-devices", migEnabled() ? migDevices() : null)
        .map();
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException as {@link MigConfigDocument#parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static MigConfigSpec ofJson(Map<String, Object> json) {
    Objects.requireNonNull(json, "json");
    return MigConfig.ofJson(List.of(json)).entries().get(0);
  }
}
