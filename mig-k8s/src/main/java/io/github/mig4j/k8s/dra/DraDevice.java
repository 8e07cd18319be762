package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.immutables.value.Value;

/** A device that the driver publishes: a whole GPU, or a MIG device that exists or could be made. */
@Value.Immutable
public interface DraDevice {

  /** What a device is. */
  enum Kind {
    /** A whole GPU. */
    GPU,
    /** A MIG device. */
    MIG
  }

  /** Whether a claim can be given the device now. */
  enum State {
    /** It can. */
    FREE,
    /** A claim has it. */
    ALLOCATED,
    /** Another device has what it needs: its memory slices, or the GPU as a whole. */
    BLOCKED,
    /** The driver has tainted it, so that only claims that tolerate this are given it. */
    TAINTED,
    /** It is not known, since slices of its pool are missing. */
    UNKNOWN
  }

  /**
   * The name within its pool, of which nothing can be concluded.
   *
   * @return e.g. {@code gpu-0-mig-1g10gb-19-0}
   */
  String name();

  /**
   * What it is.
   *
   * @return the kind
   */
  Kind kind();

  /**
   * The profile of a MIG device.
   *
   * @return the profile; empty for a whole GPU, or if the published profile cannot be read
   */
  Optional<MigProfile> profile();

  /**
   * Where on the GPU it is.
   *
   * @return profile, start and size in memory slices; empty if it is not published
   */
  Optional<Placement> placement();

  /**
   * The UUID of a whole GPU or of a MIG device that exists.
   *
   * @return e.g. {@code MIG-9f2d…}; empty for one that is made when it is claimed
   */
  Optional<String> uuid();

  /**
   * The memory that a program can use.
   *
   * @return MiB, or empty if it is not published
   */
  OptionalLong memoryMib();

  /**
   * Whether it can be had.
   *
   * @return the state
   */
  State state();

  /**
   * The claims that it was given to.
   *
   * @return namespace and name, e.g. {@code team-a/train}; several where the driver shares it
   */
  List<String> claims();

  /** Builds a {@link DraDevice}. */
  final class Builder extends ImmutableDraDevice.Builder {
    Builder() {}
  }
}
