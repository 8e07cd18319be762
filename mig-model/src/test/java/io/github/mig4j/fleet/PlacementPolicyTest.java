package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlacementPolicyTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");

  /** The standard policy in words, from layouts alone. */
  @ParameterizedTest
  @ValueSource(strings = {"h100-sxm-80gb", "a30-24gb", "rtx-pro-6000-blackwell-96gb"})
  void standard_isLossAndFreeSlicesAndTwiceTheScarce_afterEmptiness(String id) {
    GpuModel gpu = GpuCatalog.bundled().require(id);
    GpuStates states = GpuStates.of(gpu);
    RankedStates ranked = new RankedStates(states, PlacementPolicy.standard());
    for (GpuState state : states.all()) {
      for (int profile = 0; profile < states.profiles().size(); profile++) {
        int best = ranked.best(profile, state.number());
        if (best != GpuStates.NONE) {
          Placement placement = states.placements().get(best);
          MigLayout after = state.place(placement).layout();
          double[] costs = ranked.costs(profile, state.number());

          assertThat(costs).hasSize(2);
          assertThat(costs[0] == 1).isEqualTo(state.layout().placements().isEmpty());
          assertThat(costs[1]).isEqualTo(spoilt(state.layout(), placement, after));
        }
      }
    }
  }

  private static double spoilt(MigLayout before, Placement placement, MigLayout after) {
    int used = before.placements().stream().mapToInt(Placement::size).sum();
    Set<MigProfile> lost = profilesThatFit(before);
    lost.removeAll(profilesThatFit(after));
    lost.removeIf(p -> !p.suffix().startsWith("+me"));
    return before.freePlacements().size()
        - after.freePlacements().size()
        + (before.gpu().memorySlices().getAsInt() - used)
        + 2 * (placement.profile().suffix().startsWith("+me") ? 0 : lost.size());
  }

  private static Set<MigProfile> profilesThatFit(MigLayout layout) {
    return layout.freePlacements().stream().map(Placement::profile).collect(Collectors.toSet());
  }

  /** A bucket never joins states that a policy tells apart, and needs no more than it tells apart. */
  @Test
  void buckets_areTheStatesThatCostTheSame() {
    GpuStates states = GpuStates.of(H100);
    for (PlacementPolicy policy : List.of(
        PlacementPolicy.standard(),
        PlacementPolicy.leastLoss(),
        PlacementPolicy.firstFit(),
        PlacementPolicy.bestFit(),
        PlacementPolicy.spread())) {
      RankedStates ranked = new RankedStates(states, policy);

      var costsByBucket = states.all().stream()
          .filter(state -> state.choices() > 0)
          .collect(Collectors.groupingBy(
              state -> ranked.bucketOf(state.number()),
              Collectors.mapping(state -> costs(ranked, state), Collectors.toSet())));

      assertThat(costsByBucket).hasSize(ranked.buckets());
      assertThat(costsByBucket.values()).allSatisfy(costs -> assertThat(costs).hasSize(1));
      assertThat(costsByBucket.values().stream().distinct()).hasSize(ranked.buckets());
    }
  }

  private static String costs(RankedStates ranked, GpuState state) {
    StringBuilder costs = new StringBuilder();
    for (int profile = 0; profile < state.states().profiles().size(); profile++) {
      boolean fits = state.fits(state.states().profiles().get(profile));
      costs.append(fits ? java.util.Arrays.toString(ranked.costs(profile, state.number())) : "-");
    }
    return costs.toString();
  }

  @Test
  void scarce_areTheProfilesWithMediaEngines() {
    assertThat(scarce("h100-sxm-80gb")).containsExactly("1g.10gb+me");
    assertThat(scarce("a30-24gb")).containsExactly("1g.6gb+me", "2g.12gb+me");
    assertThat(scarce("rtx-pro-6000-blackwell-96gb"))
        .containsExactly("1g.24gb+me", "1g.24gb+me.all", "2g.48gb+me.all");
    assertThat(scarce("jetson-thor")).isEmpty();
  }

  private static List<String> scarce(String id) {
    return GpuStates.of(GpuCatalog.bundled().require(id)).scarceProfiles().stream()
        .map(MigProfile::toString)
        .toList();
  }

  /** GPU 0 is empty, GPU 1 nearly full, GPU 2 half full. */
  @Test
  void policies_chooseAsTheirNamesSay() {
    assertThat(chosen(PlacementPolicy.firstFit())).isEqualTo("0 2g.20gb@0:2");
    assertThat(chosen(PlacementPolicy.bestFit())).isEqualTo("1 2g.20gb@0:2");
    assertThat(chosen(PlacementPolicy.spread())).isEqualTo("0 2g.20gb@4:2");
    assertThat(chosen(PlacementPolicy.leastLoss())).isEqualTo("1 2g.20gb@0:2");
    assertThat(chosen(PlacementPolicy.standard())).isEqualTo("1 2g.20gb@0:2");
    assertThat(chosen(PlacementPolicy.by(Criterion.EMPTY.times(-1)))).isEqualTo("0 2g.20gb@0:2");
    assertThat(chosen(PlacementPolicy.by(Criterion.EMPTY))).isEqualTo("1 2g.20gb@0:2");
  }

  private static String chosen(PlacementPolicy policy) {
    Fleet fleet = new Fleet(policy);
    fleet.add(H100);
    fleet.add(MigLayout.on(H100).addAt("2g.20gb", 2).addAt("3g.40gb", 4).build());
    fleet.add(MigLayout.on(H100).addAt("4g.40gb", 0).build());
    long instance = fleet.choose(fleet.request("2g.20gb"));
    return Fleet.gpuOf(instance) + " " + fleet.placementOf(instance);
  }

  /** A plain 1g goes where +me is taken already, although the other GPU is as full. */
  @Test
  void standard_keepsTheLastPlaceForMe() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    fleet.add(MigLayout.on(H100)
        .addAt("3g.40gb", 4)
        .addAt("2g.20gb", 0)
        .addAt("1g.10gb", 2)
        .build());
    fleet.add(MigLayout.on(H100)
        .addAt("3g.40gb", 4)
        .addAt("2g.20gb", 0)
        .addAt("1g.10gb+me", 2)
        .build());

    assertThat(Fleet.gpuOf(fleet.choose(fleet.request("1g.10gb")))).isEqualTo(1);
    assertThat(Fleet.gpuOf(fleet.choose(fleet.request("1g.10gb+me")))).isEqualTo(0);
  }

  @Test
  void cost_thatIsNoNumber_isRefused() {
    Fleet fleet = new Fleet(PlacementPolicy.by((before, placement, after) -> Double.NaN));

    assertThatThrownBy(() -> fleet.add(H100))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A criterion's cost must be a finite number, but was NaN for 1g.10gb@0:1 on"
            + " h100-sxm-80gb []");
  }
}
