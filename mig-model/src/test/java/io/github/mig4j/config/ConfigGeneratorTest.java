package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigGeneratorTest {

  private static final GpuCatalog CATALOG = GpuCatalog.bundled();

  static Stream<GpuModel> migModels() {
    return CATALOG.models().stream().filter(GpuModel::supportsMig);
  }

  @Test
  void generatedFor_oneModel_needsNoFilter() {
    assertThat(
            MigConfigDocument.generatedFor(List.of(CATALOG.require("a30-24gb"))).toYaml())
        .isEqualTo("""
            version: v1
            mig-configs:
              all-1g.6gb:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.6gb: 4
              all-1g.6gb.me:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.6gb+me: 1
              all-2g.12gb:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    2g.12gb: 2
              all-2g.12gb.me:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    2g.12gb+me: 1
              all-4g.24gb:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    4g.24gb: 1
              all-balanced:
                - devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.6gb: 2
                    2g.12gb: 1
              all-disabled:
                - devices: all
                  mig-enabled: false
              all-enabled:
                - devices: all
                  mig-enabled: true
                  mig-devices: {}
            """);
  }

  @Test
  void generatedFor_severalModels_tellsThemByFilter_andJoinsThoseOfOneCount() {
    var document = MigConfigDocument.generatedFor(
        List.of(CATALOG.require("h100-sxm-80gb"), CATALOG.require("a100-40gb")));

    assertThat(MigConfigDocument.empty()
            .with("all-1g.10gb", document.configs().get("all-1g.10gb"))
            .toYaml())
        .isEqualTo("""
            version: v1
            mig-configs:
              all-1g.10gb:
                - device-filter: ["0x20B010DE", "0x20B110DE", "0x20BD10DE", "0x20F110DE", "0x20F610DE"]
                  devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.10gb: 4
                - device-filter: ["0x232410DE", "0x233010DE", "0x233610DE"]
                  devices: all
                  mig-enabled: true
                  mig-devices:
                    1g.10gb: 7
            """);
    assertThat(document.configs().get("all-balanced").entries()).hasSize(2);
  }

  @Test
  void generatedFor_modelsWithoutMig_passesThemOver() {
    assertThat(MigConfigDocument.generatedFor(
            List.of(CATALOG.require("l40s"), CATALOG.require("a30-24gb"))))
        .isEqualTo(MigConfigDocument.generatedFor(List.of(CATALOG.require("a30-24gb"))));
  }

  @ParameterizedTest
  @MethodSource("migModels")
  void generatedFor_eachModel_hasAConfigForEachProfile_andEachFits(GpuModel model) {
    var document = MigConfigDocument.generatedFor(List.of(model));
    var file = MigConfigFile.read(document.toYaml());

    assertThat(document.configs())
        .containsKeys(model.profiles().stream()
            .map(profile -> "all-" + profile.profile().toString().replace('+', '.'))
            .toArray(String[]::new));
    assertThat(document.configs().containsKey("all-balanced"))
        .isEqualTo(
            !Set.of("rtx-pro-5000-blackwell-48gb", "rtx-pro-4500-blackwell-32gb", "jetson-thor")
                .contains(model.id()));
    document
        .configs()
        .keySet()
        .forEach(name -> assertThat(
                NodeLint.of(file, NodeGpu.several(model, 2), MigStrategy.MIXED, name))
            .as(name)
            .noneMatch(Finding::isError));
  }

  @Test
  void generatedFor_allModels_isOneFile_thatFitsEachOfThem() {
    // Among several models each needs a device-filter by its PCI device id.
    var models = migModels().filter(model -> !model.boards().isEmpty()).toList();
    var document = MigConfigDocument.generatedFor(models);
    var file = MigConfigFile.read(document.toYaml());

    assertThat(file.findings()).isEmpty();
    models.forEach(model -> {
      for (GpuInstanceProfile profile : model.profiles()) {
        String name = "all-" + profile.profile().toString().replace('+', '.');
        assertThat(NodeLint.of(file, NodeGpu.several(model, 1), MigStrategy.MIXED, name))
            .as(model.id() + " " + name)
            .noneMatch(finding -> finding.isError() && !sharesItsBoard(model));
      }
    });
  }

  /** Two boards of the GB200 have one PCI device id, so that no filter can tell them. */
  private static boolean sharesItsBoard(GpuModel model) {
    return model.id().startsWith("gb200-");
  }

  @Test
  void generatedFor_modelWithoutPciIdAmongOthers_isRefused() {
    GpuModel nameless = GpuModel.builder()
        .id("mine")
        .architecture("Hopper")
        .computeSlices(7)
        .memorySlices(8)
        .addProfiles(GpuInstanceProfile.builder()
            .profile(MigProfile.parse("7g.80gb"))
            .maxInstances(1)
            .build())
        .build();
    List<GpuModel> models = List.of(nameless, CATALOG.require("a30-24gb"));

    assertThatThrownBy(() -> MigConfigDocument.generatedFor(models))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Among several models each needs a PCI device id for its device-filter, but mine"
                + " has no id");
  }
}
