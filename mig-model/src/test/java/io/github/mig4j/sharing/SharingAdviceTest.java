package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.sharing.SharingNeed.Isolation;
import io.github.mig4j.sharing.SharingOption.Method;
import io.github.mig4j.sharing.SharingOption.Reason;
import io.github.mig4j.sharing.SharingOption.Topic;
import io.github.mig4j.sharing.SharingOption.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SharingAdviceTest {

  private static SharingAdvice advice(String gpu, int tenants, double gib, Isolation isolation) {
    return SharingAdvice.of(
        GpuCatalog.bundled().require(gpu), new SharingNeed(tenants, gib, isolation));
  }

  @ParameterizedTest
  @CsvSource({
    "b200-180gb, 7, 20, FAULT, MIG",
    "b200-180gb, 7, 20, NONE, MIG",
    "b200-180gb, 8, 20, NONE, TIME_SLICING",
    "b200-180gb, 8, 20, MEMORY, MPS",
    "b200-180gb, 8, 20, FAULT, ",
    "b200-180gb, 60, 1, MEMORY, ",
    "b200-180gb, 60, 1, NONE, TIME_SLICING",
    "b200-180gb, 1, 170, FAULT, WHOLE_GPU",
    "b200-180gb, 1, 200, NONE, ",
    "b200-180gb, 10, 20, NONE, ",
    "h100-sxm-80gb, 2, 35, FAULT, MIG",
    "l40s, 4, 10, NONE, TIME_SLICING",
    "l40s, 4, 10, MEMORY, MPS",
    "l40s, 4, 10, FAULT, ",
    "l4, 4, 5, NONE, TIME_SLICING",
    "l4, 4, 6, NONE, ",
    "l4, 1, 20, FAULT, WHOLE_GPU"
  })
  void best_isTheFirstThatSuits(
      String gpu, int tenants, double gib, Isolation isolation, Method method) {
    var best = advice(gpu, tenants, gib, isolation).best().map(SharingOption::method);

    assertThat(best.orElse(null)).isEqualTo(method);
  }

  @Test
  void options_saySupportIsolationShareAndCapacity() {
    assertThat(advice("l40", 4, 10, Isolation.MEMORY).options())
        .containsExactly(
            new SharingOption(
                Method.MPS,
                Verdict.SUITS,
                java.util.Optional.empty(),
                List.of(
                    new Reason(
                        Topic.CAPACITY,
                        Verdict.SUITS,
                        "4 x 10 GiB of 48 GB by the data sheet, of which the driver reports somewhat"
                            + " less"),
                    new Reason(
                        Topic.MEMORY_ISOLATION,
                        Verdict.SUITS,
                        "each tenant is limited to an equal part of the memory"),
                    new Reason(
                        Topic.FAULT_ISOLATION, Verdict.SUITS, "a crash of one tenant can end all"),
                    new Reason(
                        Topic.SHARE,
                        Verdict.SUITS,
                        "at most 25% of the multiprocessors each, not reserved"))),
            new SharingOption(
                Method.WHOLE_GPU,
                Verdict.SUITS_NOT,
                java.util.Optional.empty(),
                List.of(
                    new Reason(
                        Topic.CAPACITY, Verdict.SUITS_NOT, "one tenant only, but there are 4"),
                    new Reason(
                        Topic.CAPACITY,
                        Verdict.SUITS,
                        "1 x 10 GiB of 48 GB by the data sheet, of which the driver reports somewhat"
                            + " less"),
                    new Reason(
                        Topic.MEMORY_ISOLATION, Verdict.SUITS, "no other tenant is on the GPU"),
                    new Reason(
                        Topic.FAULT_ISOLATION, Verdict.SUITS, "no other tenant is on the GPU"),
                    new Reason(Topic.SHARE, Verdict.SUITS, "all of it"))),
            new SharingOption(
                Method.MIG,
                Verdict.SUITS_NOT,
                java.util.Optional.empty(),
                List.of(new Reason(Topic.SUPPORT, Verdict.SUITS_NOT, "l40 has no MIG"))),
            new SharingOption(
                Method.TIME_SLICING,
                Verdict.SUITS_NOT,
                java.util.Optional.empty(),
                List.of(
                    new Reason(
                        Topic.CAPACITY,
                        Verdict.SUITS,
                        "4 x 10 GiB of 48 GB by the data sheet, of which the driver reports somewhat"
                            + " less"),
                    new Reason(
                        Topic.MEMORY_ISOLATION,
                        Verdict.SUITS_NOT,
                        "nothing limits what one tenant takes of the memory"),
                    new Reason(
                        Topic.FAULT_ISOLATION, Verdict.SUITS, "no isolation of faults is promised"),
                    new Reason(
                        Topic.SHARE,
                        Verdict.SUITS,
                        "best effort, in turns with the other tenants"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "b200-180gb | 7 | 20  | SUITS     | up to 7 of 1g.23gb, each with 20.5 GiB",
        "b200-180gb | 8 | 20  | SUITS_NOT | at most 7 devices of 20 GiB or more, but there are 8 tenants",
        "b200-180gb | 9 | 0   | SUITS_NOT | at most 7 devices, but there are 9 tenants",
        "b200-180gb | 2 | 999 | SUITS_NOT | no profile is of 999 GiB or more",
        "rtx-pro-4500-blackwell-32gb | 2 | 10 | UNKNOWN | the memory of 1g.16gb on rtx-pro-4500-blackwell-32gb was never published",
      })
  void mig_saysWhatThereIsRoomFor(
      String gpu, int tenants, double gib, Verdict verdict, String message) {
    SharingOption mig = advice(gpu, tenants, gib, Isolation.NONE).options().stream()
        .filter(option -> option.method() == Method.MIG)
        .findFirst()
        .orElseThrow();

    assertThat(mig.reasons().get(0)).isEqualTo(new Reason(Topic.CAPACITY, verdict, message));
  }

  /** For every known GPU, number of tenants, size and isolation. */
  @Test
  void best_keepsItsPromises_everywhere() {
    for (GpuModel gpu : GpuCatalog.bundled().models()) {
      for (int tenants = 1; tenants <= 50; tenants++) {
        for (double gib : new double[] {0, 4.5, 10, 40}) {
          for (Isolation isolation : Isolation.values()) {
            check(gpu, new SharingNeed(tenants, gib, isolation));
          }
        }
      }
    }
  }

  private static void check(GpuModel gpu, SharingNeed need) {
    SharingAdvice advice = SharingAdvice.of(gpu, need);
    assertThat(advice.options())
        .extracting(SharingOption::method)
        .containsExactlyInAnyOrder(Method.values());
    assertThat(advice.options()).extracting(SharingOption::verdict).isSorted();
    advice
        .sharing()
        .ifPresent(sharing ->
            assertThat(sharing.resources()).containsExactly(SharedResource.gpu(need.tenants())));
    advice.best().ifPresent(best -> {
      switch (best.method()) {
        case WHOLE_GPU -> assertThat(need.tenants()).isEqualTo(1);
        case MIG -> {
          var profile = gpu.profile(best.profile().orElseThrow()).orElseThrow();
          assertThat(profile.maxInstances()).isGreaterThanOrEqualTo(need.tenants());
          assertThat(need.memoryGib() == 0
                  || profile.amount(Budget.MEMORY_MIB).orElse(0) >= need.memoryGib() * 1024)
              .isTrue();
        }
        case TIME_SLICING -> assertThat(need.isolation()).isEqualTo(Isolation.NONE);
        case MPS -> {
          assertThat(need.isolation()).isNotEqualTo(Isolation.FAULT);
          assertThat(need.tenants()).isBetween(2, 48);
        }
      }
    });
  }

  @Test
  void need_ofNobody_orOfLessThanNothing_isRefused() {
    assertThatThrownBy(() -> new SharingNeed(0, 1, Isolation.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tenants must be from 1 to 1000, but was 0");
    assertThatThrownBy(() -> new SharingNeed(1, Double.NaN, Isolation.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("memoryGib must be a number from 0, but was NaN");
  }
}
