package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Numbers that a fleet does not have are refused as documented, and change nothing. */
class HostileFleetPropertiesTest {

  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");

  @Property(tries = 500)
  void anyNumber_isAnsweredOrRefused(
      @ForAll("numbers") int gpu,
      @ForAll("numbers") int start,
      @ForAll long instance,
      @ForAll("profiles") MigProfile profile) {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    fleet.add(A30);
    fleet.add(A30);
    fleet.remove(1);
    List<Consumer<Fleet>> calls = List.of(
        f -> f.state(gpu),
        f -> f.cordon(gpu),
        f -> f.uncordon(gpu),
        f -> f.isCordoned(gpu),
        f -> f.occupy(gpu, profile, start),
        f -> f.occupy(gpu, List.of(new Placement(profile, Math.max(0, start), 1))),
        f -> f.instanceAt(gpu, profile, start),
        f -> f.placementOf(instance),
        f -> f.occupy(instance),
        f -> f.free(instance),
        f -> f.request(profile),
        f -> f.request(profile, A30),
        f -> f.choose(f.request(profile.gpuInstance()), GpuSet.of(gpu)),
        f -> f.remove(gpu));

    for (Consumer<Fleet> call : calls) {
      Throwable thrown = catchThrowable(() -> call.accept(fleet));

      assertThat(thrown == null || thrown instanceof IllegalArgumentException)
          .as("%s", thrown)
          .isTrue();
    }
    assertThat(fleet.holds(instance) && !fleet.contains(Fleet.gpuOf(instance))).isFalse();
    assertThat(catchThrowable(() -> fleet.rollback(gpu))).isInstanceOf(IllegalStateException.class);
  }

  @Provide
  Arbitrary<Integer> numbers() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(-1, 4),
        Arbitraries.integers(),
        Arbitraries.of(Integer.MIN_VALUE, Integer.MAX_VALUE));
  }

  @Provide
  Arbitrary<MigProfile> profiles() {
    return Arbitraries.of("1g.6gb", "1g.6gb+me", "4g.24gb", "1c.2g.12gb", "9g.99gb")
        .map(MigProfile::parse);
  }
}
