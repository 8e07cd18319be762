package io.github.mig4j.fleet;

import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How many memory slices a GPU is expected to accept next, by its state. In each step a request for a
 * random profile arrives, or a random instance ends, or nothing happens. A request that fits is
 * placed so that the most slices are expected afterwards. So a state is worth more if large profiles
 * fit after one of its instances ends, and if there is room for a scarce profile.
 *
 * <p>25 steps are computed, each from the one before. All profiles are equally likely, and together
 * they request four times the slices of the GPU, because a choice matters on a full fleet. The
 * choices depend little on these numbers: docs/benchmarks.md has loads and mixes of other kinds.
 * Immutable.
 */
final class ExpectedSlices {

  private static final int STEPS = 25;
  private static final double LOAD = 4;

  /** Values are multiples of it, so that more states have equal costs. */
  private static final double UNIT = 1.0 / 64;

  private final int[] slicesOf;
  private final double[] byState;

  /** By state: the profile of an instance and the state with it, in turn, by profile. */
  private final int[][] added;

  /** By state: the states with an instance less. */
  private final int[][] ended;

  ExpectedSlices(GpuStates states) {
    int count = states.all().size();
    slicesOf = new int[states.profiles().size()];
    added = new int[count][];
    ended = new int[count][];
    int[][] placementsOf = placementsByProfile(states);
    for (int state = 0; state < count; state++) {
      added[state] = added(states, state, placementsOf);
      ended[state] = ended(states, state, placementsOf);
    }
    byState = expected(states.empty().freeSlices());
  }

  /** The expected number of memory slices, to be compared among the states of one model. */
  double of(int state) {
    return byState[state];
  }

  private int[][] placementsByProfile(GpuStates states) {
    List<List<Integer>> placements = new ArrayList<>();
    states.profiles().forEach(any -> placements.add(new ArrayList<>()));
    for (int placement = 0; placement < states.placements().size(); placement++) {
      Placement each = states.placements().get(placement);
      int profile = states.profile(each.profile());
      slicesOf[profile] = each.size();
      placements.get(profile).add(placement);
    }
    return placements.stream()
        .map(each -> each.stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
  }

  private static int[] added(GpuStates states, int state, int[][] placementsOf) {
    int[] pairs = new int[2 * states.choices(state)];
    int size = 0;
    for (int profile = 0; size < pairs.length; profile++) {
      for (int placement : placementsOf[profile]) {
        if (states.canPlace(state, placement)) {
          pairs[size++] = profile;
          pairs[size++] = states.place(state, placement);
        }
      }
    }
    return pairs;
  }

  private static int[] ended(GpuStates states, int state, int[][] placementsOf) {
    int[] fewer = new int[states.placements().size()];
    int size = 0;
    for (int[] placements : placementsOf) {
      for (int placement : placements) {
        if (states.holds(state, placement)) {
          fewer[size++] = states.free(state, placement);
        }
      }
    }
    return Arrays.copyOf(fewer, size);
  }

  private double[] expected(int slicesOfGpu) {
    double requests = LOAD * slicesOfGpu / Arrays.stream(slicesOf).average().orElse(1);
    double events =
        requests + Arrays.stream(ended).mapToInt(fewer -> fewer.length).max().orElse(0);
    double[] now = new double[added.length];
    double[] next = new double[added.length];
    for (int step = 0; step < STEPS; step++) {
      for (int state = 0; state < now.length; state++) {
        double gain = requests / slicesOf.length * gainByRequests(state, now);
        next[state] = now[state] + (gain - lossByEnds(state, now)) / events;
      }
      double[] before = now;
      now = next;
      next = before;
    }
    for (int state = 0; state < now.length; state++) {
      now[state] = Math.rint(now[state] / UNIT) * UNIT;
    }
    return now;
  }

  /** The sum over the profiles of what a request for it gains at its best placement. */
  private double gainByRequests(int state, double[] now) {
    int[] pairs = added[state];
    double sum = 0;
    double best = 0;
    for (int i = 0; i < pairs.length; i += 2) {
      best = Math.max(best, slicesOf[pairs[i]] + now[pairs[i + 1]] - now[state]);
      if (i + 2 == pairs.length || pairs[i + 2] != pairs[i]) {
        sum += best;
        best = 0;
      }
    }
    return sum;
  }

  private double lossByEnds(int state, double[] now) {
    double sum = 0;
    for (int fewer : ended[state]) {
      sum += now[state] - now[fewer];
    }
    return sum;
  }
}
