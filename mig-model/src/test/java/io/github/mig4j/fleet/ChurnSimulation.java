package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Simulates instances that start and end on 100 H100, and counts the requested memory slices that
 * each policy accepts. Arrivals are Poisson over 6,000 time units, and the first 2,000 do not
 * count. The lifetime of an instance is uniform between 0 and 2,000. The load is the mean number of
 * requested memory slices at a time, relative to the 800 of the fleet. A request that does not fit
 * is rejected. All policies get the same arrivals.
 *
 * <p>{@link #main} prints the tables of docs/benchmarks.md.
 */
public final class ChurnSimulation {

  private static final int GPUS = 100;
  private static final double END = 6000;
  private static final double WARM = 2000;
  private static final double MAX_LIFETIME = 2000;

  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final List<MigProfile> PROFILES =
      List.of("7g.80gb", "4g.40gb", "3g.40gb", "2g.20gb", "1g.20gb", "1g.10gb", "1g.10gb+me")
          .stream()
          .map(MigProfile::parse)
          .toList();
  private static final int[] SLICES = {8, 4, 4, 2, 2, 1, 1};

  static final double[] LOADS = {0.85, 1.0, 1.2};

  /** Shares of the profiles; the last one is {@code +me}. */
  static final Map<String, double[]> MIXES = mixes(0);

  /** Half of the requests for one slice also request media engines. */
  static final Map<String, double[]> MIXES_WITH_ME = mixes(0.5);

  static final String OURS = "ours";

  /** An empty fleet for each policy, to be copied; round-robin reads the GPUs itself. */
  private static final Map<String, Fleet> EMPTY = new LinkedHashMap<>();

  static {
    EMPTY.put("first-fit", fleet(PlacementPolicy.firstFit()));
    EMPTY.put("best-fit", fleet(PlacementPolicy.bestFit()));
    EMPTY.put("round-robin", fleet(PlacementPolicy.firstFit()));
    EMPTY.put("worst-fit", fleet(PlacementPolicy.by(Criterion.FREE_SLICES.times(-1))));
    EMPTY.put("least loss", fleet(PlacementPolicy.leastLoss()));
    EMPTY.put(OURS, fleet(PlacementPolicy.standard()));
  }

  private static final List<GpuSet> SINGLE =
      IntStream.range(0, GPUS).mapToObj(GpuSet::of).toList();

  private record Arrival(double time, double departure, int profile) {}

  private record Running(double departure, long instance) {}

  private ChurnSimulation() {}

  private static Fleet fleet(PlacementPolicy policy) {
    Fleet fleet = new Fleet(policy);
    for (int gpu = 0; gpu < GPUS; gpu++) {
      fleet.add(H100);
    }
    return fleet;
  }

  private static Map<String, double[]> mixes(double me) {
    Map<String, double[]> mixes = new LinkedHashMap<>();
    mixes.put("uniform", mix(me, 1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 6.0));
    mixes.put("skew-small", mix(me, .05, .10, .10, .20, .25, .30));
    mixes.put("skew-big", mix(me, .30, .25, .20, .10, .10, .05));
    mixes.put("bimodal", mix(me, .30, .15, .05, .05, .15, .30));
    return mixes;
  }

  private static double[] mix(double me, double... plain) {
    double[] mix = new double[7];
    System.arraycopy(plain, 0, mix, 0, 6);
    mix[5] = plain[5] * (1 - me);
    mix[6] = plain[5] * me;
    return mix;
  }

  /** The accepted share of the requested memory slices. */
  static double acceptance(String policy, double[] mix, double load, long seed) {
    return accepted(policy, arrivals(mix, load, seed));
  }

  private static List<Arrival> arrivals(double[] mix, double load, long seed) {
    double meanSlices = 0;
    for (int i = 0; i < mix.length; i++) {
      meanSlices += mix[i] * SLICES[i];
    }
    double rate = load * 8 * GPUS / (MAX_LIFETIME / 2 * meanSlices);
    SplittableRandom random = new SplittableRandom(seed);
    List<Arrival> arrivals = new ArrayList<>();
    double time = 0;
    while (true) {
      time -= Math.log(1 - random.nextDouble()) / rate;
      if (time >= END) {
        return arrivals;
      }
      double drawn = random.nextDouble();
      int profile = 0;
      while (profile < mix.length - 1 && drawn >= mix[profile]) {
        drawn -= mix[profile++];
      }
      arrivals.add(new Arrival(time, time + MAX_LIFETIME * random.nextDouble(), profile));
    }
  }

  private static double accepted(String policy, List<Arrival> arrivals) {
    Fleet fleet = EMPTY.get(policy).copy();
    PriorityQueue<Running> running =
        new PriorityQueue<>((a, b) -> Double.compare(a.departure, b.departure));
    int asked = 0;
    int accepted = 0;
    int last = GPUS - 1;
    for (Arrival arrival : arrivals) {
      while (!running.isEmpty() && running.peek().departure <= arrival.time) {
        fleet.free(running.poll().instance);
      }
      FleetRequest request = fleet.request(PROFILES.get(arrival.profile));
      long instance =
          policy.equals("round-robin") ? placeAfter(last, request, fleet) : fleet.place(request);
      if (arrival.time >= WARM) {
        asked += SLICES[arrival.profile];
      }
      if (instance != Fleet.NONE) {
        last = Fleet.gpuOf(instance);
        running.add(new Running(arrival.departure, instance));
        if (arrival.time >= WARM) {
          accepted += SLICES[arrival.profile];
        }
      }
    }
    return (double) accepted / asked;
  }

  /** Uses the first suitable GPU after the last chosen one. */
  private static long placeAfter(int last, FleetRequest request, Fleet fleet) {
    for (int i = 1; i <= GPUS; i++) {
      long instance = fleet.place(request, SINGLE.get((last + i) % GPUS));
      if (instance != Fleet.NONE) {
        return instance;
      }
    }
    return Fleet.NONE;
  }

  /** A mean and half the width of its 95 % confidence interval. */
  record Estimate(double mean, double half) {
    static Estimate of(double[] values) {
      double mean = 0;
      for (double value : values) {
        mean += value / values.length;
      }
      double squares = 0;
      for (double value : values) {
        squares += (value - mean) * (value - mean);
      }
      double error = Math.sqrt(squares / (values.length - 1) / values.length);
      return new Estimate(mean, studentT(values.length - 1) * error);
    }

    /** The 97.5 % quantile of Student's t, by its expansion about the normal one. */
    private static double studentT(int degrees) {
      double z = 1.959964;
      return z
          + (z * z * z + z) / (4.0 * degrees)
          + (5 * Math.pow(z, 5) + 16 * z * z * z + 3 * z) / (96.0 * degrees * degrees);
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%.1f ± %.1f", 100 * mean, 100 * half);
    }

    String signed() {
      return String.format(Locale.ROOT, "%+.1f ± %.1f", 100 * mean, 100 * half);
    }
  }

  /**
   * Prints the tables.
   *
   * @param args how many seeds, 40 if absent
   */
  public static void main(String[] args) {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 40;
    print("Without `+me`", MIXES, seeds);
    print("With `+me`", MIXES_WITH_ME, seeds);
  }

  private static void print(String title, Map<String, double[]> mixes, int seeds) {
    System.out.printf("%n%s, %d seeds: slices accepted, %%%n%n", title, seeds);
    System.out.println("| mix | load | " + String.join(" | ", EMPTY.keySet())
        + " | ours - first-fit | ours - best-fit |");
    System.out.println("|---|---|" + "---|".repeat(EMPTY.size() + 2));
    mixes.forEach((name, mix) -> {
      for (double load : LOADS) {
        Map<String, double[]> accepted = new LinkedHashMap<>();
        EMPTY.keySet().forEach(policy -> accepted.put(policy, new double[seeds]));
        for (int seed = 0; seed < seeds; seed++) {
          List<Arrival> arrivals = arrivals(mix, load, seed);
          for (String policy : EMPTY.keySet()) {
            accepted.get(policy)[seed] = accepted(policy, arrivals);
          }
        }
        StringBuilder row = new StringBuilder("| " + name + " | " + load);
        accepted.values().forEach(values -> row.append(" | ").append(Estimate.of(values)));
        for (String other : List.of("first-fit", "best-fit")) {
          double[] gain = accepted.get(OURS).clone();
          for (int seed = 0; seed < seeds; seed++) {
            gain[seed] -= accepted.get(other)[seed];
          }
          row.append(" | ").append(Estimate.of(gain).signed());
        }
        System.out.println(row.append(" |"));
      }
    });
  }
}
