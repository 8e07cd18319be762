package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import org.junit.jupiter.api.Test;

/** Runs the examples of the package's Javadoc and checks their comments. */
class FleetExampleTest {

  private final GpuModel h100Model = GpuCatalog.bundled().require("h100-sxm-80gb");

  @Test
  void gpuStates() {
    GpuStates h100 = GpuStates.of(GpuCatalog.bundled().require("h100-sxm-80gb"));
    GpuState gpu = h100.empty();
    Placement best = gpu.best(MigProfile.parse("3g.40gb")).orElseThrow();
    gpu = gpu.place(best);

    assertThat(best).hasToString("3g.40gb@4:4");
    assertThat(gpu.choices()).isEqualTo(14);
    assertThat(h100.placements()).hasSize(25);
    assertThat(h100.all()).hasSize(2319);
  }

  @Test
  void fleet() {
    GpuModel h100 = h100Model;

    Fleet fleet = new Fleet(PlacementPolicy.standard());
    for (int gpu = 0; gpu < 100; gpu++) {
      fleet.add(h100);
    }
    fleet.occupy(7, MigProfile.parse("3g.40gb"), 4);

    FleetRequest small = fleet.request("1g.10gb");
    long instance = fleet.place(small);
    assertThat(instance).isNotEqualTo(Fleet.NONE);
    assertThat(Fleet.gpuOf(instance) + " " + fleet.placementOf(instance))
        .isEqualTo("7 1g.10gb@0:1");
    fleet.free(instance);

    FleetRequest large = fleet.request("7g.80gb");
    int mark = fleet.mark();
    if (fleet.place(small) != Fleet.NONE && fleet.place(large) != Fleet.NONE) {
      fleet.keep(mark);
    } else {
      fleet.rollback(mark);
    }
    assertThat(fleet.state(7)).hasToString("h100-sxm-80gb [1g.10gb@0:1, 3g.40gb@4:4]");
    assertThat(fleet.state(0)).hasToString("h100-sxm-80gb [7g.80gb@0:8]");
  }

  @Test
  void packageInfo() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    int[] nodeOf = {0, 0, 1, 1};
    for (int ignored : nodeOf) {
      fleet.add(h100Model);
    }

    GpuSet candidates = GpuSet.where(fleet.size(), gpu -> nodeOf[gpu] == 1);
    FleetRequest request = fleet.request("2g.20gb");
    int mark = fleet.mark();
    long first = fleet.place(request, candidates);
    long second = fleet.place(request, candidates);
    if (first == Fleet.NONE || second == Fleet.NONE) {
      fleet.rollback(mark);
    } else {
      fleet.keep(mark);
    }

    assertThat(fleet.state(2)).hasToString("h100-sxm-80gb [2g.20gb@0:2, 2g.20gb@4:2]");
    assertThat(Fleet.gpuOf(first)).isEqualTo(2);
  }

  @Test
  void criterion() {
    Criterion keepLastSliceFree = (before, placement, after) -> placement.end() == 8 ? 1 : 0;
    PlacementPolicy mine = PlacementPolicy.by(keepLastSliceFree).then(Criterion.LOSS);
    PlacementPolicy sum = PlacementPolicy.by(Criterion.LOSS.plus(Criterion.FREE_SLICES.times(0.5)));

    assertThat(placed(mine, "3g.40gb")).hasToString("3g.40gb@0:4");
    assertThat(placed(sum, "3g.40gb")).hasToString("3g.40gb@4:4");
  }

  private Placement placed(PlacementPolicy policy, String profile) {
    Fleet fleet = new Fleet(policy);
    fleet.add(h100Model);
    return fleet.placementOf(fleet.place(fleet.request(profile)));
  }

  @Test
  void sharedFleet() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    fleet.add(h100Model);
    FleetRequest small = fleet.request("1g.10gb");
    FleetRequest large = fleet.request("7g.80gb");

    SharedFleet shared = new SharedFleet(fleet);
    long instance = shared.place(small);
    boolean both = shared.call(f -> {
      int mark = f.mark();
      boolean placed = f.place(small) != Fleet.NONE && f.place(large) != Fleet.NONE;
      if (placed) {
        f.keep(mark);
      } else {
        f.rollback(mark); // otherwise the first would stay when the second does not fit
      }
      return placed;
    });

    assertThat(instance).isNotEqualTo(Fleet.NONE);
    assertThat(both).isFalse();
    assertThat(shared.<Integer>call(f -> f.state(0).layout().placements().size()))
        .isEqualTo(1);
  }
}
