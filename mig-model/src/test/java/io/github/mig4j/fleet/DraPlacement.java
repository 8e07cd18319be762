package io.github.mig4j.fleet;

import io.github.mig4j.layout.Placement;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Claims for MIG devices that are created when they are claimed. The scheduler takes the first device
 * that is free, by the order of the devices; a selector can name the GPU, but not the start.
 */
public final class DraPlacement {

  private static final String SCHEDULER = "scheduler";
  private static final String PINNED_GPU = "GPU pinned";
  private static final String PINNED_START = "GPU and start";

  private DraPlacement() {}

  static Map<String, Competitors.Competitor> policies() {
    Map<String, Competitors.Competitor> policies = new LinkedHashMap<>();
    policies.put(SCHEDULER, Competitors.of(PlacementPolicy.firstFit()));
    policies.put(
        PINNED_GPU,
        arrivals -> Replay.of(
            arrivals,
            Competitors.fleet(PlacementPolicy.standard(), arrivals.gpus()),
            (replay, request) -> firstStart(replay.fleet(), replay.fleet().choose(request))));
    policies.put(PINNED_START, Competitors.of(PlacementPolicy.standard()));
    return policies;
  }

  /** Places the chosen profile on the chosen GPU at the first start that is free. */
  private static long firstStart(Fleet fleet, long chosen) {
    if (chosen == Fleet.NONE) {
      return chosen;
    }
    int gpu = Fleet.gpuOf(chosen);
    Placement best = fleet.placementOf(chosen);
    Placement first = fleet.state(gpu).freePlacements().stream()
        .filter(free -> free.profile().equals(best.profile()))
        .min(Comparator.comparingInt(Placement::start))
        .orElseThrow();
    return fleet.occupy(gpu, first.profile(), first.start());
  }

  /**
   * Prints the table.
   *
   * @param args how many seeds, 40 if absent
   */
  public static void main(String[] args) {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 40;
    Map<String, Competitors.Competitor> policies = policies();
    System.out.println("| mix | load | scheduler, % | GPU pinned, % | GPU and start, % "
        + "| GPU pinned - scheduler, points | GPU and start - GPU pinned, points |");
    System.out.println("|---|---|---|---|---|---|---|");
    ChurnSimulation.MIXES.forEach((name, mix) -> print(policies, name, mix, seeds));
    ChurnSimulation.MIXES_WITH_ME.forEach(
        (name, mix) -> print(policies, name + " with `+me`", mix, seeds));
  }

  private static void print(
      Map<String, Competitors.Competitor> policies, String name, double[] mix, int seeds) {
    for (double load : ChurnSimulation.LOADS) {
      Map<String, double[]> accepted = new LinkedHashMap<>();
      policies.forEach((policy, competitor) -> {
        double[] shares = new double[seeds];
        for (int seed = 0; seed < seeds; seed++) {
          shares[seed] = ChurnSimulation.acceptance(competitor, mix, load, seed);
        }
        accepted.put(policy, shares);
      });
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %s | %s | %s | %s |%n",
          name,
          load,
          Estimate.of(accepted.get(SCHEDULER)),
          Estimate.of(accepted.get(PINNED_GPU)),
          Estimate.of(accepted.get(PINNED_START)),
          Estimate.ofDifferences(accepted.get(PINNED_GPU), accepted.get(SCHEDULER))
              .signed(),
          Estimate.ofDifferences(accepted.get(PINNED_START), accepted.get(PINNED_GPU))
              .signed());
    }
  }
}
