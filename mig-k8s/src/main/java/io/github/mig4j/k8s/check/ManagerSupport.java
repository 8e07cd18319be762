package io.github.mig4j.k8s.check;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.node.ComponentVersions.Version;
import java.util.List;
import java.util.Optional;

/**
 * Since when the MIG manager knows a GPU.
 *
 * @param model the beginning of the ids of its models
 * @param version the first release that knows it
 * @param severity an error where earlier releases are known to do harm
 */
record ManagerSupport(String model, Version version, Severity severity) {

  /**
   * Source: CHANGELOG.md of NVIDIA/mig-parted 02a00ac0. Earlier releases made nothing of the
   * profiles of an RTX PRO 6000 and said success (HAMi#2131).
   */
  private static final List<ManagerSupport> SUPPORTED_SINCE = List.of(
      new ManagerSupport("rtx-pro-6000-", new Version(0, 12, 3), Severity.ERROR),
      new ManagerSupport("b200-", new Version(0, 11, 0), Severity.WARNING),
      new ManagerSupport("gb200-", new Version(0, 12, 0), Severity.WARNING),
      new ManagerSupport("b300-", new Version(0, 13, 0), Severity.WARNING),
      new ManagerSupport("gb300-", new Version(0, 13, 0), Severity.WARNING));

  /** What a release lacks for a GPU, where that is known. */
  static Optional<ManagerSupport> lacking(Version release, GpuModel model) {
    return SUPPORTED_SINCE.stream()
        .filter(support -> model.id().startsWith(support.model()))
        .filter(support -> release.compareTo(support.version()) < 0)
        .findFirst();
  }
}
