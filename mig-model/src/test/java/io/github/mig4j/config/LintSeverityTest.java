package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How bad a finding is depends on what is applied; docs/lint.md has the findings themselves. */
class LintSeverityTest {

  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");
  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");

  private static final MigConfigFile FILE = MigConfigFile.read("""
      version: v1
      mig-configs:
        all-disabled:
          - devices: all
            mig-enabled: false
        small:
          - devices: all
            mig-enabled: true
            mig-devices: {1g.5gb: 7}
        foreign:
          - devices: all
            mig-enabled: true
            mig-devices: {1g.23gb: 7}
      """);

  private static List<Finding> worseThanNotes(List<Finding> findings) {
    return findings.stream().filter(f -> f.severity() != Severity.NOTE).toList();
  }

  @Test
  void lint_faultOfTheAppliedConfig_isAnError() {
    assertThat(worseThanNotes(
            NodeLint.of(FILE, NodeGpu.several(A100, 1), MigStrategy.MIXED, "foreign")))
        .extracting(Finding::severity, Finding::code)
        .containsExactly(tuple(Severity.ERROR, NodeCode.UNKNOWN_PROFILE));
  }

  @Test
  void lint_faultOfAnotherConfig_isANote() {
    var findings = NodeLint.of(FILE, NodeGpu.several(A100, 1), MigStrategy.MIXED, "small");

    assertThat(worseThanNotes(findings)).isEmpty();
    assertThat(findings)
        .filteredOn(f -> f.location().orElseThrow().config().equals(Optional.of("foreign")))
        .extracting(Finding::severity, Finding::code)
        .containsExactly(tuple(Severity.NOTE, NodeCode.UNKNOWN_PROFILE));
  }

  @Test
  void lint_withoutAChoice_isNotesAlone() {
    assertThat(worseThanNotes(NodeLint.of(FILE, NodeGpu.several(A100, 1), MigStrategy.MIXED)))
        .isEmpty();
  }

  @Test
  void lint_fileThatIsRefused_isAnError_whateverIsApplied() {
    MigConfigFile poisoned = MigConfigFile.read("""
        version: v1
        mig-configs:
          good:
            - devices: all
              mig-enabled: false
          bad:
            - devices: all
              mig-enabled: true
              mig-devices: {none: 1}
        """);

    assertThat(NodeLint.of(poisoned, NodeGpu.several(A100, 1), MigStrategy.MIXED, "good"))
        .extracting(Finding::code)
        .containsExactly(ConfigCode.INVALID_PROFILE);
  }

  @Test
  void lint_gpusOfOneModel_areNamedTogether() {
    assertThat(NodeLint.of(FILE, NodeGpu.several(A100, 8), MigStrategy.MIXED, "foreign"))
        .filteredOn(Finding::isError)
        .singleElement()
        .satisfies(finding -> assertThat(finding.message()).startsWith("GPUs 0-7 (a100-40gb): "));
  }

  @Test
  void lint_gpuWithoutMig_needsAnEntryThatDisablesMig() {
    var gpus = List.of(NodeGpu.of(0, A100), NodeGpu.of(1, L40S));
    MigConfigFile covered = MigConfigFile.read("""
        version: v1
        mig-configs:
          all-disabled:
            - devices: all
              mig-enabled: false
          small:
            - device-filter: "0x20B010DE"
              devices: all
              mig-enabled: true
              mig-devices: {1g.5gb: 7}
            - devices: [1]
              mig-enabled: false
        """);

    assertThat(worseThanNotes(NodeLint.of(covered, gpus, MigStrategy.MIXED, "small")))
        .isEmpty();
    assertThat(worseThanNotes(NodeLint.of(covered, gpus, MigStrategy.SINGLE, "small")))
        .extracting(Finding::code)
        .containsExactly(NodeCode.NOT_UNIFORM_UNDER_SINGLE);
  }

  /** Feature discovery would count eleven alike; the device plugin compares their size. */
  @Test
  void lint_oneProfileNameOfTwoModelsUnderSingle_isAnError() {
    MigConfigFile alike = MigConfigFile.read("version: v1\nmig-configs:\n  c:\n  - devices: [0]\n"
        + "    mig-enabled: true\n    mig-devices: {1g.10gb: 7}\n  - devices: [1]\n"
        + "    mig-enabled: true\n    mig-devices: {1g.10gb: 4}\n");
    GpuModel h100 = GpuCatalog.bundled().require("h100-sxm-80gb");

    assertThat(NodeLint.of(
            alike, List.of(NodeGpu.of(0, h100), NodeGpu.of(1, A100)), MigStrategy.SINGLE, "c"))
        .filteredOn(Finding::isError)
        .extracting(Finding::message)
        .containsExactly(
            "With strategy single all devices must have one size, but the sizes differ on"
                + " GPU 0 (h100-sxm-80gb) and GPU 1 (a100-40gb): 1g.10gb, so the device plugin"
                + " would stop");
  }

  @Test
  void lint_sharedInstancesUnderSingle_areFine() {
    MigConfigFile shared = MigConfigFile.read("version: v1\nmig-configs:\n  c:\n  - devices: all\n"
        + "    mig-enabled: true\n    mig-devices: {1c.3g.20gb: 6}\n");

    assertThat(
            worseThanNotes(NodeLint.of(shared, NodeGpu.several(A100, 2), MigStrategy.SINGLE, "c")))
        .isEmpty();
  }

  @Test
  void lint_withoutGpus_isMisuse() {
    assertThatThrownBy(() -> NodeLint.of(FILE, List.of(), MigStrategy.MIXED))
        .hasMessage("A node to check against needs at least one GPU");
  }

  @Test
  void lint_ofLayoutsThatMigPartedGetsAtOnce_saysNothingOfTheOrder() {
    MigConfigFile file = MigConfigFile.read("version: v1\nmig-configs:\n  c:\n  - devices: all\n"
        + "    mig-enabled: true\n    mig-devices: {1g.5gb: 2, 2g.10gb: 1, 3g.20gb: 1}\n");

    assertThat(NodeLint.of(file, NodeGpu.several(A100, 1), MigStrategy.MIXED, "c"))
        .extracting(Finding::code)
        .doesNotContain(NodeCode.DRIVER_ORDER);
  }
}
