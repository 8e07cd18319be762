package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A class of MIG devices with a name of its own, for claims that shall not know profiles, and for
 * pods that know no claims.
 *
 * <p>The second is the bridge for old pod specs: if a class has the extended resource
 * {@code nvidia.com/mig-1g.23gb}, a container that is limited to one of it gets a device by DRA as
 * it got one from the device plugin before. Kubernetes does so from 1.35 on (feature gate
 * DRAExtendedResource). A node on which the device plugin offers the same resource goes on by
 * device plugin; never let both offer the same GPU.
 *
 * @param name the class's name, a DNS subdomain
 * @param selector which MIG devices belong to it
 * @param extendedResource the extended resource for which pods get its devices, e.g. {@code nvidia.com/mig-1g.23gb}
 */
public record MigDeviceClass(String name, MigSelector selector, Optional<String> extendedResource) {

  public MigDeviceClass {
    // The checks of a name are the object's.
    DraObject unused = object(name, selector, extendedResource);
  }

  /**
   * A class that only claims can name.
   *
   * @param name the class's name
   * @param selector which MIG devices belong to it
   * @return the class
   * @throws IllegalArgumentException if it is no name for an object
   */
  public static MigDeviceClass of(String name, MigSelector selector) {
    return new MigDeviceClass(name, selector, Optional.empty());
  }

  /**
   * The class that lets pods go on to ask for a profile as they asked the device plugin.
   *
   * @param profile a profile without a {@code c} part, as the device plugin offers only those
   * @return a class named after the resource, e.g. {@code mig-1g.23gb}
   * @throws IllegalArgumentException if the profile has a {@code c} part
   */
  public static MigDeviceClass bridge(MigProfile profile) {
    if (!profile.isWholeGpuInstance()) {
      throw new IllegalArgumentException(
          "The device plugin offers no resource for %s, so no pod asks for it; use %s"
              .formatted(profile, profile.gpuInstance()));
    }
    String resource = profile.resourceName();
    return new MigDeviceClass(
        resource.substring(resource.indexOf('/') + 1),
        MigSelector.profile(profile),
        Optional.of(resource));
  }

  /**
   * A {@linkplain #bridge bridge} for each profile of a layout.
   *
   * @param layout a layout of whole GPU instances
   * @return classes by profile
   * @throws IllegalArgumentException if a profile has a {@code c} part
   */
  public static List<MigDeviceClass> bridges(MigLayout layout) {
    return layout.devices().keySet().stream().map(MigDeviceClass::bridge).toList();
  }

  /**
   * The object to write.
   *
   * @return a device class
   */
  public DraObject object() {
    return object(name, selector, extendedResource);
  }

  private static DraObject object(
      String name, MigSelector selector, Optional<String> extendedResource) {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("selectors", MigClaim.selectors(List.of(selector.celOnEveryDevice())));
    extendedResource.ifPresent(resource -> spec.put(DraObject.EXTENDED_RESOURCE, resource));
    return DraObject.of(DraObject.Kind.DEVICE_CLASS, name, spec);
  }
}
