package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;
import net.jqwik.api.statistics.Statistics;

/**
 * Any sequence of operations on a fleet of three models, beside a fleet that is a list of layouts:
 * it looks at every GPU, and at the layout of each to see what fits.
 */
class FleetPropertiesTest {

  private static final List<GpuModel> MODELS = List.of(
      GpuCatalog.bundled().require("h100-sxm-80gb"),
      GpuCatalog.bundled().require("a100-80gb"),
      GpuCatalog.bundled().require("rtx-pro-6000-blackwell-96gb"));

  private static final List<MigProfile> PROFILES = MODELS.stream()
      .flatMap(model -> model.profiles().stream())
      .map(p -> p.profile())
      .distinct()
      .toList();

  private static final Map<String, PlacementPolicy> POLICIES = Map.of(
      "standard", PlacementPolicy.standard(),
      "leastLoss", PlacementPolicy.leastLoss(),
      "firstFit", PlacementPolicy.firstFit(),
      "bestFit", PlacementPolicy.bestFit(),
      "spread", PlacementPolicy.spread(),
      "scattered", PlacementPolicy.by(FleetPropertiesTest::scattered));

  /** Few costs, but so many buckets that equal ones are far apart. */
  private static double scattered(GpuState before, Placement placement, GpuState after) {
    return (before.number() * 31 + placement.hashCode()) * 0x9e3779b9 >>> 29;
  }

  private static final Map<GpuModel, GpuStates> STATES = new HashMap<>();

  static {
    MODELS.forEach(model -> STATES.put(model, GpuStates.of(model)));
  }

  /** A GPU as the readable fleet knows it. */
  record Gpu(MigLayout layout, boolean cordoned, boolean removed) {}

  /** Where an instance goes: a GPU, a placement and what speaks against it. */
  record Choice(int gpu, Placement placement, double[] costs) {
    boolean isBetterThan(Choice other) {
      int difference = Arrays.compare(costs, other.costs);
      return difference < 0 || (difference == 0 && gpu < other.gpu);
    }
  }

  /** The fleet and its readable twin. */
  static final class Twins {
    private final PlacementPolicy policy;
    private final Fleet fleet;
    private List<Gpu> gpus = new ArrayList<>();
    private final Deque<List<Gpu>> marks = new ArrayDeque<>();
    private final Deque<Integer> openMarks = new ArrayDeque<>();

    Twins(String policy) {
      this.policy = POLICIES.get(policy);
      this.fleet = new Fleet(this.policy);
    }

    Choice choose(MigProfile profile, List<GpuModel> models, TreeSet<Integer> among) {
      Choice best = null;
      for (int number = 0; number < gpus.size(); number++) {
        Gpu gpu = gpus.get(number);
        if (among.contains(number)
            && models.contains(gpu.layout.gpu())
            && !gpu.cordoned
            && !gpu.removed) {
          for (Placement placement : gpu.layout.freePlacements()) {
            if (placement.profile().equals(profile)) {
              Choice choice = new Choice(number, placement, costs(gpu.layout, placement));
              if (best == null || choice.isBetterThan(best)) {
                best = choice;
              }
            }
          }
        }
      }
      return best;
    }

    private double[] costs(MigLayout layout, Placement placement) {
      GpuState before = STATES.get(layout.gpu()).of(layout);
      return policy.criteria().stream()
          .mapToDouble(c -> c.cost(before, placement, before.place(placement)))
          .toArray();
    }

    void place(MigProfile profile, List<GpuModel> models, TreeSet<Integer> among, long placed) {
      Choice expected = choose(profile, models, among);
      Statistics.label("placed").collect(expected != null);
      if (expected == null) {
        assertThat(placed).isEqualTo(Fleet.NONE);
      } else {
        assertThat(Fleet.gpuOf(placed)).isEqualTo(expected.gpu);
        assertThat(fleet.placementOf(placed)).isEqualTo(expected.placement);
        add(expected.gpu, expected.placement);
      }
    }

