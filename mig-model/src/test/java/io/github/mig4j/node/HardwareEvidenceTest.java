package io.github.mig4j.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.List;
import org.junit.jupiter.api.Test;

class HardwareEvidenceTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");

  @Test
  void disagreements_ofWhatIsGeneratedForAGpu_areNone() {
    var evidence = HardwareEvidence.in(generated(MigConfigDocument.empty(), H100, List.of()));

    assertThat(evidence.maxInstances(H100))
        .hasToString("{1g.10gb=7, 1g.10gb+me=1, 1g.20gb=4, 2g.20gb=3, 3g.40gb=2, 4g.40gb=1,"
            + " 7g.80gb=1}");
    assertThat(evidence.disagreements(H100)).isEmpty();
  }

  @Test
  void disagreements_nameBothStatements() {
    var document = generated(MigConfigDocument.empty(), A30, List.of())
        .without("all-2g.12gb.me")
        .with("all-1g.6gb", config(List.of(), "1g.6gb", 3))
        .with("all-3g.18gb", config(List.of(), "3g.18gb", 1));

    assertThat(HardwareEvidence.in(document).disagreements(A30))
        .extracting(HardwareEvidence.Disagreement::message)
        .containsExactly(
            "a30-24gb: the hardware accepts 3 of 1g.6gb, but the catalogue states 4",
            "a30-24gb: the hardware does not offer 2g.12gb+me, of which the catalogue states 1",
            "a30-24gb: the hardware accepts 1 of 3g.18gb, which the catalogue does not know");
  }

  @Test
  void unexplainedBy_namesIndexesFiltersAndProfilesOfOtherGpus() {
    var filter = List.of(new DeviceFilter("0x233010de"));
    var document = generated(MigConfigDocument.empty(), H100, filter)
        .with(
            "second",
            MigConfig.of(MigConfigSpec.builder()
                .devices(DeviceSelector.of(0, 1))
                .migEnabled(false)
                .build()));
    var evidence = HardwareEvidence.in(document);

    assertThat(evidence.unexplainedBy(NodeGpu.several(H100, 1))).containsExactly("GPU 1");
    assertThat(evidence.unexplainedBy(NodeGpu.several(A30, 2)))
        .containsExactly("device-filter 0x233010de");
    assertThat(evidence.unexplainedBy(List.of(NodeGpu.of(0, A30), NodeGpu.of(1, H100))))
        .isEmpty();
    assertThat(HardwareEvidence.in(generated(MigConfigDocument.empty(), H100, List.of()))
            .unexplainedBy(NodeGpu.several(GpuCatalog.bundled().require("l40s"), 1)))
        .containsExactly("profile 1g.10gb");
    assertThat(HardwareEvidence.none().unexplainedBy(List.of())).isEmpty();
  }

  @Test
  void deviceFilters_tellTheKindsOfGpuApart() {
    var h100 = List.of(new DeviceFilter("0x233010de"));
    var a30 = List.of(new DeviceFilter("0x20B710DE:0x153210DE"));
    var document = generated(generated(MigConfigDocument.empty(), H100, h100), A30, a30);

    var evidence = HardwareEvidence.in(document);

    assertThat(evidence.disagreements(H100)).isEmpty();
    assertThat(evidence.disagreements(A30)).isEmpty();
    assertThat(evidence.maxInstances(A30).firstKey()).hasToString("1g.6gb");
    assertThat(evidence.maxInstances(GpuCatalog.bundled().require("b200-180gb")))
        .isEmpty();
    assertThat(evidence.disagreements(GpuCatalog.bundled().require("b200-180gb")))
        .isEmpty();
  }

  @Test
  void combinedAndForeignConfigurations_areNoEvidence() {
    var document = MigConfigDocument.empty()
        .with("all-disabled", MigConfig.of(MigConfigSpec.allDisabled()))
        .with("my-own", config(List.of(), "1g.10gb", 2))
        .with(
            "all-balanced",
            MigConfig.of(MigConfigSpec.builder()
                .devices(DeviceSelector.ALL)
                .migEnabled(true)
                .putMigDevices(MigProfile.parse("1g.10gb"), 2)
                .putMigDevices(MigProfile.parse("2g.20gb"), 1)
                .build()));

    assertThat(HardwareEvidence.in(document).maxInstances(H100)).isEmpty();
    assertThat(HardwareEvidence.in(document).disagreements(H100)).isEmpty();
  }

  @Test
  void corrected_hasTheProfilesOfTheHardware_andKeepsStartsWhereTheyAllowTheCount() {
    var document = generated(MigConfigDocument.empty(), A30, List.of())
        .without("all-2g.12gb.me")
        .with("all-1g.6gb", config(List.of(), "1g.6gb", 3))
        .with("all-2g.12gb", config(List.of(), "2g.12gb", 3))
        .with("all-3g.18gb", config(List.of(), "3g.18gb", 1));

    GpuModel corrected = HardwareEvidence.in(document).corrected(A30);

    assertThat(corrected.profileNames()).isEqualTo("1g.6gb, 1g.6gb+me, 2g.12gb, 4g.24gb, 3g.18gb");
    assertThat(corrected.profile(MigProfile.parse("1g.6gb"))).hasValueSatisfying(p -> {
      assertThat(p.maxInstances()).isEqualTo(3);
      assertThat(p.starts()).containsExactly(0, 1, 2, 3);
      assertThat(p.provenance(GpuInstanceProfile.Field.MAX_INSTANCES))
          .hasToString("hardware (the node's own list of configurations)");
    });
    assertThat(corrected.profile(MigProfile.parse("2g.12gb")))
        .hasValueSatisfying(p -> assertThat(p.isPlaceable()).isFalse());
    assertThat(corrected.profile(MigProfile.parse("3g.18gb")))
        .hasValueSatisfying(p -> assertThat(p.isPlaceable()).isFalse());
    assertThat(HardwareEvidence.in(document).disagreements(corrected)).isEmpty();
  }

  @Test
  void corrected_withoutDisagreement_isTheModelItself() {
    var evidence = HardwareEvidence.in(generated(MigConfigDocument.empty(), H100, List.of()));

    assertThat(evidence.corrected(H100)).isSameAs(H100);
    assertThat(HardwareEvidence.none().corrected(H100)).isSameAs(H100);
    assertThat(HardwareEvidence.none().disagreements(H100)).isEmpty();
  }

  @Test
  void numbersThatNoGpuHas_areNoEvidence() {
    var document = MigConfigDocument.empty()
        .with("all-1g.10gb", config(List.of(), "1g.10gb", 2_000_000))
        .with("all-99g.10gb", config(List.of(), "99g.10gb", 1))
        .with("all-1c.3g.40gb", config(List.of(), "1c.3g.40gb", 2));

    assertThat(HardwareEvidence.in(document).maxInstances(H100)).isEmpty();
    assertThat(HardwareEvidence.in(document).corrected(H100)).isSameAs(H100);
  }

  private static MigConfigDocument generated(
      MigConfigDocument document, GpuModel gpu, List<DeviceFilter> filters) {
    MigConfigDocument more = document;
    for (GpuInstanceProfile p : gpu.profiles()) {
      String name = p.profile().toString();
      more = more.with("all-" + name.replace('+', '.'), config(filters, name, p.maxInstances()));
    }
    return more;
  }

  private static MigConfig config(List<DeviceFilter> filters, String profile, int count) {
    return MigConfig.of(MigConfigSpec.builder()
        .addAllDeviceFilters(filters)
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putMigDevices(MigProfile.parse(profile), count)
        .build());
  }
}
