package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;

/** Properties of every request on every GPU, with and without requested starts. */
class MigLayoutPropertiesTest {

  private static final List<RawGeometry> GPUS = RawGeometry.all();

  /** GPU instances, each at a requested start or at any start (-1). */
  record Request(RawGeometry raw, List<Wish> wishes) {
    PlacementResult place() {
      return builder().place();
    }

    MigLayout.Builder builder() {
      var builder = MigLayout.on(raw.gpu);
      for (Wish wish : wishes) {
        if (wish.start < 0) {
          builder.add(wish.profile, 1);
        } else {
          builder.addAt(wish.profile.toString(), wish.start);
        }
      }
      return builder;
    }

    Request and(Wish more) {
      List<Wish> all = new ArrayList<>(wishes);
      all.add(more);
      return new Request(raw, all);
    }

    /** Whether a legal state has exactly these instances, and the requested starts. */
    boolean hasState() {
      List<Integer> wanted =
          raw.countsOf(wishes.stream().map(wish -> wish.profile.toString()).toList());
      return raw.statesByCounts.getOrDefault(wanted, List.of()).stream()
          .anyMatch(state -> wishes.stream()
              .filter(wish -> wish.start >= 0)
              .allMatch(wish -> wish.profile.toString().equals(state.get(wish.start))
                  && wishes.stream().filter(wish::equals).count() == 1));
    }
  }

  record Wish(MigProfile profile, int start) {}

  @Property(tries = 3000)
  void place_withStarts_findsALayout_exactlyIfOneExists(@ForAll("requests") Request request) {
    var result = request.place();

    assertThat(result instanceof PlacementResult.Placed).isEqualTo(request.hasState());
    String kind = result instanceof PlacementResult.Rejected rejected
        ? rejected.violations().get(0).code()
        : "placed";
    Statistics.label("outcome").collect(kind).coverage(coverage -> {
      coverage.check("placed").count(n -> n > 100);
      coverage.check("no-arrangement").count(n -> n > 0);
      coverage.check("overlap").count(n -> n > 0);
      coverage.check("start-not-allowed").count(n -> n > 0);
    });
  }

  /** What is suggested is possible, keeps the starts that can be kept, and is not the request. */
  @Property(tries = 150)
  void nearest_toWhatIsRefused_keepsStarts_andIsAnotherRequest(
      @ForAll("requests") Request request) {
    Assume.that(request.place() instanceof PlacementResult.Rejected);
    List<Wish> given = request.wishes.stream().filter(wish -> wish.start >= 0).toList();
    boolean possible = new Request(request.raw, given).hasState();

    for (MigLayout layout : request.builder().nearest(3)) {
      var states = request.raw.statesByCounts.get(request.raw.countsOf(
          layout.placements().stream().map(p -> p.profile().toString()).toList()));
      assertThat(states)
          .anySatisfy(state -> assertThat(layout.placements())
              .allSatisfy(
                  p -> assertThat(state.get(p.start())).isEqualTo(p.profile().toString())));
      List<Wish> placed = new ArrayList<>(layout.placements().stream()
          .map(p -> new Wish(p.profile(), p.start()))
          .toList());
      assertThat(given.stream().allMatch(placed::remove)).isEqualTo(possible);
      boolean sameDevices = request
          .raw
          .countsOf(
              layout.placements().stream().map(p -> p.profile().toString()).toList())
          .equals(request.raw.countsOf(
              request.wishes.stream().map(wish -> wish.profile.toString()).toList()));
      assertThat(sameDevices && possible).isFalse();
    }
    Statistics.label("starts").collect(given.isEmpty() ? "none" : possible ? "kept" : "moved");
  }

