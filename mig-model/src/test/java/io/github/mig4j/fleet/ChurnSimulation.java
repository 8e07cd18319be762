package io.github.mig4j.fleet;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  static final double[] LOADS = {0.85, 1.0, 1.2};

  /** Shares of the profiles; the last one is {@code +me}. */
  static final Map<String, double[]> MIXES = mixes(0);

  /** Half of the requests for one slice also request media engines. */
  static final Map<String, double[]> MIXES_WITH_ME = mixes(0.5);

  private ChurnSimulation() {}

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
  static double acceptance(Competitors.Competitor policy, double[] mix, double load, long seed) {
    return policy.replay(Arrivals.poisson(GPUS, mix, load, seed)).acceptance();
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
    List<String> names = List.copyOf(Competitors.against(MIXES.get("uniform")).keySet());
    StringBuilder accepted = new StringBuilder();
    StringBuilder gains = new StringBuilder();
    StringBuilder bounded = new StringBuilder();
    mixes.forEach((name, mix) -> {
      Map<String, Competitors.Competitor> competitors = Competitors.against(mix);
      for (double load : LOADS) {
        Cell cell = Cell.of(competitors, mix, load, seeds);
        String row = "| " + name + " | " + load;
        accepted.append(row);
        gains.append(row);
        bounded.append(row);
        cell.accepted.forEach((policy, shares) -> {
          accepted.append(" | ").append(Estimate.of(shares));
          if (!policy.equals(Competitors.OURS)) {
            gains
                .append(" | ")
                .append(Estimate.ofDifferences(cell.accepted.get(Competitors.OURS), shares)
                    .signed());
          }
        });
        cell.ofBound.values().forEach(shares -> bounded.append(" | ").append(Estimate.of(shares)));
        accepted.append(" |\n");
        gains.append(" |\n");
        bounded.append(" | ").append(Estimate.of(cell.bound)).append(" |\n");
      }
    });
    System.out.printf("%n%s, %d seeds: slices accepted, %%%n%n", title, seeds);
    table(names, accepted);
    System.out.printf("%n%s: ours minus the other for the same arrivals, points%n%n", title);
    table(names.subList(0, names.size() - 1), gains);
    System.out.printf(
        "%n%s: slices accepted, %% of the bound; the bound, %% of the requested%n%n", title);
    List<String> withBound = new java.util.ArrayList<>(names);
    withBound.add("bound");
    table(withBound, bounded);
  }

  private static void table(List<String> columns, StringBuilder rows) {
    System.out.println("| mix | load | " + String.join(" | ", columns) + " |");
    System.out.println("|---|---|" + "---|".repeat(columns.size()));
    System.out.print(rows);
  }

  /** What the policies did at one mix and load, by policy and seed. */
  private record Cell(
      Map<String, double[]> accepted, Map<String, double[]> ofBound, double[] bound) {

    static Cell of(
        Map<String, Competitors.Competitor> competitors, double[] mix, double load, int seeds) {
      Cell cell = new Cell(new LinkedHashMap<>(), new LinkedHashMap<>(), new double[seeds]);
      for (String policy : competitors.keySet()) {
        cell.accepted.put(policy, new double[seeds]);
        cell.ofBound.put(policy, new double[seeds]);
      }
      for (int seed = 0; seed < seeds; seed++) {
        Arrivals arrivals = Arrivals.poisson(GPUS, mix, load, seed);
        double bound = HindsightBound.slices(arrivals);
        cell.bound[seed] = bound / arrivals.requestedSlices();
        for (String policy : competitors.keySet()) {
          Replay replay = competitors.get(policy).replay(arrivals);
          cell.accepted.get(policy)[seed] = replay.acceptance();
          cell.ofBound.get(policy)[seed] = replay.acceptedOfAll() / bound;
        }
      }
      return cell;
    }
  }
}
