package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks the bundled file against rules that hold for every GPU. */
class BundledCatalogTest {

  private static final Pattern LABEL_VALUE =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  static List<GpuModel> all() {
    return GpuCatalog.bundled().models();
  }

  static Stream<GpuModel> withMig() {
    return all().stream().filter(GpuModel::supportsMig);
  }

  @Test
  void models_areThePublishedOnes() {
    assertThat(withMig())
        .extracting(GpuModel::id)
        .containsExactly(
            "a30-24gb",
            "a100-40gb",
            "a100-80gb",
            "a100-pg506-96gb",
            "h100-sxm-80gb",
            "h100-pcie-80gb",
            "h100-sxm-64gb",
            "h100-94gb",
            "h100-96gb",
            "gh200-144gb",
            "h20-96gb",
            "h20-141gb",
            "h200-141gb",
            "b200-180gb",
            "gb200-186gb",
            "gb200-189gb",
            "b300-269gb",
            "gb300-278gb",
            "gb300-252gb-r590",
            "gb300-252gb-r610",
            "rtx-pro-6000-blackwell-96gb",
            "rtx-pro-5000-blackwell-48gb",
            "rtx-pro-4500-blackwell-32gb",
            "jetson-thor");
    assertThat(all().stream().filter(model -> !model.supportsMig()))
        .extracting(GpuModel::id)
        .containsExactly(
            "l4",
            "l40",
            "l40s",
            "t4",
            "a10",
            "a40",
            "a10g",
            "a2",
            "a16",
            "l20",
            "v100-16gb",
            "v100-32gb",
            "rtx-6000-ada",
            "gb10");
    assertThat(withMig().mapToInt(model -> model.profiles().size()).sum()).isEqualTo(169);
  }

  @Test
  void l40s_reportsLessThanItsDataSheetSays() {
    GpuModel l40s = GpuCatalog.bundled().require("l40s");

    assertThat(l40s.totalMemoryMib()).hasValue(46068);
    assertThat(l40s.computeCapability()).contains("8.9");
  }

  @ParameterizedTest
  @CsvSource({
    "h100-sxm-80gb, 525.85",
    "h100-94gb, 525.85",
    "h20-141gb, 535.161",
    "h200-141gb, 550.90",
    "b200-180gb, 570.133",
    "gb200-186gb, 570.133",
    "b300-269gb, 580.82",
    "gb300-252gb-r590, 595.58",
    "rtx-pro-6000-blackwell-96gb, 575.51",
    "rtx-pro-5000-blackwell-48gb, 575.57",
    "rtx-pro-4500-blackwell-32gb, 575.64"
  })
  void minimumDrivers_areThoseOfTheGuide(String id, String driver) {
    assertThat(GpuCatalog.bundled().require(id).minimumDriver())
        .map(DriverVersion::toString)
        .contains(driver);
  }

  @Test
  void ids_areDistinct_andFitForACommandLine() {
    assertThat(all()).extracting(GpuModel::id).doesNotHaveDuplicates();
    assertThat(all()).allSatisfy(model -> assertThat(model.id()).matches("[a-z0-9]+(-[a-z0-9]+)*"));
  }

  @ParameterizedTest
  @MethodSource("all")
  void labels_areWhatFeatureDiscoveryDerivesFromTheNames(GpuModel model) {
    assertThat(model.products()).allSatisfy(product -> {
      assertThat(product).isEqualTo(GpuProduct.named(product.name(), product.provenance()));
      assertThat(product.label()).matches(LABEL_VALUE);
    });
  }

  @Test
  void boardsOfOnePciId_areThoseOfTheGb200_andOfTheA2AndA16() {
    Set<PciDeviceId> seen = new HashSet<>();
    Set<PciDeviceId> twice = new HashSet<>();
    all()
        .forEach(model -> model.boards().forEach(board -> {
          if (!seen.add(board.id())) {
            twice.add(board.id());
          }
        }));

    assertThat(twice).containsExactlyInAnyOrder(new PciDeviceId(0x2941), new PciDeviceId(0x25B6));
  }

  @ParameterizedTest
  @MethodSource("withMig")
  void wholeGpu_exists_andNoProfileTakesMoreOfAnyBudget(GpuModel model) {
    var whole = model.wholeGpu().orElseThrow();

    assertThat(whole.maxInstances()).isEqualTo(1);
    assertThat(whole.size()).isEqualTo(model.memorySlices());
    for (Budget budget : Budget.values()) {
      whole
          .amount(budget)
          .ifPresent(all -> model
              .profiles()
              .forEach(p -> p.amount(budget)
                  .ifPresent(part ->
                      assertThat(part).as("%s %s", p.profile(), budget).isLessThanOrEqualTo(all))));
    }
  }

  @ParameterizedTest
  @MethodSource("withMig")
  void maxInstances_areReachableByPlacement(GpuModel model) {
    for (GpuInstanceProfile p : model.profiles()) {
      assertThat(p.isPlaceable())
          .as("%s", p.profile())
          .isEqualTo(model.memorySlices().isPresent());
      if (p.isPlaceable()) {
        int size = p.size().getAsInt();
        int apart = 0;
        int free = 0;
        for (int start : p.starts()) {
          if (start >= free) {
            apart++;
            free = start + size;
          }
        }
        assertThat(p.maxInstances()).as("%s", p.profile()).isLessThanOrEqualTo(apart);
        if (p.profile().suffix().isEmpty()) {
          assertThat(p.maxInstances()).as("%s", p.profile()).isEqualTo(apart);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("withMig")
  void sevenSliceGpus_shareOneGeometry(GpuModel model) {
    // The sums of a GB300 in a DGX Station are not confirmed, so its placements are unknown.
    if (model.computeSlices() == 7 && !model.id().startsWith("gb300-252gb")) {
      assertThat(model.memorySlices()).hasValue(8);
      assertThat(model.profiles())
          .extracting(p -> p.profile().gpuSlices()
              + p.profile().suffix()
              + p.starts()
              + ":"
              + p.size().getAsInt()
              + "x"
              + p.maxInstances())
          .containsExactly(
              "1[0, 1, 2, 3, 4, 5, 6]:1x7",
              "1+me[0, 1, 2, 3, 4, 5, 6]:1x1",
              "1[0, 2, 4, 6]:2x4",
              "2[0, 2, 4]:2x3",
              "3[0, 4]:4x2",
              "4[0]:4x1",
              "7[0]:8x1");
    }
  }

  @ParameterizedTest
  @MethodSource("withMig")
  void provenance_isStatedForEverything_andNeverUnknown(GpuModel model) {
    assertThat(model.slicesProvenance()).isNotEqualTo(Provenance.CALLER);
    model.products().forEach(p -> assertKnown(p.provenance()));
    model.boards().forEach(b -> assertKnown(b.provenance()));
    for (GpuInstanceProfile p : model.profiles()) {
      for (Field field : Field.values()) {
        assertKnown(p.provenance(field));
      }
      for (Budget budget : Budget.values()) {
        assertKnown(p.provenance(budget));
      }
    }
  }

  private static void assertKnown(Provenance provenance) {
    assertThat(provenance.confidence()).isNotIn(Confidence.CALLER, Confidence.UNKNOWN);
    assertThat(provenance.source()).isNotBlank();
  }

  @Test
  void hardwareReadings_haveTheConfidenceHardware() {
    assertThat(withMig()
            .filter(model -> model.profiles().stream()
                .allMatch(p -> p.provenance(Field.STARTS).confidence() == Confidence.HARDWARE)))
        .extracting(GpuModel::id)
        .containsExactly("h100-sxm-80gb", "h200-141gb");
  }
}
