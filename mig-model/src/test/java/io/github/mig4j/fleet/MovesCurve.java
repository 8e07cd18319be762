package io.github.mig4j.fleet;

import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Defragmentation;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.util.Locale;

/**
 * How much more is accepted if running instances may move. When a request does not fit although
 * enough slices are free, the planner looks for the fewest moves that make room. The moves are made if
 * they are within the budget: a number of moves for every thousand arrivals so far. The idea of moves
 * with the scheduler's choice is that of H.-T. Ting et al., arXiv 2512.16099.
 */
public final class MovesCurve {

  private static final int GPUS = 50;

  /** Enough for one request on this many GPUs; a harder case is a rejection. */
  private static final int EFFORT = 500;

  /** Moves for every thousand arrivals. */
  private static final double[] BUDGETS = {0, 10, 30, 100, Double.POSITIVE_INFINITY};

  private MovesCurve() {}

  /**
   * Prints the table.
   *
   * @param args how many seeds, 12 if absent
   */
  public static void main(String[] args) {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 12;
    System.out.printf("%n%d GPUs, uniform mix with `+me`, %d seeds%n%n", GPUS, seeds);
    System.out.println(
        "| load | moves allowed per 1,000 arrivals | moves made | slices accepted, % "
            + "| of the bound, % | more than without moves, points |");
    System.out.println("|---|---|---|---|---|---|");
    for (double load : ChurnSimulation.LOADS) {
      double[] still = new double[0];
      for (double budget : BUDGETS) {
        double[] accepted = new double[seeds];
        double[] ofBound = new double[seeds];
        double moved = 0;
        for (int seed = 0; seed < seeds; seed++) {
          Arrivals arrivals =
              Arrivals.poisson(GPUS, ChurnSimulation.MIXES_WITH_ME.get("uniform"), load, seed);
          Mover mover = new Mover(budget);
          Replay replay = mover.replay(arrivals);
          accepted[seed] = replay.acceptance();
          ofBound[seed] = (double) replay.acceptedOfAll() / HindsightBound.slices(arrivals);
          moved += 1000.0 * mover.moves / arrivals.all().size() / seeds;
        }
        still = budget == 0 ? accepted : still;
        System.out.printf(
            Locale.ROOT,
            "| %s | %s | %.0f | %s | %s | %s |%n",
            load,
            Double.isInfinite(budget) ? "any" : String.format(Locale.ROOT, "%.0f", budget),
            moved,
            Estimate.of(accepted),
            Estimate.of(ofBound),
            budget == 0 ? "" : Estimate.ofDifferences(accepted, still).signed());
      }
    }
  }

  static Replay replay(Arrivals arrivals, double budget) {
    return new Mover(budget).replay(arrivals);
  }

  /** Places as the standard policy does, and moves instances if nothing fits. */
  private static final class Mover {

    private final double budget;
    private int arrivals;
    private int moves;
    private int gpus;

    Mover(double budget) {
      this.budget = budget;
    }

    Replay replay(Arrivals all) {
      gpus = all.gpus();
      return Replay.of(all, Competitors.fleet(PlacementPolicy.standard(), all.gpus()), this::place);
    }

    private long place(Replay replay, FleetRequest request) {
      arrivals++;
      Fleet fleet = replay.fleet();
      long instance = fleet.place(request);
      int slices = Arrivals.SLICES[Arrivals.PROFILES.indexOf(request.profile())];
      double left = budget * arrivals / 1000 - moves;
      if (instance != Fleet.NONE || left < 1 || replay.freeSlices() < slices) {
        return instance;
      }
      Defragmentation plan = planner(fleet, gpus)
          .defragment(Demand.of(DemandItem.of(request.profile().toString(), 1)));
      if (plan.fits().isEmpty() || plan.moves().size() > left) {
        return Fleet.NONE;
      }
      for (Defragmentation.Move move : plan.moves()) {
        replay.move(instanceAt(fleet, move.from()), instanceAt(fleet, move.to()));
        moves++;
      }
      long made = instanceAt(fleet, plan.fits().get(0).location());
      fleet.occupy(made);
      return made;
    }

    private static long instanceAt(Fleet fleet, Defragmentation.InstanceLocation at) {
      Placement placement = at.placement();
      return fleet.instanceAt(at.gpu(), placement.profile(), placement.start());
    }

    private static Planner planner(Fleet fleet, int gpus) {
      PlanNode node = PlanNode.named("fleet");
      for (int gpu = 0; gpu < gpus; gpu++) {
        node = node.gpu(PlanGpu.of(fleet.state(gpu).layout()));
      }
      return Planner.of(node).effort(EFFORT);
    }
  }
}
