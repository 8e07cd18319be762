package io.github.mig4j.fleet;

import io.github.mig4j.layout.Placement;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The states of a geometry with the costs by a policy. For each profile, a state has a best placement
 * and its costs, of which the <em>level</em> is the rank among all costs of the profile. States with the
 * same levels for every profile share a <em>bucket</em>: with the standard policy, the 2,319 states of an
 * H100 are in 183 buckets. Immutable.
 */
final class RankedStates {

  /** In place of a level if the profile does not fit. */
  static final char NONE = Character.MAX_VALUE;

  /** The bucket of the states in which nothing fits. */
  static final int FULL = 0;

  private final int profiles;

  /** By profile and state. */
  private final byte[][] best;

  /** By profile and level, ascending. */
  private final double[][][] costs;

  private final char[] bucketOf;

  /** By bucket and profile. */
  private final char[] levels;

  RankedStates(GpuStates states, PlacementPolicy policy) {
    profiles = states.profiles().size();
    int count = states.all().size();
    best = new byte[profiles][count];
    for (byte[] ofProfile : best) {
      Arrays.fill(ofProfile, StateTables.NONE);
    }
    double[][] least = new double[count * profiles][];
    for (int state = 0; state < count; state++) {
      for (int placement = 0; placement < states.placements().size(); placement++) {
        if (states.canPlace(state, placement)) {
          int profile = states.profileOf(placement);
          int cell = state * profiles + profile;
          double[] cost = costs(states, state, placement, policy);
          if (least[cell] == null || Arrays.compare(cost, least[cell]) < 0) {
            least[cell] = cost;
            best[profile][state] = (byte) placement;
          }
        }
      }
    }
    costs = IntStream.range(0, profiles)
        .mapToObj(profile -> distinct(least, profile))
        .toArray(double[][][]::new);
    char[] levelOf = levels(least);
    bucketOf = new char[count];
    levels = divide(levelOf);
  }

  /** The costs of a placement that can be added to a state. */
  static double[] costs(GpuStates states, int state, int number, PlacementPolicy policy) {
    GpuState before = states.all().get(state);
    Placement placement = states.placements().get(number);
    GpuState after = states.all().get(states.place(state, number));
    List<Criterion> criteria = policy.criteria();
    double[] costs = new double[criteria.size()];
    for (int i = 0; i < costs.length; i++) {
      costs[i] = criteria.get(i).cost(before, placement, after) + 0.0; // -0.0 is 0.0
      if (!Double.isFinite(costs[i])) {
        throw new IllegalArgumentException(
            "A criterion's cost must be a finite number, but was %s for %s on %s"
                .formatted(costs[i], placement, before));
      }
    }
    return costs;
  }

  private double[][] distinct(double[][] least, int profile) {
    TreeSet<double[]> distinct = new TreeSet<>(Arrays::compare);
    for (int cell = profile; cell < least.length; cell += profiles) {
      if (least[cell] != null) {
        distinct.add(least[cell]);
      }
    }
    return distinct.toArray(double[][]::new);
  }

  /** By state and profile. */
  private char[] levels(double[][] least) {
    char[] levelOf = new char[least.length];
    Arrays.fill(levelOf, NONE);
    for (int cell = 0; cell < least.length; cell++) {
      if (least[cell] != null) {
        levelOf[cell] =
            (char) Arrays.binarySearch(costs[cell % profiles], least[cell], Arrays::compare);
      }
    }
    return levelOf;
  }

  /** Gives each state its bucket, and returns the levels by bucket and profile. */
  private char[] divide(char[] levelOf) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    numbers.put(String.valueOf(NONE).repeat(profiles), FULL);
    for (int state = 0; state < bucketOf.length; state++) {
      String key = new String(levelOf, state * profiles, profiles);
      numbers.putIfAbsent(key, numbers.size());
      bucketOf[state] = (char) (int) numbers.get(key);
    }
    return String.join("", numbers.keySet()).toCharArray();
  }

  /** Whether the other states have the same costs, so that their GPUs can share buckets. */
  boolean isLike(RankedStates other) {
    return profiles == other.profiles
        && Arrays.equals(bucketOf, other.bucketOf)
        && Arrays.deepEquals(best, other.best)
        && Arrays.deepEquals(costs, other.costs)
        && Arrays.equals(levels, other.levels);
  }

  /** The number of buckets, {@link #FULL} included. */
  int buckets() {
    return levels.length / profiles;
  }

  /** The bucket of a state, {@link #FULL} if nothing fits. */
  char bucketOf(int state) {
    return bucketOf[state];
  }

  /** By state: the number of the placement with the lowest cost, or {@link GpuStates#NONE}. */
  byte[] best(int profile) {
    return best[profile];
  }

  /** The level of a profile's cost in a bucket, or {@link #NONE}. */
  char level(int profile, int bucket) {
    return levels[bucket * profiles + profile];
  }

  /** The costs of a profile by level, ascending. */
  double[][] costs(int profile) {
    return costs[profile];
  }
}