    void add(int number, Placement placement) {
      Gpu gpu = gpus.get(number);
      MigLayout more = gpu.layout
          .keeping()
          .addAt(placement.profile().toString(), placement.start())
          .build();
      gpus.set(number, new Gpu(more, gpu.cordoned, gpu.removed));
    }

    void free(int number, Placement placement) {
      Gpu gpu = gpus.get(number);
      var less = MigLayout.on(gpu.layout.gpu());
      for (Placement p : gpu.layout.placements()) {
        if (!p.equals(placement)) {
          less.addAt(p.profile().toString(), p.start());
        }
      }
      gpus.set(number, new Gpu(less.build(), gpu.cordoned, gpu.removed));
    }

    TreeSet<Integer> all() {
      TreeSet<Integer> all = new TreeSet<>();
      for (int number = 0; number < gpus.size(); number++) {
        all.add(number);
      }
      return all;
    }

    /** GPU numbers that are there. */
    List<Integer> present() {
      return all().stream().filter(number -> !gpus.get(number).removed).toList();
    }

    void assertAlike() {
      assertThat(fleet.size()).isEqualTo(gpus.size());
      for (int number = 0; number < gpus.size(); number++) {
        Gpu gpu = gpus.get(number);
        assertThat(fleet.contains(number)).isEqualTo(!gpu.removed);
        if (!gpu.removed) {
          assertThat(fleet.state(number).layout()).isEqualTo(gpu.layout);
          assertThat(fleet.isCordoned(number)).isEqualTo(gpu.cordoned);
        }
      }
    }

    @Override
    public String toString() {
      return gpus.toString();
    }
  }

  @Property(tries = 400)
  void fleet_choosesAndRemembers_asAListOfLayoutsDoes(
      @ForAll("sequences") ActionChain<Twins> chain) {
    chain.withInvariant(Twins::assertAlike).run();

    Statistics.label("placed").coverage(coverage -> {
      coverage.check(true).count(n -> n > 1000);
      coverage.check(false).count(n -> n > 100);
    });
  }

  @Provide
  Arbitrary<ActionChain<Twins>> sequences() {
    return Arbitraries.of(POLICIES.keySet().stream().sorted().toList())
        .flatMap(policy -> ActionChain.startWith(() -> new Twins(policy))
            .withAction(3, action(this::addGpu))
            .withAction(8, action(this::place))
            .withAction(3, action(this::placeOnOneModel))
            .withAction(4, action(this::placeAmongSome))
            .withAction(4, action(this::occupy))
            .withAction(6, action(this::free))
            .withAction(1, action(this::cordonOrNot))
            .withAction(1, action(this::remove))
            .withAction(2, action(this::mark))
            .withAction(1, action(this::rollback))
            .withAction(1, action(this::keep))
            .withMaxTransformations(60));
  }

  /** What an action draws from: numbers whose meaning depends on the fleet. */
  interface Step {
    void apply(Twins twins, int one, int other);
  }

  private static Action<Twins> action(Step step) {
    return new Action.Dependent<Twins>() {
      @Override
      public Arbitrary<Transformer<Twins>> transformer(Twins twins) {
        return Arbitraries.integers()
            .between(0, 9999)
            .tuple2()
            .map(drawn -> Transformer.mutate("step " + drawn, fleet -> {
              step.apply(fleet, drawn.get1(), drawn.get2());
            }));
      }
    };
  }

  private void addGpu(Twins twins, int one, int other) {
    GpuModel model = MODELS.get(one % MODELS.size());
    GpuStates states = STATES.get(model);
    MigLayout layout =
        states.all().get(other % 3 == 0 ? other % states.all().size() : 0).layout();
    int number = other % 3 == 0 ? twins.fleet.add(layout) : twins.fleet.add(model);
    assertThat(number).isEqualTo(twins.gpus.size());
    twins.gpus.add(new Gpu(layout, false, false));
  }

