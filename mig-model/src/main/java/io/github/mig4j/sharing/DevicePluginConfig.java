package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.InvalidFileException;
import io.github.mig4j.text.ContentName;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.YamlOutput;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.immutables.value.Value;

/**
 * A configuration of NVIDIA's device plugin and GPU Feature Discovery: what stands under one key of
 * the ConfigMap that the plugin is given.
 *
 * <pre>{@code
 * DevicePluginConfig four = DevicePluginConfig.of(GpuSharing.timeSlicing(4));
 * String yaml = four.toYaml();
 * DevicePluginConfig.parse(yaml).equals(four);     // true
 * }</pre>
 */
@Value.Immutable
public interface DevicePluginConfig extends JsonForm {

  /** {@return what is shared, or empty if every device is offered once} */
  Optional<GpuSharing> sharing();

  /** {@return everything else that is set} */
  @Value.Redacted
  @Value.Default
  default DevicePluginFlags flags() {
    return DevicePluginFlags.none();
  }

  /** {@return whether containers get an IMEX channel, none unless set} */
  @Value.Default
  default ImexChannel imexChannel() {
    return ImexChannel.NONE;
  }

  /**
   * Keys that this library does not know, and those that the plugin ignores: the section {@code
   * resources}, and {@code rename} and {@code devices} of a shared resource. They are written back as
   * they were read. A configuration that shares in another way has none of those inside of the section
   * that it does not have.
   *
   * @return the keys in the order of the file's maps
   */
  @Value.Redacted
  List<UnknownKey> unknownKeys();

  /** {@return a configuration that only shares} */
  static DevicePluginConfig of(GpuSharing sharing) {
    return builder().sharing(sharing).build();
  }

  /** {@return a configuration that shares and sets nothing, which switches sharing off} */
  static DevicePluginConfig unshared() {
    return builder().build();
  }

  /**
   * Reads a file as the plugin does; {@link DevicePluginConfigFile#read} returns findings instead
   * of an exception, and reports what the plugin ignores.
   *
   * @throws InvalidFileException naming every fault with its place, if the plugin would refuse
   *     the file
   */
  static DevicePluginConfig parse(String yaml) {
    Objects.requireNonNull(yaml, "yaml");
    return DevicePluginConfigFile.read(yaml).orElseThrow();
  }

  /**
   * {@return the file, which the plugin accepts and {@link #parse} reads back: known keys in one
   * order, defaults left out} Equal configurations give equal text.
   */
  default String toYaml() {
    return DevicePluginConfigWriter.write(this);
  }

  /**
   * The key under which this very content is published: the base name and a hash of the content.
   * The plugin reads a key once, when the node's label changes, so content that changes under one
   * key goes unnoticed; under this one it cannot.
   *
   * @param base a name; cut if the result would be longer than a label value; a name that has the hash
   *     of this content already does not get it again
   * @return e.g. {@code l40s-shared-4f1c09ae}
   * @throws IllegalArgumentException if the base is no label value
   */
  default String contentName(String base) {
    Objects.requireNonNull(base, "base");
    return ContentName.of(base, contentHash(), "");
  }

  /**
   * {@return a hash of what this configuration means, equal for equal configurations: 8 hexadecimal
   * digits}
   */
  default String contentHash() {
    return ContentName.hash(toYaml());
  }

  /**
   * {@return the same configuration with the unknown keys of another one, such as of that which it
   * replaces, unless it has the key already or does not have the section of the key}
   */
  default DevicePluginConfig withUnknownKeysOf(DevicePluginConfig other) {
    Objects.requireNonNull(other, "other");
    Stream<UnknownKey> more =
        other.unknownKeys().stream().filter(key -> unknownKeys().stream().noneMatch(key::isSame));
    return withUnknownKeys(Stream.concat(unknownKeys().stream(), more).toList());
  }

  private DevicePluginConfig withUnknownKeys(List<UnknownKey> keys) {
    return builder()
        .sharing(sharing())
        .flags(flags())
        .imexChannel(imexChannel())
        .addAllUnknownKeys(keys)
        .build();
  }

  /**
   * Checks that the plugin would start with both parts together, and leaves out unknown keys that
   * have no place in it.
   */
  @Value.Check
  default DevicePluginConfig check() {
    boolean mps = sharing().filter(some -> some.kind() == SharingKind.MPS).isPresent();
    if (mps && flags().migStrategy().equals(Optional.of(MigStrategy.MIXED))) {
      throw new IllegalArgumentException(
          "The device plugin refuses MPS with migStrategy mixed; use time-slicing, or another"
              + " strategy");
    }
    List<UnknownKey> fitting =
        unknownKeys().stream().filter(key -> key.fits(sharing())).toList();
    return fitting.size() == unknownKeys().size() ? this : withUnknownKeys(fitting);
  }

  /** {@return a builder, for which nothing is required} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link DevicePluginConfig}. */
  final class Builder extends ImmutableDevicePluginConfig.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.ofYaml(toYaml());
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException as {@link #parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static DevicePluginConfig ofJson(Map<String, Object> json) {
    Objects.requireNonNull(json, "json");
    return parse(YamlOutput.json(json));
  }
}
