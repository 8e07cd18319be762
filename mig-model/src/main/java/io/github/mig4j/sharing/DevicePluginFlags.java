package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.text.GoDuration;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.Quoted;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.immutables.value.Value;

/**
 * The settings of the device plugin and of GPU Feature Discovery beside the sharing: the section
 * {@code flags} of the file. Which of its subsections a setting belongs to is the writer's business.
 *
 * <p>A setting that is absent here has the plugin's default. A command line or environment variable
 * of the plugin wins over the file; the GPU Operator sets {@code MIG_STRATEGY}, for one.
 */
@Value.Immutable
public interface DevicePluginFlags extends JsonForm {

  /** How containers learn which devices they have. */
  enum DeviceListStrategy {
    /** By the environment variable {@code NVIDIA_VISIBLE_DEVICES}, the default. */
    ENVVAR,
    /** By mounts. */
    VOLUME_MOUNTS,
    /** By CDI annotations. */
    CDI_ANNOTATIONS,
    /** By the CDI field of the container runtime interface. */
    CDI_CRI;

    /** The value in the file, e.g. {@code volume-mounts}. */
    @Override
    @JsonValue
    public String toString() {
      return JsonFields.name(this);
    }
  }

  /** By what a device is named to the container runtime. */
  enum DeviceIdStrategy {
    /** The UUID, the default. */
    UUID,
    /** The index that nvidia-smi shows. */
    INDEX;

    /** The value in the file. */
    @Override
    @JsonValue
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How the plugin finds the devices. */
  enum DeviceDiscovery {
    /** By whichever is there, the default. */
    AUTO,
    /** By NVML. */
    NVML,
    /** By the files of a Tegra system. */
    TEGRA;

    /** The value in the file. */
    @Override
    @JsonValue
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * How MIG devices are offered.
   *
   * @return {@code none} for the plugin if absent
   */
  Optional<MigStrategy> migStrategy();

  /**
   * Whether the plugin fails where it finds no GPU, rather than waiting for ever.
   *
   * @return true for the plugin if absent
   */
  Optional<Boolean> failOnInitError();

  /**
   * The path on the host where the MPS control daemon keeps its files.
   *
   * @return a path; MPS needs one, which the GPU Operator sets
   */
  Optional<String> mpsRoot();

  /**
   * The root of the driver's installation on the host.
   *
   * @return a path, {@code /} for the plugin if absent
   */
  Optional<String> nvidiaDriverRoot();

  /**
   * The root of the device nodes on the host.
   *
   * @return a path, the driver's root for the plugin if absent
   */
  Optional<String> nvidiaDevRoot();

  /**
   * Whether containers get GDRCopy.
   *
   * @return false for the plugin if absent
   */
  Optional<Boolean> gdrcopyEnabled();

  /**
   * Whether containers get GPUDirect Storage.
   *
   * @return false for the plugin if absent
   */
  Optional<Boolean> gdsEnabled();

  /**
   * Whether containers get MOFED.
   *
   * @return false for the plugin if absent
   */
  Optional<Boolean> mofedEnabled();

  /**
   * Whether feature discovery publishes labels by the NodeFeature API.
   *
   * @return false for feature discovery if absent
   */
  Optional<Boolean> useNodeFeatureApi();

  /**
   * How devices are found.
   *
   * @return {@code auto} for the plugin if absent
   */
  Optional<DeviceDiscovery> deviceDiscoveryStrategy();

  /**
   * Whether device nodes are passed to the kubelet, which the CPU manager needs.
   *
   * @return false for the plugin if absent
   */
  Optional<Boolean> passDeviceSpecs();

  /**
   * How containers learn which devices they have.
   *
   * @return one or several ways; if empty, the plugin uses {@code envvar}
   */
  List<DeviceListStrategy> deviceListStrategy();

  /**
   * By what devices are named.
   *
   * @return {@code uuid} for the plugin if absent
   */
  Optional<DeviceIdStrategy> deviceIdStrategy();

  /**
   * The prefix of CDI annotations.
   *
   * @return a prefix such as {@code cdi.k8s.io/}
   */
  Optional<String> cdiAnnotationPrefix();

  /**
   * Where nvidia-ctk is on the host.
   *
   * @return a path, {@code /usr/bin/nvidia-ctk} for the plugin if absent
   */
  Optional<String> nvidiaCtkPath();

  /**
   * Where the driver's root is mounted in the plugin's container.
   *
   * @return a path, {@code /driver-root} for the plugin if absent
   */
  Optional<String> containerDriverRoot();

  /**
   * How the plugin prefers shared devices when a container gets one. The device plugin knows the flag
   * from v0.20.0 on, and ignores it before (k8s-device-plugin, api/config/v1/flags.go).
   *
   * @return the policy as the plugin spells it, e.g. {@code packed}
   */
  Optional<String> sharedDevicesAllocationPolicy();

  /**
   * Whether feature discovery labels the node once and ends.
   *
   * @return false for feature discovery if absent
   */
  Optional<Boolean> oneshot();

  /**
   * Whether feature discovery leaves the time out of the labels.
   *
   * @return false for feature discovery if absent
   */
  Optional<Boolean> noTimestamp();

  /**
   * How long feature discovery waits between two rounds.
   *
   * @return a duration as Go writes it, e.g. {@code 1m0s}, which is the default
   */
  Optional<String> sleepInterval();

  /**
   * Where feature discovery writes the labels.
   *
   * @return a path
   */
  Optional<String> outputFile();

  /**
   * Where feature discovery reads the type of the machine.
   *
   * @return a path
   */
  Optional<String> machineTypeFile();

  /** Checks what the plugin checks, and that a file can hold the texts. */
  @Value.Check
  default void check() {
    Flag.ALL.forEach(flag -> {
      if (flag instanceof Flag.Text text) {
        text.get().apply(this).ifPresent(some -> Quoted.requireUnicode(text.key(), some));
      }
    });
    sleepInterval().filter(text -> !GoDuration.isDuration(text)).ifPresent(text -> {
      throw new IllegalArgumentException(FlagRules.explainInterval(text));
    });
  }

  /**
   * No setting at all.
   *
   * @return the defaults
   */
  static DevicePluginFlags none() {
    return builder().build();
  }

  /**
   * Starts with no setting.
   *
   * @return an empty builder
   */
  static Builder builder() {
    return new Builder();
  }

  /** Builds {@link DevicePluginFlags}. */
  final class Builder extends ImmutableDevicePluginFlags.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.section(DevicePluginConfig.builder().flags(this).build().toJson(), "flags");
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @param json the fields
   * @return the flags
   * @throws IllegalArgumentException as {@link DevicePluginConfig#parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static DevicePluginFlags ofJson(Map<String, Object> json) {
    Objects.requireNonNull(json, "json");
    return DevicePluginConfig.ofJson(Map.of("version", "v1", "flags", json)).flags();
  }
}
