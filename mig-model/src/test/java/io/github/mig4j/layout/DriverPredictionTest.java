package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigProfile;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DriverPredictionTest {

  private static final DriverPrediction A100 =
      DriverPrediction.of(GpuCatalog.bundled().require("a100-40gb"));

  /**
   * Published transcripts: profile ids in the order of creation, and the placements by the driver.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "19 19 19 19 19 19 19 | 6 4 5 0 1 2 3 |",
        "9 9 | 4 0 |",
        "9 19 14 19 | 4 0 2 1 |",
        "9 14 19 19 | 4 0 2 3 |",
        "19 19 14 9 | 6 4 0 | 3",
      })
  void create_agreesWithPublishedTranscripts(String ids, String starts, Integer failedAt) {
    for (String gpu : new String[] {"a100-40gb", "h100-sxm-80gb", "b200-180gb"}) {
      var model = GpuCatalog.bundled().require(gpu);
      var order = Stream.of(ids.split(" "))
          .map(id -> model.profiles().stream()
              .filter(p -> p.id().getAsInt() == Integer.parseInt(id))
              .findFirst()
              .orElseThrow()
              .profile())
          .toList();

      var creation = DriverPrediction.of(model).create(order);

      assertThat(creation.placements())
          .extracting(p -> String.valueOf(p.start()))
          .containsExactly(starts.split(" "));
      assertThat(creation.failedAt().stream().boxed())
          .isEqualTo(failedAt == null ? java.util.List.of() : java.util.List.of(failedAt));
      assertThat(creation.isComplete()).isEqualTo(failedAt == null);
    }
  }

  @Test
  void create_computeInstances_shareTheLastGpuInstanceWhileItHasRoom() {
    var creation =
        A100.create(Stream.of("2c.3g.20gb", "1c.3g.20gb", "1c.3g.20gb", "1g.5gb", "1c.3g.20gb")
            .map(MigProfile::parse)
            .toList());

    assertThat(creation.placements()).hasToString("[3g.20gb@4:4, 3g.20gb@0:4]");
    assertThat(creation.failedAt()).hasValue(3);
  }

  @Test
  void orderings_descendingOrderWorks_atTheFirstAttempt() {
    var orderings = A100.orderings(Map.of(
        MigProfile.parse("3g.20gb"),
        1,
        MigProfile.parse("2g.10gb"),
        1,
        MigProfile.parse("1g.5gb"),
        2));

    assertThat(orderings.distinct()).isEqualTo(12);
    assertThat(orderings.tried()).isEqualTo(1);
    assertThat(orderings.accepted().orElseThrow().placements())
        .hasToString("[3g.20gb@4:4, 2g.10gb@0:2, 1g.5gb@2:1, 1g.5gb@3:1]");
  }

  @Test
  void orderings_impossibleRequest_triesEveryOne() {
    var orderings =
        A100.orderings(Map.of(MigProfile.parse("3g.20gb"), 2, MigProfile.parse("1g.5gb"), 1));

    assertThat(orderings.distinct()).isEqualTo(3);
    assertThat(orderings.tried()).isEqualTo(3);
    assertThat(orderings.accepted()).isEmpty();
  }

  @Test
  void orderings_tooMany_areLimited() {
    var many = IntStream.rangeClosed(1, 1)
        .boxed()
        .collect(java.util.stream.Collectors.toMap(i -> MigProfile.parse("1g.5gb"), i -> 20));
    many.put(MigProfile.parse("2g.10gb"), 20);

    var orderings = A100.orderings(many);

    assertThat(orderings.distinct()).isEqualTo("137846528820");
    assertThat(orderings.tried()).isEqualTo(10_000);
    assertThat(orderings.accepted()).isEmpty();
  }

  @Test
  void orderings_ofHugeCounts_areCountedUpToALimit() {
    var one = A100.orderings(Map.of(MigProfile.parse("1g.5gb"), Integer.MAX_VALUE));
    var two = A100.orderings(
        Map.of(MigProfile.parse("1g.5gb"), Integer.MAX_VALUE, MigProfile.parse("2g.10gb"), 1));
    var many = A100.orderings(Map.of(
        MigProfile.parse("1g.5gb"), Integer.MAX_VALUE, MigProfile.parse("2g.10gb"), 1_000_000_000));

    assertThat(one.distinct()).isEqualTo(1);
    assertThat(one.tried()).isEqualTo(1);
    assertThat(two.distinct()).isEqualTo(2_147_483_648L);
    assertThat(two.tried()).isEqualTo(10_000);
    assertThat(many.distinct()).isEqualTo(java.math.BigInteger.TEN.pow(100));
    assertThat(many.accepted()).isEmpty();
  }

  @Test
  void orderings_ofNothing_isOneEmptyOrder() {
    var orderings = A100.orderings(Map.of());

    assertThat(orderings.distinct()).isEqualTo(1);
    assertThat(orderings.tried()).isEqualTo(1);
    assertThat(orderings.accepted().orElseThrow().placements()).isEmpty();
  }

  @Test
  void unknownProfile_isRefused() {
    assertThatThrownBy(() -> A100.create(java.util.List.of(MigProfile.parse("1g.6gb"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a100-40gb has no profile 1g.6gb (did you mean 1g.5gb or 1g.10gb?); it has"
            + " 1g.5gb, 1g.5gb+me, 1g.10gb, 2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb");
    assertThatThrownBy(() -> A100.orderings(Map.of(MigProfile.parse("9g.6gb"), 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("a100-40gb has no profile 9g.6gb");
    assertThatThrownBy(() -> A100.orderings(Map.of(MigProfile.parse("1g.5gb"), 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The count of 1g.5gb must be at least 1, but was 0");
  }

  /** Every layout that mig-parted's generator or a user can request is reached in some order. */
  @Test
  void orderings_everyChoiceThatFits_isReached() {
    var gpu = GpuCatalog.bundled().require("a100-40gb");

    assertThat(Layouts.of(gpu).multisets())
        .allSatisfy(devices -> assertThat(A100.orderings(devices).accepted()).isPresent());
  }
}
