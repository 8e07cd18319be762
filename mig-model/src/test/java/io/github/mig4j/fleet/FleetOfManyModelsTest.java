package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Models with equal profiles are one kind, whose GPUs are chosen as those of one model. */
class FleetOfManyModelsTest {

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final GpuModel H200 = GpuCatalog.bundled().require("h200-141gb");
  private static final MigProfile SMALL = MigProfile.parse("1g.10gb");

  private static GpuModel copyOfH100(int number) {
    return GpuModel.builder().from(H100).id("h100-" + number).build();
  }

  /** Requests on any and on one model, beside a fleet of one model and a scan. */
  @Test
  void modelsOfOneKind_areChosenLikeOneModel_andSingly() {
    Fleet many = new Fleet(PlacementPolicy.standard());
    Fleet one = new Fleet(PlacementPolicy.standard());
    List<GpuModel> models = new ArrayList<>();
    for (int gpu = 0; gpu < 60; gpu++) {
      GpuModel model = gpu < 20 ? H100 : copyOfH100(gpu % 7);
      models.add(model);
      many.add(model);
      one.add(H100);
      many.add(H200);
      one.add(H200);
    }
    Random random = new Random(1);
    List<String> profiles = List.of("1g.10gb", "1g.10gb+me", "2g.20gb", "3g.40gb", "1g.18gb");
    List<Long> running = new ArrayList<>();
    Fleet copy = many.copy();
    for (int i = 0; i < 600; i++) {
      if (i % 3 == 2 && !running.isEmpty()) {
        long freed = running.remove(random.nextInt(running.size()));
        many.free(freed);
        one.free(freed);
        continue;
      }
      String profile = profiles.get(random.nextInt(profiles.size()));
      long placed = many.place(many.request(profile));
      assertThat(placed).isEqualTo(one.place(one.request(profile)));
      if (placed != Fleet.NONE) {
        running.add(placed);
      }
      GpuModel model = models.get(random.nextInt(models.size()));
      GpuSet ofModel =
          GpuSet.where(120, gpu -> gpu % 2 == 0 && models.get(gpu / 2).equals(model));
      assertThat(many.choose(many.request(SMALL, model)))
          .isEqualTo(many.choose(many.request(SMALL), ofModel));
    }
    assertThat(Fleet.gpuOf(copy.choose(copy.request(SMALL)))).isZero();
    copy = many.copy();
    assertThat(copy.choose(copy.request("2g.20gb")))
        .isEqualTo(many.choose(many.request("2g.20gb")));
  }

  /** A criterion that looks at the model gives each its own ranks. */
  @Test
  void criterionThatLooksAtTheModel_keepsModelsApart() {
    GpuModel other = copyOfH100(1);
    Fleet fleet = new Fleet(PlacementPolicy.by(
        (before, placement, after) -> before.states().gpu().equals(other) ? 0 : 1));
    fleet.add(H100);
    int preferred = fleet.add(other);

    assertThat(Fleet.gpuOf(fleet.choose(fleet.request(SMALL)))).isEqualTo(preferred);
  }

  /** 300 models take no more than a few times the memory and time of one. */
  @Test
  void hundredsOfModels_shareTablesAndCosts() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    for (int number = 0; number < 300; number++) {
      fleet.add(copyOfH100(number));
    }
    GpuStates first = fleet.state(0).states();

    for (int gpu = 1; gpu < 300; gpu++) {
      assertThat(fleet.state(gpu).states().sharesTablesWith(first)).isTrue();
      assertThat(fleet.models()[gpu].ranked).isSameAs(fleet.models()[0].ranked);
    }
    assertThat(Fleet.gpuOf(fleet.place(fleet.request("7g.80gb")))).isZero();
    assertThat(Fleet.gpuOf(fleet.place(fleet.request("7g.80gb")))).isEqualTo(1);
  }

  @Test
  void cost_isTheRankAmongAllThatTheRequestCanHave() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    fleet.add(H100);
    fleet.add(H100);
    fleet.occupy(0, MigProfile.parse("4g.40gb"), 0);
    FleetRequest small = fleet.request(SMALL);

    PlacementCost used = fleet.cost(small, fleet.choose(small, GpuSet.of(0)));
    PlacementCost empty = fleet.cost(small, fleet.choose(small, GpuSet.of(1)));

    assertThat(used.costs()).hasSize(PlacementPolicy.standard().criteria().size());
    assertThat(used).isLessThan(empty);
    assertThat(used.rank()).isLessThan(empty.rank());
    assertThat(used.score(100)).isBetween(empty.score(100) + 1, 100);
    assertThat(new PlacementCost(List.of(0.0, 7.0), 0, 40).score(10)).isEqualTo(10);
    assertThat(new PlacementCost(List.of(0.0, 7.0), 39, 40).score(10)).isEqualTo(1);
    assertThat(new PlacementCost(List.of(0.0, 7.0), 0, 1).score(10)).isEqualTo(10);
    assertThat(new PlacementCost(List.of(0.0, 7.0), 3, 40)).hasToString("[0.0, 7.0], rank 3 of 40");
  }

  @Test
  void compareTo_manyCosts_allocatesNothing() throws ReflectiveOperationException {
    PlacementCost low = new PlacementCost(List.of(0.0, 3.0), 1, 40);
    PlacementCost high = new PlacementCost(List.of(0.0, 7.0), 3, 40);
    AllocatedBytes allocated = new AllocatedBytes();
    int lower = low.compareTo(high);
    allocated.now();

    long before = allocated.now();
    for (int i = 0; i < 1000; i++) {
      lower += low.compareTo(high);
    }
    long after = allocated.now();

    assertThat(lower).isEqualTo(-1001);
    assertThat(after - before).isLessThan(1000);
  }

  /** The cost of every placement is ordered as the fleet chooses. */
  @Test
  void cost_ofTheChosenPlacement_isTheLowestOfAll() {
    Fleet fleet = new Fleet(PlacementPolicy.standard());
    fleet.add(H100);
    fleet.add(H200);
    fleet.occupy(0, MigProfile.parse("3g.40gb"), 4);
    FleetRequest small = fleet.request(SMALL);
    PlacementCost chosen = fleet.cost(small, fleet.choose(small));

    for (int start = 0; start < 4; start++) {
      assertThat(fleet.cost(small, fleet.instanceAt(0, SMALL, start)))
          .isGreaterThanOrEqualTo(chosen);
    }
    assertThatThrownBy(() -> fleet.cost(small, fleet.instanceAt(0, SMALL, 5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "GPU 0: 1g.10gb@5:1 cannot be placed on h100-sxm-80gb [3g.40gb@4:4]; free placements:");
    assertThatThrownBy(() -> fleet.cost(small, fleet.instanceAt(1, MigProfile.parse("1g.18gb"), 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("GPU 1: 1g.18gb@0:1 on h200-141gb is not a placement for the request 1g.10gb");
  }
}
