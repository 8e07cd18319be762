package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlacementPolicyTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");

  /** The standard policy in words, from the states' placements alone. */
  @ParameterizedTest
  @ValueSource(strings = {"h100-sxm-80gb", "a30-24gb", "rtx-pro-6000-blackwell-96gb"})
  void standard_isTheExpectedLoss_afterEmptiness(String id) {
    GpuStates states = GpuStates.of(GpuCatalog.bundled().require(id));
    RankedStates ranked = new RankedStates(states, PlacementPolicy.standard());
    Map<GpuState, Double> expected = expectedSlices(states);
    for (GpuState state : states.all()) {
      for (int profile = 0; profile < states.profiles().size(); profile++) {
        int best = ranked.best(profile)[state.number()];
        if (best != GpuStates.NONE) {
          GpuState after = state.place(states.placements().get(best));
          double[] costs = costs(ranked, profile, state);

          assertThat(costs).hasSize(2);
          assertThat(costs[0] == 1).isEqualTo(state.layout().placements().isEmpty());
          assertThat(costs[1])
              .isEqualTo(rounded(expected.get(state)) - rounded(expected.get(after)));
        }
      }
    }
  }

  private static double rounded(double slices) {
    return Math.round(slices * 64) / 64.0;
  }

  /**
   * In each of 25 steps, one of these happens: a request for a profile, all equally likely and
   * together four times the GPU per lifetime; the end of each instance, once per lifetime; or nothing.
   */
  private static Map<GpuState, Double> expectedSlices(GpuStates states) {
    Map<MigProfile, Integer> sizes = states.placements().stream()
        .collect(Collectors.toMap(Placement::profile, Placement::size, (one, other) -> one));
    double slices = states.gpu().memorySlices().getAsInt();
    double mean = sizes.values().stream().mapToInt(size -> size).average().orElseThrow();
    double requests = 4 * slices / mean;
    int most = states.all().stream()
        .mapToInt(state -> state.layout().placements().size())
        .max()
        .orElseThrow();
    Map<GpuState, Map<MigProfile, List<GpuState>>> added = new HashMap<>();
    Map<GpuState, List<GpuState>> ended = new HashMap<>();
    Map<GpuState, Double> expected = new HashMap<>();
    for (GpuState state : states.all()) {
      expected.put(state, 0.0);
      added.put(
          state,
          state.freePlacements().stream()
              .collect(Collectors.groupingBy(
                  Placement::profile, Collectors.mapping(state::place, Collectors.toList()))));
      ended.put(state, state.layout().placements().stream().map(state::free).toList());
    }
    for (int step = 0; step < 25; step++) {
      Map<GpuState, Double> now = Map.copyOf(expected);
      expected.replaceAll((state, any) -> {
        double gain = 0;
        for (Map.Entry<MigProfile, List<GpuState>> of : added.get(state).entrySet()) {
          double after = of.getValue().stream().mapToDouble(now::get).max().orElseThrow();
          double accepted = sizes.get(of.getKey()) + after - now.get(state);
          gain += requests / sizes.size() * Math.max(0, accepted);
        }
        for (GpuState fewer : ended.get(state)) {
          gain += now.get(fewer) - now.get(state);
        }
        return now.get(state) + gain / (requests + most);
      });
    }
    return expected;
  }

  /** An instance never makes the GPU accept more. */
  @ParameterizedTest
  @ValueSource(strings = {"h100-sxm-80gb", "a30-24gb", "rtx-pro-6000-blackwell-96gb"})
  void expectedSlices_afterAPlacement_areNotMore(String id) {
    GpuStates states = GpuStates.of(GpuCatalog.bundled().require(id));
    for (GpuState state : states.all()) {
      for (Placement placement : state.freePlacements()) {
        assertThat(state.place(placement).expectedSlices())
            .as("%s and %s", state, placement)
            .isLessThanOrEqualTo(state.expectedSlices());
      }
    }
  }

  /** The same slices are free, but only beside the 1g.20gb a 3g fits as soon as one instance ends. */
  @Test
  void expectedSlices_ofInstancesThatEndTogether_areMore() {
    GpuStates states = GpuStates.of(H100);
    MigLayout one = MigLayout.on(H100).addAt("3g.40gb", 0).addAt("1g.20gb", 4).build();
    MigLayout two = MigLayout.on(H100)
        .addAt("3g.40gb", 0)
        .addAt("1g.10gb", 4)
        .addAt("1g.10gb", 5)
        .build();

    assertThat(states.of(one).freePlacements()).isEqualTo(states.of(two).freePlacements());
    assertThat(states.of(one).expectedSlices()).isGreaterThan(states.of(two).expectedSlices());
  }

  /**
   * A bucket never contains states with different costs, and no two buckets have the same costs.
   */
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

      int buckets = ranked.buckets() - 1; // one is of the full states
      assertThat(costsByBucket).hasSize(buckets);
      assertThat(costsByBucket.values()).allSatisfy(costs -> assertThat(costs).hasSize(1));
      assertThat(costsByBucket.values().stream().distinct()).hasSize(buckets);
    }
  }

  private static double[] costs(RankedStates ranked, int profile, GpuState state) {
    return ranked.costs(profile)[ranked.level(profile, ranked.bucketOf(state.number()))];
  }

  private static String costs(RankedStates ranked, GpuState state) {
    StringBuilder costs = new StringBuilder();
    for (int profile = 0; profile < state.states().profiles().size(); profile++) {
      boolean fits = state.fits(state.states().profiles().get(profile));
      costs.append(fits ? java.util.Arrays.toString(costs(ranked, profile, state)) : "-");
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

  /** A plain 1g is placed on the GPU with a +me, although the other GPU is equally full. */
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
  void cost_thatIsNotANumber_isRefused() {
    Fleet fleet = new Fleet(PlacementPolicy.by((before, placement, after) -> Double.NaN));

    assertThatThrownBy(() -> fleet.add(H100))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A criterion's cost must be a finite number, but was NaN for 1g.10gb@0:1 on"
            + " h100-sxm-80gb []");
  }
}
