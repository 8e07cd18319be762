package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Counts, starts and orders of any size get an answer or a documented refusal. */
class HostileLayoutPropertiesTest {

  private static final Arbitrary<Integer> COUNTS =
      Arbitraries.of(1, 2, 3, 7, 20, 168, 10_000, 1_000_000_000, Integer.MAX_VALUE);

  @Property(tries = 300)
  void place_andNearest_answer(
      @ForAll("models") GpuModel model, @ForAll("requests") Map<MigProfile, Integer> devices) {
    MigLayout.Builder builder = MigLayout.on(model);
    devices.forEach(builder::add);

    PlacementResult result = builder.place();

    assertThat(result).isEqualTo(MigLayout.place(model, devices));
    if (result instanceof PlacementResult.Rejected rejected) {
      assertThat(Violation.summary(rejected.violations())).isNotEmpty();
    }
    assertThat(builder.nearest(2)).hasSizeLessThanOrEqualTo(2);
  }

  @Property(tries = 300)
  void starts_ofAnyNumber_areAnswered(
      @ForAll("models") GpuModel model,
      @ForAll("profiles") MigProfile profile,
      @ForAll int start,
      @ForAll("starts") List<Integer> more) {
    MigLayout.Builder builder = MigLayout.on(model);
    String whole = profile.gpuInstance().toString();
    builder.addAt(whole, start);
    more.forEach(each -> builder.addAt(whole, each));

    assertThat(builder.place()).isNotNull();
    assertThat(builder.nearest(1)).hasSizeLessThanOrEqualTo(1);
  }

  @Property(tries = 300)
  void placement_overflow_isRefused(@ForAll int start, @ForAll int size) {
    Throwable refused =
        catchThrowable(() -> new Placement(MigProfile.parse("1g.5gb"), start, size).end());

    boolean valid = start >= 0 && size >= 1 && (long) start + size <= Integer.MAX_VALUE;
    assertThat(refused == null).isEqualTo(valid);
    if (!valid) {
      assertThat(refused).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Property(tries = 200)
  void orderings_answer(
      @ForAll("requests") Map<MigProfile, Integer> devices, @ForAll("placeable") GpuModel model) {
    DriverPrediction prediction = DriverPrediction.of(model);
    boolean offered =
        devices.keySet().stream().allMatch(device -> model.profile(device).isPresent());
    if (!offered) {
      assertThat(catchThrowable(() -> prediction.orderings(devices)))
          .isInstanceOf(IllegalArgumentException.class);
      return;
    }

    DriverPrediction.Orderings orderings = prediction.orderings(devices);

    assertThat(orderings.distinct().signum()).isPositive();
    assertThat(orderings.tried()).isBetween(1, 10_000);
    assertThat(orderings
            .accepted()
            .flatMap(it -> it.isComplete() ? Optional.of(it) : Optional.empty()))
        .isEqualTo(orderings.accepted());
  }

  @Provide
  Arbitrary<GpuModel> models() {
    return Arbitraries.of(GpuCatalog.bundled().models());
  }

  @Provide
  Arbitrary<GpuModel> placeable() {
    return Arbitraries.of("a100-40gb", "a30-24gb", "b200-180gb", "rtx-pro-6000-blackwell-96gb")
        .map(GpuCatalog.bundled()::require);
  }

  @Provide
  Arbitrary<MigProfile> profiles() {
    List<MigProfile> all = new ArrayList<>();
    for (String id : List.of("a100-40gb", "a30-24gb", "b200-180gb")) {
      GpuCatalog.bundled()
          .require(id)
          .profiles()
          .forEach(profile -> all.addAll(profile.computeInstances()));
    }
    all.add(MigProfile.parse("9g.99gb"));
    all.add(MigProfile.parse("2147483647g.2147483647gb"));
    return Arbitraries.of(all);
  }

  @Provide
  Arbitrary<Map<MigProfile, Integer>> requests() {
    return Arbitraries.maps(profiles(), COUNTS).ofMaxSize(6);
  }

  @Provide
  Arbitrary<List<Integer>> starts() {
    return Combinators.combine(Arbitraries.integers().between(-2, 26), Arbitraries.integers())
        .as(List::of)
        .list()
        .ofMaxSize(20)
        .map(pairs -> pairs.stream().flatMap(List::stream).toList());
  }
}
