package io.github.mig4j.fleet;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

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

  /** By profile. */
  private final int[] slicesOf;

  /** By state: the profile of an instance and the state with it, in turn, by profile. */
  private final int[][] added;

  /** By state: the states with an instance less. */
  private final int[][] ended;

  private final double[] byState;

  ExpectedSlices(StateTables tables) {
    byte[] profileOf = tables.profileOf;
    int[] byProfile = IntStream.range(0, profileOf.length)
        .boxed()
        .sorted(Comparator.comparing(placement -> profileOf[placement]))
        .mapToInt(Integer::intValue)
        .toArray();
    slicesOf = new int[tables.profiles()];
    for (int placement : byProfile) {
      slicesOf[profileOf[placement]] = tables.sizeOf[placement];
    }
    added = new int[tables.sets.length][];
    ended = new int[tables.sets.length][];
    for (int state = 0; state < added.length; state++) {
      added[state] = new int[2 * tables.choices[state]];
      ended[state] = new int[Long.bitCount(tables.sets[state])];
      find(tables, state, byProfile);
    }
    byState = expected(
        IntStream.range(0, added.length).map(it -> tables.usedSlices[it]).max().orElse(0));
  }

  /** The expected number of memory slices, to be compared among the states of one model. */
  double of(int state) {
    return byState[state];
  }

  private void find(StateTables tables, int state, int[] byProfile) {
    int more = 0;
    int fewer = 0;
    for (int placement : byProfile) {
      int next = tables.neighbours[state * byProfile.length + placement];
      if (next > state) {
        added[state][more++] = tables.profileOf[placement];
        added[state][more++] = next;
      } else if (next < state) {
        ended[state][fewer++] = next;
      }
    }
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
