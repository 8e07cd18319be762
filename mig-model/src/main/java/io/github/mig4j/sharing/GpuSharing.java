package io.github.mig4j.sharing;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.immutables.value.Value;

/**
 * What is shared, and how: the section {@code sharing} of the file. A configuration without sharing
 * lacks the section, rather than having one with a single replica, which the plugin refuses.
 *
 * <pre>{@code
 * GpuSharing sharing = GpuSharing.timeSlicing(4);
 * }</pre>
 */
@Value.Immutable
public interface GpuSharing extends JsonForm {

  /** {@return how the containers on one device take turns; one kind for the whole node} */
  SharingKind kind();

  /**
   * {@return whether shared devices are offered under another name than unshared ones, e.g. {@code
   * nvidia.com/gpu.shared}; false unless set}
   */
  @Value.Default
  default boolean renameByDefault() {
    return false;
  }

  /**
   * {@return whether a container that asks for two replicas or more is refused, rather than given
   * the same as for one; unless set, false for time-slicing and true for MPS}
   */
  @Value.Default
  default boolean failRequestsGreaterThanOne() {
    return kind() == SharingKind.MPS;
  }

  /** {@return the shared resources, at least one; others are offered once} */
  List<SharedResource> resources();

  /**
   * Time-slices every {@code nvidia.com/gpu} of the node.
   *
   * @param replicas how many containers may use each, at least 2
   */
  static GpuSharing timeSlicing(int replicas) {
    return gpu(SharingKind.TIME_SLICING, replicas);
  }

  /**
   * Shares every GPU of the node by MPS.
   *
   * @param replicas how many containers may use each, from 2 to 48
   */
  static GpuSharing mps(int replicas) {
    return gpu(SharingKind.MPS, replicas);
  }

  private static GpuSharing gpu(SharingKind kind, int replicas) {
    return builder().kind(kind).addResources(SharedResource.gpu(replicas)).build();
  }

  /** {@return this sharing with shared devices offered under names of their own} */
  default GpuSharing renamed() {
    return copy(true, failRequestsGreaterThanOne());
  }

  /**
   * {@return this sharing with containers refused that ask for several replicas, as NVIDIA
   * recommends}
   */
  default GpuSharing oneReplicaEach() {
    return copy(renameByDefault(), true);
  }

  private GpuSharing copy(boolean rename, boolean fail) {
    return builder()
        .kind(kind())
        .renameByDefault(rename)
        .failRequestsGreaterThanOne(fail)
        .addAllResources(resources())
        .build();
  }

  /**
   * {@return the name under which a shared resource is offered, with {@code .shared} behind it
   * under {@link #renameByDefault()}}
   */
  default String offeredName(SharedResource resource) {
    Objects.requireNonNull(resource, "resource");
    return renameByDefault() ? ResourceName.shared(resource.name()) : resource.name();
  }

  /** Checks that something is shared, and that MPS can. */
  @Value.Check
  default void check() {
    if (resources().isEmpty()) {
      throw new IllegalArgumentException(
          "Sharing needs at least one resource, but had none; leave the sharing out for none");
    }
    if (kind() == SharingKind.MPS) {
      resources().forEach(MpsRules::require);
    }
  }

  /** {@return a builder; {@code kind} and a resource are required} */
  static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link GpuSharing}. */
  final class Builder extends ImmutableGpuSharing.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.section(DevicePluginConfig.of(this).toJson(), "sharing");
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException as {@link DevicePluginConfig#parse} does
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static GpuSharing ofJson(Map<String, Object> json) {
    Objects.requireNonNull(json, "json");
    return DevicePluginConfig.ofJson(Map.of("version", "v1", "sharing", json))
        .sharing()
        .orElseThrow(() -> new IllegalArgumentException("Not a sharing: nothing is shared"));
  }
}
