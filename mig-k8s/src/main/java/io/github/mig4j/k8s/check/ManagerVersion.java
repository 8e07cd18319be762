package io.github.mig4j.k8s.check;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.lint.Severity;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A release of the MIG manager, as the tag of its image shows, e.g. {@code v0.12.3}. */
record ManagerVersion(int major, int minor, int patch) implements Comparable<ManagerVersion> {

  /** Release candidates and images built by others say nothing about what is in them. */
  private static final Pattern IMAGE = Pattern.compile(
      ".*:v?(\\d{1,4})\\.(\\d{1,4})\\.(\\d{1,4})(?:-(?:ubi|ubuntu|distroless)[\\w.]*)?(?:@.*)?");

  /**
   * Since when the MIG manager knows a GPU.
   *
   * @param model the beginning of the ids of its models
   * @param version the first release that knows it
   * @param severity an error where it is known that earlier ones do harm
   */
  record Support(String model, ManagerVersion version, Severity severity) {}

  /**
   * Source: CHANGELOG.md of NVIDIA/mig-parted 02a00ac0. Earlier releases made nothing of the
   * profiles of an RTX PRO 6000 and said success (HAMi#2131).
   */
  private static final List<Support> SUPPORTED_SINCE = List.of(
      new Support("rtx-pro-6000-", new ManagerVersion(0, 12, 3), Severity.ERROR),
      new Support("b200-", new ManagerVersion(0, 11, 0), Severity.WARNING),
      new Support("gb200-", new ManagerVersion(0, 12, 0), Severity.WARNING),
      new Support("b300-", new ManagerVersion(0, 13, 0), Severity.WARNING),
      new Support("gb300-", new ManagerVersion(0, 13, 0), Severity.WARNING));

  /** Reads an image such as {@code nvcr.io/…/k8s-mig-manager:v0.12.3-ubuntu20.04}. */
  static Optional<ManagerVersion> ofImage(String image) {
    Matcher tag = IMAGE.matcher(image);
    return tag.matches()
        ? Optional.of(new ManagerVersion(
            Integer.parseInt(tag.group(1)),
            Integer.parseInt(tag.group(2)),
            Integer.parseInt(tag.group(3))))
        : Optional.empty();
  }

  /** What this release lacks for a GPU, where that is known. */
  Optional<Support> tooOldFor(GpuModel model) {
    return SUPPORTED_SINCE.stream()
        .filter(support -> model.id().startsWith(support.model()))
        .filter(support -> compareTo(support.version()) < 0)
        .findFirst();
  }

  @Override
  public int compareTo(ManagerVersion other) {
    return Comparator.comparingInt(ManagerVersion::major)
        .thenComparingInt(ManagerVersion::minor)
        .thenComparingInt(ManagerVersion::patch)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return "v%d.%d.%d".formatted(major, minor, patch);
  }
}