  @Property
  void place_whatIsPlaced_isLegal(@ForAll("requests") Request request) {
    if (request.place() instanceof PlacementResult.Placed placed) {
      MigLayout layout = placed.layout();
      GpuModel gpu = layout.gpu();

      Map<MigProfile, Integer> counts = new TreeMap<>();
      boolean[] taken = new boolean[gpu.memorySlices().getAsInt()];
      for (Placement p : layout.placements()) {
        counts.merge(p.profile(), 1, Integer::sum);
        assertThat(profile(gpu, p).starts()).contains(p.start());
        for (int slice = p.start(); slice < p.end(); slice++) {
          assertThat(taken[slice]).isFalse();
          taken[slice] = true;
        }
      }
      assertThat(counts).isEqualTo(layout.devices());
      counts.forEach((name, count) ->
          assertThat(count).isLessThanOrEqualTo(gpu.profile(name).orElseThrow().maxInstances()));
      for (Budget budget : Budget.values()) {
        int sum = layout.placements().stream()
            .mapToInt(p -> profile(gpu, p).amount(budget).orElse(0))
            .sum();
        assertThat(sum).isLessThanOrEqualTo(gpu.capacity(budget).orElse(Integer.MAX_VALUE));
      }
    }
  }

  @Property
  void place_addingAnInstance_neverMakesAnIllegalRequestLegal(
      @ForAll("requests") Request request, @ForAll("seeds") int seed) {
    List<GpuInstanceProfile> profiles = request.raw.gpu.profiles();
    var more = new Wish(profiles.get(seed % profiles.size()).profile(), -1);

    if (request.place() instanceof PlacementResult.Rejected) {
      assertThat(request.and(more).place()).isInstanceOf(PlacementResult.Rejected.class);
    }
  }

  @Property
  void place_orderOfTheRequest_doesNotMatter(@ForAll("requests") Request request) {
    List<Wish> reversed = new ArrayList<>(request.wishes);
    java.util.Collections.reverse(reversed);

    boolean fits = request.place() instanceof PlacementResult.Placed;

    assertThat(new Request(request.raw, reversed).place() instanceof PlacementResult.Placed)
        .isEqualTo(fits);
  }

  @Provide
  Arbitrary<Integer> seeds() {
    return Arbitraries.integers().between(0, 1000);
  }

  @Provide
  Arbitrary<Request> requests() {
    return Arbitraries.of(GPUS).flatMap(raw -> {
      Arbitrary<MigProfile> profile = Arbitraries.of(
          raw.gpu.profiles().stream().map(GpuInstanceProfile::profile).toList());
      Arbitrary<Wish> anywhere = profile.map(name -> new Wish(name, -1));
      Arbitrary<Wish> allowed = profile.flatMap(
          name -> Arbitraries.of(raw.gpu.profile(name).orElseThrow().starts())
              .map(start -> new Wish(name, start)));
      Arbitrary<Wish> atAny = profile.flatMap(name ->
          Arbitraries.integers().between(0, raw.slices).map(start -> new Wish(name, start)));
      Arbitrary<Request> mixed = Arbitraries.frequencyOf(
              Tuple.of(6, anywhere), Tuple.of(5, allowed), Tuple.of(1, atAny))
          .list()
          .ofMaxSize(6)
          .map(wishes -> new Request(raw, wishes));
      return Arbitraries.oneOf(mixed, fullStatesWithOneInstanceMoved(raw));
    });
  }

  private static final Map<RawGeometry, List<List<String>>> FULL =
      GPUS.stream().collect(Collectors.toMap(raw -> raw, MigLayoutPropertiesTest::fullStates));

  private static List<List<String>> fullStates(RawGeometry raw) {
    int most = raw.states.stream().mapToInt(Map::size).max().orElseThrow();
    return raw.states.stream()
        .filter(state -> state.size() > 1 && state.size() >= most / 2)
        .map(state -> List.copyOf(state.values()))
        .sorted(Comparator.comparing(List::toString))
        .toList();
  }

  /** Requests within every budget, for which only the starts can be wrong. */
  private static Arbitrary<Request> fullStatesWithOneInstanceMoved(RawGeometry raw) {
    return Arbitraries.of(FULL.get(raw)).flatMap(names -> {
      MigProfile moved = MigProfile.parse(names.get(names.size() - 1));
      return Arbitraries.of(raw.gpu.profile(moved).orElseThrow().starts()).map(start -> {
        List<Wish> wishes = new ArrayList<>(names.subList(0, names.size() - 1).stream()
            .map(name -> new Wish(MigProfile.parse(name), -1))
            .toList());
        wishes.add(new Wish(moved, start));
        return new Request(raw, wishes);
      });
    });
  }

  private static GpuInstanceProfile profile(GpuModel gpu, Placement placement) {
    return gpu.profile(placement.profile()).orElseThrow();
  }
}
