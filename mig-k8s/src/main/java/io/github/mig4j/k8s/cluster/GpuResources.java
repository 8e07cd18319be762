package io.github.mig4j.k8s.cluster;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.GpuResource;
import java.util.Map;
import java.util.Objects;

/** The resources with which a container requests GPUs, and MIG devices under strategy mixed. */
public final class GpuResources {

  /** Whole GPUs; under strategy single also MIG devices. */
  public static final String GPU = GpuResource.GPU;
  /** Whole GPUs that are shared and renamed, so that only pods that request it get one. */
  public static final String SHARED_GPU = GPU + GpuResource.SHARED_SUFFIX;

  private GpuResources() {}

  /**
   * Limits for MIG devices of one profile, e.g. {@code nvidia.com/mig-1g.23gb: 1}. Extended
   * resources need no requests beside their limits.
   *
   * @param profile a profile without a {@code c} part, because only those have a resource
   * @param count how many devices the container gets, at least 1
   * @return the value for a container's {@code resources}
   * @throws IllegalArgumentException if the profile has no resource or the count is below 1
   */
  public static ResourceRequirements limits(MigProfile profile, int count) {
    Objects.requireNonNull(profile, "profile");
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException("The device plugin has no resource for %s; request %s"
          .formatted(profile, profile.gpuInstance()));
    }
    if (count < 1) {
      throw new IllegalArgumentException(
          "The count of %s must be at least 1, but was %d".formatted(profile, count));
    }
    return new ResourceRequirementsBuilder()
        .withLimits(Map.of(profile.resourceName(), new Quantity(String.valueOf(count))))
        .build();
  }
}
