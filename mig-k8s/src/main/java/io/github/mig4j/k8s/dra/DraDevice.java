package io.github.mig4j.k8s.dra;

import io.github.mig4j.JsonForm;
import io.github.mig4j.JsonName;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.immutables.value.Value;

/** A device that the driver publishes: a whole GPU, or a MIG device that exists or can be created. */
@Value.Immutable
public interface DraDevice extends JsonForm {

  /** The kind of a device. */
  enum Kind implements JsonName {
    /** A whole GPU. */
    GPU,
    /** A MIG device. */
    MIG
  }

  /** Whether the device can be allocated to a claim now. */
  enum State implements JsonName {
    /** It can be allocated. */
    FREE,
    /** It is allocated to a claim. */
    ALLOCATED,
    /** Another allocated device uses its memory slices, or the whole GPU. */
    BLOCKED,
    /** The driver has tainted it, so only claims with a toleration can get it. */
    TAINTED,
    /** Unknown, because not all slices of its pool exist. */
    UNKNOWN
  }

  /** {@return the name within its pool, which has no defined meaning, e.g. {@code gpu-0-mig-1g10gb-19-0}} */
  String name();

  /** {@return the kind of the device} */
  Kind kind();

  /** {@return the profile of a MIG device; empty for a whole GPU, or if the published text is not a profile} */
  Optional<MigProfile> profile();

  /**
   * {@return the profile, start and size on its GPU, in memory slices; empty if the driver does not
   * publish it}
   */
  Optional<Placement> placement();

  /**
   * {@return the UUID of a whole GPU or of an existing MIG device, e.g. {@code MIG-9f2d…}; empty if
   * it is created when claimed}
   */
  Optional<String> uuid();

  /** {@return the MiB of memory that a program can use; empty if the driver does not publish it} */
  OptionalLong memoryMib();

  /** {@return whether the device can be allocated} */
  State state();

  /** {@return the claims to which it is allocated, e.g. {@code team-a/train}; several for a shared device} */
  List<String> claims();

  /** Builds a {@link DraDevice}. */
  final class Builder extends ImmutableDraDevice.Builder {
    Builder() {}
  }

  @Override
  default Map<String, Object> toJson() {
    return JsonFields.of("name", name())
        .and("kind", kind())
        .and("profile", profile())
        .and("start", placement().map(Placement::start))
        .and("size", placement().map(Placement::size))
        .and("uuid", uuid())
        .and("memoryMib", memoryMib())
        .and("state", state())
        .and("claims", claims())
        .map();
  }
}