  private void place(Twins twins, int one, int other) {
    MigProfile profile = PROFILES.get(one % PROFILES.size());
    FleetRequest request = twins.fleet.request(profile);
    long chosen = twins.fleet.choose(request);
    long placed = twins.fleet.place(request);
    assertThat(placed).isEqualTo(chosen);
    twins.place(profile, MODELS, twins.all(), placed);
  }

  private void placeOnOneModel(Twins twins, int one, int other) {
    GpuModel model = MODELS.get(other % MODELS.size());
    MigProfile profile = model.profiles().get(one % model.profiles().size()).profile();
    long placed = twins.fleet.place(twins.fleet.request(profile, model));
    twins.place(profile, List.of(model), twins.all(), placed);
  }

  /** Few or many; the many include numbers that the fleet does not have. */
  private void placeAmongSome(Twins twins, int one, int other) {
    MigProfile profile = PROFILES.get(one % PROFILES.size());
    int end = other % 2 == 0 ? twins.gpus.size() : 500;
    GpuSet some = GpuSet.where(end, gpu -> (gpu * 7 + other) % 3 != 0);
    TreeSet<Integer> among = new TreeSet<>(twins.all());
    among.removeIf(gpu -> !some.contains(gpu));
    long placed = twins.fleet.place(twins.fleet.request(profile), some);
    twins.place(profile, MODELS, among, placed);
  }

  private void occupy(Twins twins, int one, int other) {
    List<Integer> present = twins.present();
    if (!present.isEmpty()) {
      int gpu = present.get(one % present.size());
      List<Placement> free = twins.gpus.get(gpu).layout.freePlacements();
      if (!free.isEmpty()) {
        Placement placement = free.get(other % free.size());
        long instance = twins.fleet.occupy(gpu, placement.profile(), placement.start());
        assertThat(twins.fleet.placementOf(instance)).isEqualTo(placement);
        twins.add(gpu, placement);
      }
    }
  }

  private void free(Twins twins, int one, int other) {
    List<Integer> present = twins.present();
    if (!present.isEmpty()) {
      int gpu = present.get(one % present.size());
      List<Placement> running = twins.gpus.get(gpu).layout.placements();
      if (!running.isEmpty()) {
        Placement placement = running.get(other % running.size());
        int number =
            twins.fleet.state(gpu).states().placement(placement.profile(), placement.start());
        twins.fleet.free((long) gpu << 32 | number);
        twins.free(gpu, placement);
      }
    }
  }

  private void cordonOrNot(Twins twins, int one, int other) {
    List<Integer> present = twins.present();
    if (!present.isEmpty()) {
      int gpu = present.get(one % present.size());
      boolean cordon = other % 2 == 0;
      if (cordon) {
        twins.fleet.cordon(gpu);
      } else {
        twins.fleet.uncordon(gpu);
      }
      twins.gpus.set(gpu, new Gpu(twins.gpus.get(gpu).layout, cordon, false));
    }
  }

  private void remove(Twins twins, int one, int other) {
    List<Integer> present = twins.present();
    if (!present.isEmpty()) {
      int gpu = present.get(one % present.size());
      twins.fleet.remove(gpu);
      twins.gpus.set(gpu, new Gpu(twins.gpus.get(gpu).layout, false, true));
    }
  }

  private void mark(Twins twins, int one, int other) {
    twins.openMarks.push(twins.fleet.mark());
    twins.marks.push(List.copyOf(twins.gpus));
  }

  private void rollback(Twins twins, int one, int other) {
    if (!twins.marks.isEmpty()) {
      for (int further = one % twins.marks.size(); further > 0; further--) {
        twins.marks.pop();
        twins.openMarks.pop();
      }
      twins.fleet.rollback(twins.openMarks.pop());
      twins.gpus = new ArrayList<>(twins.marks.pop());
    }
  }

  private void keep(Twins twins, int one, int other) {
    if (!twins.marks.isEmpty()) {
      twins.fleet.keep(twins.openMarks.pop());
      twins.marks.pop();
    }
  }
}
