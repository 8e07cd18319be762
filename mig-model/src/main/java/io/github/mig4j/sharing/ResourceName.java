package io.github.mig4j.sharing;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.KubernetesName;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** What the device plugin accepts as the name of a resource (api/config/v1/resources.go). */
final class ResourceName {
  static final String PREFIX = "nvidia.com/";
  static final String GPU = PREFIX + "gpu";
  static final int MAX_LENGTH = 63;

  private static final String MIG = PREFIX + "mig-";
  private static final String SHARED = ".shared";

  private ResourceName() {}

  /** With the prefix that the plugin adds where it is missing. */
  static String qualified(String name) {
    return name.startsWith(PREFIX) ? name : PREFIX + name;
  }

  static boolean isTooLong(String qualified) {
    return qualified.getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH;
  }

  static boolean isWellFormed(String qualified) {
    return KubernetesName.isDnsSubdomain(qualified.substring(PREFIX.length()));
  }

  static boolean isMig(String qualified) {
    return qualified.startsWith(MIG);
  }

  /** The name under {@code renameByDefault}. */
  static String shared(String qualified) {
    return qualified + SHARED;
  }

  /** The profile whose devices the plugin offers under this name with strategy mixed. */
  static Optional<MigProfile> profile(String qualified) {
    return MigProfile.ofResourceName(qualified)
        .filter(MigProfile::isWholeGpuInstance)
        .filter(profile -> profile.resourceName().equals(qualified));
  }

  /** What the plugin can offer, on one GPU or another. */
  static boolean isOffered(String qualified) {
    return qualified.equals(GPU) || profile(qualified).isPresent();
  }

  /** The resource that a name probably means. */
  static Optional<String> meant(String name) {
    String lower = name.toLowerCase(Locale.ROOT).replaceAll("\\s", "");
    String bare = lower.substring(lower.lastIndexOf('/') + 1);
    if (bare.endsWith(SHARED)) {
      bare = bare.substring(0, bare.length() - SHARED.length());
    }
    if (bare.matches("(?:nvidia\\.com.?)?gpus?")) {
      return Optional.of(GPU);
    }
    return MigProfile.ofLabel(bare.replaceFirst("^mig[-.]", "").replace('+', '.'))
        .filter(MigProfile::isWholeGpuInstance)
        .map(MigProfile::resourceName)
        .filter(meant -> !meant.equals(name));
  }
}
