package io.github.mig4j.fleet;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The policies that are compared, those of others written from their descriptions. */
final class Competitors {

  static final String OURS = "ours";

  private Competitors() {}

  /** A policy, with empty fleets for it by their size. */
  interface Competitor {
    Replay replay(Arrivals arrivals);
  }

  /**
   * All of them.
   *
   * @param mix the shares of the requested profiles, which only the policies of others get
   */
  static Map<String, Competitor> against(double[] mix) {
    Map<String, Competitor> all = new LinkedHashMap<>();
    all.put("first-fit", of(PlacementPolicy.firstFit()));
    all.put("best-fit", of(PlacementPolicy.bestFit()));
    all.put("round-robin", roundRobin());
    all.put("worst-fit", of(PlacementPolicy.by(Criterion.FREE_SLICES.times(-1))));
    all.put("least loss", of(PlacementPolicy.leastLoss()));
    all.put("MFI", of(PlacementPolicy.by(growth(state -> minimumFragmentation(state, mix)))));
    all.put("FGD", of(PlacementPolicy.by(growth(state -> fragmentationGradient(state, mix)))));
    all.put(OURS, of(PlacementPolicy.standard()));
    return all;
  }

  static Competitor of(PlacementPolicy policy) {
    Map<Integer, Fleet> empty = new LinkedHashMap<>();
    return arrivals -> Replay.of(
        arrivals,
        empty.computeIfAbsent(arrivals.gpus(), gpus -> fleet(policy, gpus)).copy(),
        (replay, request) -> replay.fleet().place(request));
  }

  static Fleet fleet(PlacementPolicy policy, int gpus) {
    Fleet fleet = new Fleet(policy);
    for (int gpu = 0; gpu < gpus; gpu++) {
      fleet.add(Arrivals.H100);
    }
    return fleet;
  }

  /** Uses the first suitable GPU after the last chosen one. */
  private static Competitor roundRobin() {
    return arrivals -> {
      int gpus = arrivals.gpus();
      List<GpuSet> single = IntStream.range(0, gpus).mapToObj(GpuSet::of).toList();
      int[] last = {gpus - 1};
      return Replay.of(arrivals, fleet(PlacementPolicy.firstFit(), gpus), (replay, request) -> {
        for (int i = 1; i <= gpus; i++) {
          long instance = replay.fleet().place(request, single.get((last[0] + i) % gpus));
          if (instance != Fleet.NONE) {
            last[0] = Fleet.gpuOf(instance);
            return instance;
          }
        }
        return Fleet.NONE;
      });
    };
  }

  private interface Score {
    double of(GpuState state);
  }

  /** How much a score grows. */
  private static Criterion growth(Score score) {
    double[] byState =
        GpuStates.of(Arrivals.H100).all().stream().mapToDouble(score::of).toArray();
    return (before, placement, after) -> byState[after.number()] - byState[before.number()];
  }

  /**
   * MFI (M. Zambianco, L. Fasol, R. Doriguzzi-Corin, arXiv 2511.18906): for each profile that the
   * free slices suffice for, its size for each of its starts at which it does not fit.
   */
  private static double minimumFragmentation(GpuState state, double[] mix) {
    double score = 0;
    for (Placement placement : state.states().placements()) {
      boolean isBlocked = state.layout().placements().stream().anyMatch(placement::overlaps);
      if (share(placement.profile(), mix) > 0 && placement.size() <= state.freeSlices()) {
        score += isBlocked ? placement.size() : 0;
      }
    }
    return score;
  }

  /**
   * FGD (Q. Weng et al., Beware of Fragmentation, USENIX ATC 2023), a GPU's thousandths being its
   * memory slices: the expected number of free slices that the next request cannot use.
   */
  private static double fragmentationGradient(GpuState state, double[] mix) {
    double score = 0;
    for (int i = 0; i < mix.length; i++) {
      if (mix[i] > 0) {
        score += state.fits(Arrivals.PROFILES.get(i)) ? 0 : mix[i] * state.freeSlices();
      }
    }
    return score;
  }

  private static double share(MigProfile profile, double[] mix) {
    int number = Arrivals.PROFILES.indexOf(profile);
    return number < 0 ? 0 : mix[number];
  }
}
