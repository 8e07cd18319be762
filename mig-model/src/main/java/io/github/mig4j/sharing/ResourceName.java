package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.KubernetesName;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** What the device plugin accepts as the name of a resource (api/config/v1/resources.go). */
final class ResourceName {
  static final int MAX_LENGTH = 63;

  private ResourceName() {}

  /** With the prefix that the plugin adds where it is missing. */
  static String qualified(String name) {
    return name.startsWith(GpuResource.PREFIX) ? name : GpuResource.PREFIX + name;
  }

  static boolean isTooLong(String qualified) {
    return qualified.getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH;
  }

  static boolean isWellFormed(String qualified) {
    return KubernetesName.isDnsSubdomain(qualified.substring(GpuResource.PREFIX.length()));
  }

  static boolean isMig(String qualified) {
    return qualified.startsWith(GpuResource.MIG_PREFIX);
  }

  /** The name under {@code renameByDefault}. */
  static String shared(String qualified) {
    return qualified + GpuResource.SHARED_SUFFIX;
  }

  /** The profile whose devices the plugin offers under this name with strategy mixed. */
  static Optional<MigProfile> profile(String qualified) {
    return MigProfile.ofResourceName(qualified)
        .filter(MigProfile::isWholeGpuInstance)
        .filter(profile -> profile.resourceName().equals(qualified));
  }

  /** What the plugin can offer, on one GPU or another. */
  static boolean isOffered(String qualified) {
    return qualified.equals(GpuResource.GPU) || profile(qualified).isPresent();
  }

  /** The resource that a name probably means. */
  static Optional<String> meant(String name) {
    String lower = name.toLowerCase(Locale.ROOT).replaceAll("\\s", "");
    String bare = lower.substring(lower.lastIndexOf('/') + 1);
    if (bare.endsWith(GpuResource.SHARED_SUFFIX)) {
      bare = bare.substring(0, bare.length() - GpuResource.SHARED_SUFFIX.length());
    }
    if (bare.matches("(?:nvidia\\.com.?)?gpus?")) {
      return Optional.of(GpuResource.GPU);
    }
    return MigProfile.ofLabel(bare.replaceFirst("^mig[-.]", "").replace('+', '.'))
        .filter(MigProfile::isWholeGpuInstance)
        .map(MigProfile::resourceName)
        .filter(meant -> !meant.equals(name));
  }
}
