package io.github.mig4j.fleet;

import io.github.mig4j.layout.Placement;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a policy thinks of the states of a model. For each profile a state has a best placement and
 * its costs; states whose costs are the same for every profile need not be told apart and share a
 * <em>bucket</em>. For each profile the buckets where it fits stand in a row, the cheapest first.
 * Immutable.
 */
final class RankedStates {

  private final GpuStates states;
  /** By profile and state. */
  private final int[][] best;

  private final int[] bucketOf;
  private final int buckets;

  /** By profile. */
  private final Row[] rows;

  RankedStates(GpuStates states, PlacementPolicy policy) {
    this.states = states;
    int profiles = states.profiles().size();
    best = new int[profiles][states.all().size()];
    double[][][] costs = new double[profiles][states.all().size()][];
    for (int profile = 0; profile < profiles; profile++) {
      Arrays.fill(best[profile], GpuStates.NONE);
    }
    for (GpuState state : states.all()) {
      for (Placement placement : state.freePlacements()) {
        offer(state, placement, policy, costs);
      }
    }
    Map<List<List<Double>>, Integer> numbers = new HashMap<>();
    bucketOf = IntStream.range(0, states.all().size())
        .map(state -> numbers.computeIfAbsent(
            Arrays.stream(costs).map(of -> asList(of[state])).toList(), any -> numbers.size()))
        .toArray();
    buckets = numbers.size();
    rows = IntStream.range(0, profiles)
        .mapToObj(profile -> new Row(costs[profile]))
        .toArray(Row[]::new);
  }

  /** The first of equal placements stays, which is the one with the lowest start. */
  private void offer(
      GpuState state, Placement placement, PlacementPolicy policy, double[][][] costs) {
    int profile = states.profile(placement.profile());
    double[] cost = costs(state, placement, policy);
    double[] least = costs[profile][state.number()];
    if (least == null || Arrays.compare(cost, least) < 0) {
      costs[profile][state.number()] = cost;
      best[profile][state.number()] = states.placement(placement.profile(), placement.start());
    }
  }

  private static double[] costs(GpuState before, Placement placement, PlacementPolicy policy) {
    GpuState after = before.place(placement);
    double[] costs = policy.criteria().stream()
        .mapToDouble(criterion -> criterion.cost(before, placement, after) + 0.0)
        .toArray();
    for (double cost : costs) {
      if (!Double.isFinite(cost)) {
        throw new IllegalArgumentException(
            "A criterion's cost must be a finite number, but was %s for %s on %s"
                .formatted(cost, placement, before));
      }
    }
    return costs;
  }

  private static List<Double> asList(double[] costs) {
    return costs == null ? List.of(Double.NaN) : Arrays.stream(costs).boxed().toList();
  }

  GpuStates states() {
    return states;
  }

  int buckets() {
    return buckets;
  }

  int bucketOf(int state) {
    return bucketOf[state];
  }

  /** The number of a placement, or {@link GpuStates#NONE}. */
  int best(int profile, int state) {
    return best[profile][state];
  }

  /** What the policy finds against the best placement in a state where the profile fits. */
  double[] costs(int profile, int state) {
    return rows[profile].costs[rows[profile].positionOf[bucketOf[state]]];
  }

  Row row(int profile) {
    return rows[profile];
  }

  /** The buckets where a profile fits, the cheapest first. */
  final class Row {
    private final int[] bucketAt;
    private final int[] positionOf = new int[buckets];
    private final double[][] costs;

    /** Positions of equal costs have the same level; a higher level costs more. */
    private final int[] level;

    private Row(double[][] costsByState) {
      int[] stateOf = new int[buckets];
      for (int state = 0; state < bucketOf.length; state++) {
        stateOf[bucketOf[state]] = state;
      }
      bucketAt = IntStream.range(0, buckets)
          .filter(bucket -> costsByState[stateOf[bucket]] != null)
          .boxed()
          .sorted(Comparator.comparing(bucket -> costsByState[stateOf[bucket]], Arrays::compare))
          .mapToInt(Integer::intValue)
          .toArray();
      costs = Arrays.stream(bucketAt)
          .mapToObj(bucket -> costsByState[stateOf[bucket]])
          .toArray(double[][]::new);
      level = new int[bucketAt.length];
      Arrays.fill(positionOf, IndexSet.NONE);
      for (int position = 0; position < bucketAt.length; position++) {
        positionOf[bucketAt[position]] = position;
        if (position > 0) {
          boolean same = Arrays.equals(costs[position - 1], costs[position]);
          level[position] = level[position - 1] + (same ? 0 : 1);
        }
      }
    }

    /** {@link IndexSet#NONE} if the profile does not fit. */
    int positionOf(int bucket) {
      return positionOf[bucket];
    }

    int bucketAt(int position) {
      return bucketAt[position];
    }

    int level(int position) {
      return level[position];
    }

    int size() {
      return bucketAt.length;
    }
  }
}
