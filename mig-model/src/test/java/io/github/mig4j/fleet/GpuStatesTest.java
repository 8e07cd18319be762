package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.layout.PlacementResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the tables with the placement validator, in every state of every model. */
class GpuStatesTest {

  static Stream<GpuModel> models() {
    return GpuCatalog.bundled().models().stream()
        .filter(GpuModel::supportsMig)
        .filter(gpu -> gpu.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable));
  }

  @Test
  void everyModelWithPlacements_hasItsStates() {
    assertThat(models().map(gpu -> GpuStates.of(gpu).toString()).collect(Collectors.toSet()))
        .hasSize(20)
        .contains(
            "2319 states of h100-sxm-80gb",
            "76 states of a30-24gb",
            "717 states of rtx-pro-6000-blackwell-96gb",
            "14 states of jetson-thor");
  }

  /** One model for each set of tables: models with the same legal states share them. */
  static Stream<GpuModel> modelsOfDistinctTables() {
    List<GpuStates> distinct = new ArrayList<>();
    models().forEach(gpu -> {
      GpuStates states = GpuStates.of(gpu, distinct);
      if (distinct.stream().noneMatch(states::sharesTablesWith)) {
        distinct.add(states);
      }
    });
    return distinct.stream().map(GpuStates::gpu);
  }

  /** Checks which placements can be added or freed, and the following states. */
  @ParameterizedTest
  @MethodSource("modelsOfDistinctTables")
  void neighbours_areWhatTheValidatorAccepts(GpuModel gpu) {
    GpuStates states = GpuStates.of(gpu);
    for (GpuState state : states.all()) {
      List<Placement> running = state.layout().placements();
      for (Placement placement : states.placements()) {
        int number = states.placement(placement.profile(), placement.start());
        PlacementResult more = state
            .layout()
            .keeping()
            .addAt(placement.profile().toString(), placement.start())
            .place();
        boolean fits = more instanceof PlacementResult.Placed;

        if (states.canPlace(state.number(), number) != fits
            || states.holds(state.number(), number) != running.contains(placement)) {
          throw new AssertionError(placement + " on " + state);
        }
        if (fits) {
          GpuState next = state.place(placement);
          assertThat(next.layout()).isEqualTo(more.orElseThrow());
          assertThat(next.free(placement)).isSameAs(state);
        }
      }
    }
  }

  /** The best start is the first of those after which the validator accepts the most placements. */
  @ParameterizedTest
  @MethodSource("models")
  void choicesAndBest_areThoseOfTheLayout(GpuModel gpu) {
    GpuStates states = GpuStates.of(gpu);
    int[] choices = states.all().stream()
        .mapToInt(state -> state.layout().freePlacements().size())
        .toArray();
    for (GpuState state : states.all()) {
      List<Placement> free = state.layout().freePlacements();
      assertThat(state.choices()).isEqualTo(free.size());
      assertThat(state.freePlacements()).isEqualTo(free);
      for (MigProfile profile : states.profiles()) {
        Optional<Placement> best = free.stream()
            .filter(p -> p.profile().equals(profile))
            .min(
                Comparator.comparingInt((Placement p) -> -choices[state.place(p).number()])
                    .thenComparingInt(Placement::start));

        assertThat(state.best(profile)).isEqualTo(best);
        assertThat(state.fits(profile)).isEqualTo(best.isPresent());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void states_areDistinctLegalLayouts_eachFoundByItsLayout(GpuModel gpu) {
    GpuStates states = GpuStates.of(gpu);
    Set<MigLayout> layouts = new HashSet<>();
    for (GpuState state : states.all()) {
      assertThat(layouts.add(state.layout())).isTrue();
      assertThat(states.all().get(state.number())).isSameAs(state);
      assertThat(states.of(state.layout())).isSameAs(state);
      assertThat(state.isEmpty()).isEqualTo(state == states.empty());
      assertThat(state.freeSlices())
          .isEqualTo(gpu.memorySlices().getAsInt()
              - state.layout().placements().stream().mapToInt(Placement::size).sum());
    }
  }

  /** A state is a number with one bit per placement, and each has the layout of these placements. */
  @ParameterizedTest
  @MethodSource("models")
  void layouts_ofTheStates_areThoseOfTheSearch(GpuModel gpu) {
    Set<MigLayout> found =
        GpuStates.of(gpu).all().stream().map(GpuState::layout).collect(Collectors.toSet());

    assertThat(found).isEqualTo(Layouts.of(gpu).states().collect(Collectors.toSet()));
  }

  @Test
  void of_modelsThatDifferInNames_sharesTheirTables() {
    GpuStates h100 = GpuStates.of(gpu("h100-sxm-80gb"));
    GpuStates h200 = GpuStates.of(gpu("h200-141gb"), List.of(h100));
    GpuStates a30 = GpuStates.of(gpu("a30-24gb"), List.of(h100, h200));

    assertThat(h200.sharesTablesWith(h100)).isTrue();
    assertThat(h200.empty().best(MigProfile.parse("3g.71gb")).orElseThrow())
        .hasToString("3g.71gb@4:4");
    assertThat(a30.sharesTablesWith(h100)).isFalse();
  }

  /** Published for every 7-slice GPU: 25 placements on 192 sets of occupied slices. */
  @Test
  void sevenSliceGpu_has25Placements_on192Masks() {
    GpuStates states = GpuStates.of(gpu("h100-sxm-80gb"));

    assertThat(states.placements()).hasSize(25);
    assertThat(states.all().stream().map(GpuStatesTest::occupied).distinct()).hasSize(192);
    assertThat(states.all().stream()
            .map(s -> List.of(
                occupied(s), s.layout().devices().containsKey(MigProfile.parse("1g.10gb+me"))))
            .distinct())
        .hasSize(382);
  }

  private static Set<Integer> occupied(GpuState state) {
    return state.layout().placements().stream()
        .flatMap(p -> IntStream.range(p.start(), p.end()).boxed())
        .collect(Collectors.toSet());
  }

  @Test
  void of_layoutWithComputeInstances_isTheStateOfItsGpuInstances() {
    GpuModel a30 = gpu("a30-24gb");
    MigLayout shared = MigLayout.on(a30).add("1c.2g.12gb", 2).build();

    assertThat(GpuStates.of(a30).of(shared)).hasToString("a30-24gb [2g.12gb@0:2]");
  }

  @Test
  void misuse_isRefused_withTheRemedy() {
    GpuStates a30 = GpuStates.of(gpu("a30-24gb"));
    GpuState busy = a30.empty().place(new Placement(MigProfile.parse("2g.12gb"), 0, 2));

    assertThatThrownBy(() -> GpuStates.of(gpu("l40s")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("l40s (Ada Lovelace) has no MIG; share it by time-slicing or MPS instead");
    assertThatThrownBy(() -> a30.of(MigLayout.on(gpu("h100-sxm-80gb")).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The layout must be of a30-24gb, but was of h100-sxm-80gb");
    assertThatThrownBy(() -> a30.profile(MigProfile.parse("1c.2g.12gb")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a30-24gb has no GPU instance profile 1c.2g.12gb; it has 1g.6gb, 1g.6gb+me,"
            + " 2g.12gb, 2g.12gb+me, 4g.24gb");
    assertThatThrownBy(() -> a30.placement(MigProfile.parse("2g.12gb"), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("2g.12gb on a30-24gb cannot start at 1; allowed starts: [0, 2]");
    assertThatThrownBy(() -> busy.place(new Placement(MigProfile.parse("4g.24gb"), 0, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("4g.24gb@0:4 cannot be placed on a30-24gb [2g.12gb@0:2]; free placements:"
            + " [1g.6gb@2:1, 1g.6gb+me@2:1, 2g.12gb@2:2, 2g.12gb+me@2:2, 1g.6gb@3:1,"
            + " 1g.6gb+me@3:1]");
    assertThatThrownBy(() -> busy.free(new Placement(MigProfile.parse("1g.6gb"), 0, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("1g.6gb@0:1 cannot be freed, because it is not on a30-24gb [2g.12gb@0:2]");
  }

  /** Four profiles of one slice on sixteen slices have 5^16 states; a fifth has the 65th placement. */
  @Test
  void of_modelWithTooManyStatesOrPlacements_isRefused() {
    GpuModel.Builder huge = oneSliceProfiles(4);

    assertThatThrownBy(() -> GpuStates.of(huge.build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("huge has more than 65536 states, too many for tables; build the model with"
            + " fewer profiles");
    assertThatThrownBy(() -> GpuStates.of(oneSliceProfiles(5).build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("huge has 80 placements, but tables have at most 64; build the model with fewer"
            + " profiles");
  }

  private static GpuModel.Builder oneSliceProfiles(int count) {
    GpuModel.Builder huge = GpuModel.builder();
    huge.id("huge").architecture("Future").computeSlices(16).memorySlices(16);
    for (int gb = 1; gb <= count; gb++) {
      huge.addProfiles(GpuInstanceProfile.builder()
          .profile(MigProfile.parse("1g." + gb + "gb"))
          .size(1)
          .addStarts(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
          .maxInstances(16)
          .build());
    }
    return huge;
  }

  private static GpuModel gpu(String id) {
    return GpuCatalog.bundled().require(id);
  }
}
