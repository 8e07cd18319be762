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

  /** {@return how MIG devices are offered, {@code none} for the plugin if absent} */
  Optional<MigStrategy> migStrategy();

  /** {@return whether the plugin fails without a GPU, rather than waiting for ever; true if absent} */
  Optional<Boolean> failOnInitError();

  /**
   * {@return the path on the host where the MPS control daemon keeps its files; MPS needs one,
   * which the GPU Operator sets}
   */
  Optional<String> mpsRoot();

  /** {@return the path of the driver's installation on the host, {@code /} if absent} */
  Optional<String> nvidiaDriverRoot();

  /** {@return the path of the device nodes on the host, the driver's root if absent} */
  Optional<String> nvidiaDevRoot();

  /** {@return whether containers get GDRCopy, false for the plugin if absent} */
  Optional<Boolean> gdrcopyEnabled();

  /** {@return whether containers get GPUDirect Storage, false for the plugin if absent} */
  Optional<Boolean> gdsEnabled();

  /** {@return whether containers get MOFED, false for the plugin if absent} */
  Optional<Boolean> mofedEnabled();

  /** {@return whether feature discovery uses the NodeFeature API for labels; false if absent} */
  Optional<Boolean> useNodeFeatureApi();

  /** {@return how devices are found, {@code auto} for the plugin if absent} */
  Optional<DeviceDiscovery> deviceDiscoveryStrategy();

  /** {@return whether the kubelet gets device nodes, as the CPU manager needs; false if absent} */
  Optional<Boolean> passDeviceSpecs();

  /** {@return in which ways containers learn their devices; {@code envvar} if empty} */
  List<DeviceListStrategy> deviceListStrategy();

  /** {@return by what devices are named, {@code uuid} for the plugin if absent} */
  Optional<DeviceIdStrategy> deviceIdStrategy();

  /** {@return the prefix of CDI annotations, such as {@code cdi.k8s.io/}} */
  Optional<String> cdiAnnotationPrefix();

  /** {@return the path of nvidia-ctk on the host, {@code /usr/bin/nvidia-ctk} if absent} */
  Optional<String> nvidiaCtkPath();

  /**
   * {@return the path in the plugin's container where the driver's root is mounted, {@code
   * /driver-root} if absent}
   */
  Optional<String> containerDriverRoot();

  /**
   * {@return how the plugin prefers shared devices when a container gets one, as it spells it, e.g.
   * {@code packed}} It knows the flag from v0.20.0 on, and ignores it before (k8s-device-plugin,
   * api/config/v1/flags.go).
   */
  Optional<String> sharedDevicesAllocationPolicy();

  /** {@return whether feature discovery labels the node once and ends; false if absent} */
  Optional<Boolean> oneshot();

  /** {@return whether feature discovery leaves the time out of the labels; false if absent} */
  Optional<Boolean> noTimestamp();

  /**
   * {@return the time between rounds of feature discovery, in Go's form; {@code 1m0s} if absent}
   */
  Optional<String> sleepInterval();

  /** {@return the path of the file to which feature discovery writes the labels} */
  Optional<String> outputFile();

  /** {@return the path of the file from which feature discovery reads the type of the machine} */
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

  /** {@return the defaults: no setting at all} */
  static DevicePluginFlags none() {
    return builder().build();
  }

  /** {@return an empty builder} */
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
   * @throws IllegalArgumentException as {@link DevicePluginConfig#parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static DevicePluginFlags ofJson(Map<String, Object> json) {
    Objects.requireNonNull(json, "json");
    return DevicePluginConfig.ofJson(Map.of("version", "v1", "flags", json)).flags();
  }
}
