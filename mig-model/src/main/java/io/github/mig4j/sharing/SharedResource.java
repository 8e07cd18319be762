package io.github.mig4j.sharing;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.JsonFields;
import java.util.Map;
import java.util.Objects;

/**
 * A resource whose devices are handed out more than once.
 *
 * <p>A replica is a permission to use a device, not a share of it: two replicas give a container no
 * more than one does.
 *
 * @param name the full name of the resource, e.g. {@code nvidia.com/gpu}; at most 63 characters
 * @param replicas how many containers may use each device, at least 2
 */
public record SharedResource(String name, int replicas) implements JsonForm {

  public SharedResource {
    Objects.requireNonNull(name, "name");
    if (!name.startsWith(GpuResource.PREFIX)
        || !ResourceName.isWellFormed(name)
        || ResourceName.isTooLong(name)) {
      throw new IllegalArgumentException(
          ("Not a resource name: '%s'. Expected nvidia.com/ and lower-case letters, digits, '-' and"
                  + " '.', at most 63 characters in all, e.g. 'nvidia.com/gpu'")
              .formatted(name));
    }
    if (replicas < 2) {
      throw new IllegalArgumentException(
          "The replicas of %s must be at least 2, but were %d; leave it out for no sharing"
              .formatted(name, replicas));
    }
  }

  /**
   * {@return {@code nvidia.com/gpu} with these replicas: whole GPUs, and MIG devices under strategy
   * {@code single}}
   *
   * @param replicas how many containers may use each, at least 2
   */
  public static SharedResource gpu(int replicas) {
    return new SharedResource(GpuResource.GPU, replicas);
  }

  /**
   * {@return MIG devices of one profile under strategy {@code mixed}, e.g. {@code
   * nvidia.com/mig-1g.10gb}}
   *
   * @param profile the profile, which takes its GPU instance alone
   * @param replicas how many containers may use each, at least 2
   * @throws IllegalArgumentException for a profile such as {@code 1c.3g.20gb}, for which the plugin
   *     offers no resource
   */
  public static SharedResource mig(MigProfile profile, int replicas) {
    Objects.requireNonNull(profile, "profile");
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "The device plugin offers no resource for %s; share %s instead"
              .formatted(profile, profile.gpuInstance()));
    }
    return new SharedResource(profile.resourceName(), replicas);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name).and("replicas", replicas).map();
  }
}
