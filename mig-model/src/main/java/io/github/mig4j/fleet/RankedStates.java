package io.github.mig4j.fleet;

import io.github.mig4j.layout.Placement;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The states of a model with the costs by a policy. For each profile, a state has a best placement
 * and its costs. States with the same costs for every profile share a <em>bucket</em>: with the
 * standard policy, the 2,319 states of an H100 are in 68 buckets. Immutable.
 */
final class RankedStates {

  /** Differs from the costs of a policy without criteria, which are an empty list. */
  private static final List<Double> DOES_NOT_FIT = List.of(Double.NaN);

  private final GpuStates states;

  /** By profile and state. */
  private final int[][] best;

  /** By profile and state; null if the profile does not fit. */
  private final double[][][] costs;

  private final int[] bucketOf;
  private final int buckets;
  private final List<BucketsByCost> bucketsByProfile;

  RankedStates(GpuStates states, PlacementPolicy policy) {
    this.states = states;
    int profiles = states.profiles().size();
    best = new int[profiles][states.all().size()];
    costs = new double[profiles][states.all().size()][];
    for (int[] of : best) {
      Arrays.fill(of, GpuStates.NONE);
    }
    for (GpuState state : states.all()) {
      for (Placement placement : state.freePlacements()) {
        offer(state, placement, costs(state, placement, policy));
      }
    }
    Map<List<List<Double>>, Integer> numbers = new HashMap<>();
    bucketOf = states.all().stream()
        .mapToInt(state -> state.choices() == 0
            ? IndexSet.NONE
            : numbers.computeIfAbsent(costsIn(state), any -> numbers.size()))
        .toArray();
    buckets = numbers.size();
    bucketsByProfile = IntStream.range(0, profiles).mapToObj(this::bucketsOf).toList();
  }

  /**
   * Replaces the best placement if the cost is lower. Of equal placements the one with the lowest
   * start stays.
   */
  private void offer(GpuState state, Placement placement, double[] cost) {
    int profile = states.profile(placement.profile());
    double[] least = costs[profile][state.number()];
    if (least == null || Arrays.compare(cost, least) < 0) {
      costs[profile][state.number()] = cost;
      best[profile][state.number()] = states.placement(placement.profile(), placement.start());
    }
  }

  private static double[] costs(GpuState before, Placement placement, PlacementPolicy policy) {
    GpuState after = before.place(placement);
    double[] costs = policy.criteria().stream()
        .mapToDouble(criterion -> criterion.cost(before, placement, after) + 0.0) // -0.0 is 0.0
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

  private List<List<Double>> costsIn(GpuState state) {
    return Arrays.stream(costs)
        .map(byState -> byState[state.number()])
        .map(cost -> cost == null ? DOES_NOT_FIT : Arrays.stream(cost).boxed().toList())
        .toList();
  }

  private BucketsByCost bucketsOf(int profile) {
    TreeMap<double[], BitSet> byCosts = new TreeMap<>(Arrays::compare);
    for (int state = 0; state < bucketOf.length; state++) {
      if (costs[profile][state] != null) {
        byCosts.computeIfAbsent(costs[profile][state], any -> new BitSet()).set(bucketOf[state]);
      }
    }
    return new BucketsByCost(List.copyOf(byCosts.values()), words());
  }

  GpuStates states() {
    return states;
  }

  int buckets() {
    return buckets;
  }

  /** The number of words of a set of buckets. */
  int words() {
    return (buckets + Long.SIZE - 1) / Long.SIZE;
  }

  /** The bucket of a state, or {@link IndexSet#NONE} if nothing fits. */
  int bucketOf(int state) {
    return bucketOf[state];
  }

  /** The number of a placement, or {@link GpuStates#NONE}. */
  int best(int profile, int state) {
    return best[profile][state];
  }

  /** The costs of the best placement in a state; the profile must fit. */
  double[] costs(int profile, int state) {
    return costs[profile][state];
  }

  /** The buckets in which a profile fits, by ascending cost. */
  BucketsByCost bucketsByCost(int profile) {
    return bucketsByProfile.get(profile);
  }
}
