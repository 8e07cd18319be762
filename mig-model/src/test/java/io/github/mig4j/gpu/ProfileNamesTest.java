package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileNamesTest {

  @ParameterizedTest
  @CsvSource({
    "1, 16384, 143771, '', 1g.18gb",
    "1, 33280, 143771, '', 1g.35gb",
    "3, 71424, 143771, '', 3g.71gb",
    "7, 143360, 143771, '', 7g.141gb",
    "1, 9984, 81559, +me, 1g.10gb+me",
    "4, 97408, 97887, +gfx, 4g.96gb+gfx",
    "1, 24192, 97887, -me, 1g.24gb-me",
    "1, 0, 1024, '', 1g.0gb",
    "2, 1024, 1024, '', 2g.1gb",
    "1, 1, 4096, '', 1g.1gb",
  })
  void named_roundsToEighthsOfTheBoard(
      int slices, int memoryMib, int totalMib, String suffix, String name) {
    assertThat(MigProfile.named(slices, memoryMib, totalMib, suffix)).hasToString(name);
  }

  /** Every entry of the catalogue with known memory and board. */
  @Test
  void named_agreesWithTheCatalogue() {
    List<String> checked = new ArrayList<>();
    for (GpuModel model : GpuCatalog.bundled().models()) {
      for (GpuInstanceProfile p : model.profiles()) {
        if (model.totalMemoryMib().isPresent() && memoryMib(model, p).isPresent()) {
          assertThat(MigProfile.named(
                  p.profile().gpuSlices(),
                  memoryMib(model, p).getAsInt(),
                  model.totalMemoryMib().getAsInt(),
                  p.profile().suffix()))
              .isEqualTo(p.profile());
          checked.add(model.id() + " " + p.profile());
        }
      }
    }
    assertThat(checked).hasSize(114);
  }

  /** The memory that the driver reports, or the share of the memory slices if it is unknown. */
  private static OptionalInt memoryMib(GpuModel model, GpuInstanceProfile p) {
    if (p.amount(Budget.MEMORY_MIB).isPresent() || p.size().isEmpty()) {
      return p.amount(Budget.MEMORY_MIB);
    }
    return OptionalInt.of(model.totalMemoryMib().getAsInt()
        * p.size().getAsInt()
        / model.memorySlices().getAsInt());
  }

  @Test
  void named_memoryOutsideTheBoard_isRefused() {
    assertThatThrownBy(() -> MigProfile.named(1, 2, 1, ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryMib must be from 0 to totalMemoryMib, but was 2 of 1");
    assertThatThrownBy(() -> MigProfile.named(1, -1, 1, ""))
        .hasMessage("memoryMib must be from 0 to totalMemoryMib, but was -1 of 1");
    assertThatThrownBy(() -> MigProfile.named(1, 0, 0, ""))
        .hasMessage("memoryMib must be from 0 to totalMemoryMib, but was 0 of 0");
  }

  @ParameterizedTest
  @CsvSource({
    "a100-80gb, 7g.79gb, 7g.80gb",
    "a100-80gb, 1c.7g.79gb, 1c.7g.80gb",
    "h100-94gb, 1g.11gb, 1g.12gb",
    "h100-94gb, 1g.11gb+me, 1g.12gb+me",
    "h100-94gb, 1g.22gb, 1g.24gb",
    "h100-94gb, 2g.22gb, 2g.24gb",
    "h200-141gb, 1g.16gb, 1g.18gb",
    "h200-141gb, 1g.33gb, 1g.35gb",
    "h200-141gb, 3g.70gb, 3g.71gb",
    "b200-180gb, 7g.179gb, 7g.180gb",
  })
  void renamed_oldName_isTheCurrentName(String gpu, String old, String today) {
    var model = GpuCatalog.bundled().require(gpu);

    assertThat(model.renamed(MigProfile.parse(old))).contains(MigProfile.parse(today));
    assertThat(model.suggestions(MigProfile.parse(old))).containsExactly(MigProfile.parse(today));
    assertThat(model.renamed(MigProfile.parse(today))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "h100-94gb, 1g.10gb",
    "h100-94gb, 1g.11gb+gfx",
    "h100-94gb, 5c.7g.94gb",
    "gb200-186gb, 7g.184gb",
    "l40s, 1g.11gb",
  })
  void renamed_anyOtherName_isEmpty(String gpu, String name) {
    assertThat(GpuCatalog.bundled().require(gpu).renamed(MigProfile.parse(name)))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "a100-80gb, 1g.5gb, '[1g.10gb, 1g.20gb]'",
    "a100-80gb, 1g.21gb, '[1g.20gb, 1g.10gb]'",
    "a100-80gb, 3g.39gb, '[3g.40gb]'",
    "a100-40gb, 1g.10gb+me, '[1g.5gb+me]'",
    "a100-40gb, 3c.4g.20gb, '[1c.4g.20gb, 2c.4g.20gb, 4g.20gb]'",
    "a100-40gb, 3g.20gb+me, '[3g.20gb]'",
    "a100-40gb, 8g.40gb, '[7g.40gb]'",
    "a30-24gb, 3g.20gb, '[4g.24gb]'",
    "h100-sxm-80gb, 5g.40gb, '[3g.40gb, 4g.40gb]'",
    "h100-sxm-80gb, 5g.50gb, '[]'",
    "a30-24gb, 7g.80gb+gfx, '[]'",
    "l40s, 1g.5gb, '[]'",
  })
  void suggestions_areTheMostLikelyProfiles(String gpu, String name, String meant) {
    assertThat(GpuCatalog.bundled().require(gpu).suggestions(MigProfile.parse(name)))
        .hasToString(meant);
  }
}
