package io.github.mig4j.k8s.dra;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A class of MIG devices, for claims without profiles and for pods without claims.
 *
 * <p>The second case is the bridge for existing pod specs: if a class has the extended resource {@code
 * nvidia.com/mig-1g.23gb}, a container with a limit of 1 for this resource gets a device by DRA, as it
 * got one from the device plugin before. This needs the feature gate
 * DRAExtendedResource of Kubernetes, which is alpha and off in 1.34 and 1.35, and on by default from 1.36.
 * On a node where the device plugin offers the same resource, the device plugin is
 * used; the device plugin and the DRA driver must never offer the same GPU.
 *
 * @param name the class's name, a DNS subdomain
 * @param selector which MIG devices belong to it
 * @param extendedResource the extended resource that is mapped to it, e.g. {@code nvidia.com/mig-1g.23gb}
 */
public record MigDeviceClass(String name, MigSelector selector, Optional<String> extendedResource)
    implements JsonForm {

  public MigDeviceClass {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(selector, "selector");
    Objects.requireNonNull(extendedResource, "extendedResource");
    name = DraObject.requireName(name);
  }

  /**
   * {@return a class for claims only}
   *
   * @param name the class's name
   * @param selector which MIG devices belong to it
   * @throws IllegalArgumentException if the name is not a name of an object
   */
  public static MigDeviceClass of(String name, MigSelector selector) {
    return new MigDeviceClass(name, selector, Optional.empty());
  }

  /**
   * The class with which pods can continue to request a profile as an extended resource.
   *
   * @param profile a profile without a {@code c} part, because only those have a resource
   * @return a class named after the resource, e.g. {@code mig-1g.23gb}
   * @throws IllegalArgumentException if the profile has a {@code c} part
   */
  public static MigDeviceClass bridge(MigProfile profile) {
    Objects.requireNonNull(profile, "profile");
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "The device plugin has no resource for %s, so no pod can request it; use %s"
              .formatted(profile, profile.gpuInstance()));
    }
    String resource = profile.resourceName();
    return new MigDeviceClass(
        resource.substring(resource.indexOf('/') + 1),
        MigSelector.profile(profile),
        Optional.of(resource));
  }

  /** {@return the device class to write} */
  public DraObject object() {
    List<Object> selectors = MigClaim.selectors(List.of(selector.celOnEveryDevice()));
    return DraObject.of(
        DraObject.Kind.DEVICE_CLASS,
        name,
        JsonFields.of("selectors", selectors)
            .and(DraObject.EXTENDED_RESOURCE, extendedResource)
            .map());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name)
        .and("cel", selector.cel())
        .and("extendedResource", extendedResource)
        .map();
  }
}
