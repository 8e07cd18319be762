package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GpuCatalogTest {

  private static final GpuCatalog CATALOG = GpuCatalog.bundled();

  @ParameterizedTest
  @CsvSource({
    "b200-180gb, b200-180gb",
    "B200-180GB, b200-180gb",
    "NVIDIA-B200, b200-180gb",
    "nvidia-b200, b200-180gb",
    "NVIDIA-B200-MIG-1g.23gb, b200-180gb",
    "NVIDIA-B200-MIG-1g.23gb.me-SHARED, b200-180gb",
    "NVIDIA-B200-SHARED, b200-180gb",
    "NVIDIA-B200-MIG-INVALID, b200-180gb",
    "NVIDIA B200, b200-180gb",
    "B200, b200-180gb",
    "0x2901, b200-180gb",
    "0x290110DE, b200-180gb",
    "0x290110de, b200-180gb",
    "NVIDIA-H100-80GB-HBM3, h100-sxm-80gb",
    "NVIDIA H100 80GB HBM3, h100-sxm-80gb",
    "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED, h100-sxm-80gb",
    "A100-SXM4-40GB, a100-40gb",
    "NVIDIA-L40S, l40s",
    "Tesla T4, t4",
  })
  void require_anyNameOfAModel_findsIt(String name, String id) {
    assertThat(CATALOG.require(name).id()).isEqualTo(id);
    assertThat(CATALOG.find(name)).extracting(GpuModel::id).containsExactly(id);
  }

  @Test
  void require_everyNameInTheCatalogue_findsItsModel() {
    for (GpuModel model : CATALOG.models()) {
      assertThat(CATALOG.require(model.id())).isSameAs(model);
      for (GpuProduct product : model.products()) {
        assertThat(CATALOG.find(product.name())).as(product.name()).contains(model);
        assertThat(CATALOG.find(product.label())).as(product.label()).contains(model);
      }
      for (GpuBoard board : model.boards()) {
        assertThat(CATALOG.find(board.id().toString())).contains(model);
        assertThat(CATALOG.find(board.id().deviceFilter())).contains(model);
      }
    }
  }

  @Test
  void require_labelOfTwoBoards_namesBoth() {
    assertThatThrownBy(() -> CATALOG.require("NVIDIA-GB200"))
        .isInstanceOf(UnknownGpuException.class)
        .hasMessage(
            "GPU name 'NVIDIA-GB200' is shared by gb200-186gb, gb200-189gb; use the id of" + " one")
        .satisfies(e -> assertThat(((UnknownGpuException) e).candidates())
            .extracting(GpuModel::id)
            .containsExactly("gb200-186gb", "gb200-189gb"));
    assertThat(CATALOG.find("0x2941"))
        .extracting(GpuModel::id)
        .containsExactly("gb200-186gb", "gb200-189gb");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "NVIDIA-B20 | Unknown GPU 'NVIDIA-B20'. Did you mean b200-180gb?",
        "NVIDIA-V200 | Unknown GPU 'NVIDIA-V200'. Did you mean NVIDIA-B200, NVIDIA-H200,"
            + " NVIDIA-GB200?",
        "H200 SXM 141 | Unknown GPU 'H200 SXM 141'. Did you mean h200-141gb?",
        "h100 | Unknown GPU 'h100'. Did you mean h100-sxm-80gb, h100-pcie-80gb, h100-sxm-64gb,"
            + " h100-94gb, h100-96gb?",
        "A100 40GB | Unknown GPU 'A100 40GB'. Did you mean a100-40gb?",
        "rtx pro | Unknown GPU 'rtx pro'. Did you mean rtx-pro-6000-blackwell-96gb,"
            + " rtx-pro-5000-blackwell-48gb, rtx-pro-4500-blackwell-32gb?",
        "b200-180 | Unknown GPU 'b200-180'. Did you mean b200-180gb?",
        "h100-sxm-80 | Unknown GPU 'h100-sxm-80'. Did you mean h100-sxm-80gb?",
      })
  void require_misspelledName_suggestsSimilarNames(String name, String message) {
    assertThatThrownBy(() -> CATALOG.require(name))
        .isInstanceOf(UnknownGpuException.class)
        .hasMessage(message)
        .satisfies(e -> assertThat(((UnknownGpuException) e).candidates()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "Radeon Instinct MI300X", "0xFFFF", "0x290110DF"})
  void require_unknownName_saysWhatIsExpected(String name) {
    assertThatThrownBy(() -> CATALOG.require(name))
        .isInstanceOf(UnknownGpuException.class)
        .hasMessage("Unknown GPU '" + name + "'. Expected an id, a product label or a PCI device"
            + " id, e.g. 'b200-180gb', 'NVIDIA-B200' or '0x2901'; a newer GPU can be added to the"
            + " catalogue");
    assertThat(CATALOG.find(name)).isEmpty();
  }

  @Test
  void with_newModel_isFoundBesideTheOthers() {
    var own = GpuModel.builder()
        .id("x1")
        .architecture("Next")
        .addProducts(GpuProduct.named("NVIDIA X1 (PCIe)", Provenance.CALLER))
        .build();

    var larger = CATALOG.with(own);

    assertThat(larger.models()).hasSize(CATALOG.models().size() + 1);
    assertThat(larger.require("NVIDIA-X1-PCIe")).isSameAs(own);
    assertThat(larger.require("NVIDIA X1 (PCIe)")).isSameAs(own);
    assertThat(CATALOG.find("x1")).isEmpty();
  }

  @Test
  void with_modelOfTheSameId_replacesIt() {
    var own = GpuModel.builder().id("l4").architecture("Mine").build();

    var changed = CATALOG.with(own);

    assertThat(changed.models()).hasSameSizeAs(CATALOG.models());
    assertThat(changed.require("l4").architecture()).isEqualTo("Mine");
  }

  @Test
  void agreesWithMemory_distinguishesBoardsWithOneName() {
    var production = CATALOG.require("gb200-186gb");
    var early = CATALOG.require("gb200-189gb");

    assertThat(production.agreesWithMemory(189471)).isTrue();
    assertThat(early.agreesWithMemory(189471)).isFalse();
    assertThat(early.agreesWithMemory(189 * 1024)).isTrue();
    assertThat(early.agreesWithMemory(189 * 1024 + 1)).isFalse();
    assertThat(CATALOG.require("jetson-thor").agreesWithMemory(1)).isTrue();
    assertThat(CATALOG.require("gb10").agreesWithMemory(1)).isTrue();
    assertThat(CATALOG.require("l4").agreesWithMemory(23034)).isTrue();
    assertThat(CATALOG.require("l4").agreesWithMemory(46068)).isFalse();
    assertThat(CATALOG.require("l40s").agreesWithMemory(49140)).isTrue();
    assertThat(CATALOG.require("l40s").agreesWithMemory(81559)).isFalse();
  }

  @Test
  void gb300_ofADgxStation_hasNamesByDriver_andItsMemoryIsNotThatOfOthers() {
    assertThat(CATALOG.find("NVIDIA-GB300"))
        .extracting(GpuModel::id)
        .containsExactly("gb300-278gb", "gb300-252gb-r590", "gb300-252gb-r610");
    var r590 = CATALOG.require("gb300-252gb-r590");
    var r610 = CATALOG.require("gb300-252gb-r610");
    var gb300 = CATALOG.require("gb300-278gb");

    assertThat(gb300.agreesWithMemory(256703)).isFalse();
    assertThat(r590.agreesWithMemory(256703)).isTrue();
    assertThat(r610.agreesWithMemory(256703)).isTrue();
    assertThat(r590.agreesWithMemory(284208)).isFalse();
    var old = DriverVersion.parse("595.58.03").orElseThrow();
    var later = DriverVersion.parse("610.43.02").orElseThrow();
    assertThat(r590.agreesWithDriver(old)).isTrue();
    assertThat(r590.agreesWithDriver(later)).isFalse();
    assertThat(r610.agreesWithDriver(old)).isFalse();
    assertThat(r610.agreesWithDriver(later)).isTrue();
    assertThat(gb300.agreesWithDriver(later)).isTrue();
    assertThat(r610.profileNames())
        .isEqualTo("1g.31gb, 1g.31gb+me, 1g.63gb, 2g.63gb, 3g.126gb, 4g.126gb, 7g.251gb");
  }

  /** The sums of this board are not confirmed: nothing is placed, and nothing that could be is rejected. */
  @ParameterizedTest
  @CsvSource({
    "gb300-252gb-r590, 1g.35gb, 3",
    "gb300-252gb-r590, 3g.139gb, 1",
    "gb300-252gb-r610, 1g.31gb, 3",
    "gb300-252gb-r610, 7g.251gb, 1"
  })
  void gb300_ofADgxStation_hasUndeterminedLayouts(String id, String profile, int count) {
    assertThat(MigLayout.place(CATALOG.require(id), Map.of(MigProfile.parse(profile), count)))
        .isInstanceOf(PlacementResult.Undetermined.class);
    assertThat(CATALOG.require(id).profile(MigProfile.parse("1g.10gb"))).isEmpty();
  }

  @Test
  void pciId_ofTwoBoards_doesNotDecide() {
    assertThatThrownBy(() -> CATALOG.require("0x2BB3"))
        .isInstanceOf(UnknownGpuException.class)
        .hasMessage(
            "PCI device id '0x2BB3' is shared by rtx-pro-5000-blackwell-48gb and by RTX PRO 5000 72GB Blackwell, which the catalogue does not have; use the id or the product label of the GPU");
    assertThatThrownBy(() -> CATALOG.require("0x25B610DE"))
        .isInstanceOf(UnknownGpuException.class)
        .hasMessage("GPU name '0x25B610DE' is shared by a2, a16; use the id of one");
    assertThat(CATALOG.require("0x2C3A").id()).isEqualTo("rtx-pro-4500-blackwell-32gb");
  }

  @ParameterizedTest
  @CsvSource({
    "NVIDIA-A10G, a10g",
    "NVIDIA-A2, a2",
    "NVIDIA-A16-SHARED, a16",
    "NVIDIA-L20, l20",
    "Tesla-V100-SXM2-32GB, v100-32gb",
    "Tesla-V100-PCIE-16GB, v100-16gb",
    "NVIDIA-GB10, gb10",
    "NVIDIA-RTX-6000-Ada-Generation, rtx-6000-ada",
    "NVIDIA-RTX-PRO-4500-Blackwell-Server-Edition, rtx-pro-4500-blackwell-32gb",
    "NVIDIA-GB300-WS, "
  })
  void productsThatUsersHave_areFound(String label, String id) {
    if (id == null) {
      assertThat(CATALOG.find(label)).hasSize(2);
    } else {
      assertThat(CATALOG.require(label).id()).isEqualTo(id);
    }
  }

  @Test
  void models_cannotBeChanged() {
    assertThatThrownBy(() -> CATALOG.models().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
