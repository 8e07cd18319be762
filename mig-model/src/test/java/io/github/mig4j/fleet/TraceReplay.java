package io.github.mig4j.fleet;

import io.github.mig4j.fleet.Arrivals.Arrival;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Replays the tasks of a real cluster on H100s: the file {@code openb_pod_list_default} of Alibaba's
 * cluster-trace-gpu-v2023, reduced to the columns of {@link Arrivals#trace}. The project does not
 * contain it; the property {@code mig4j.trace} says where it is.
 *
 * <p>A trace has no seeds. The replications are its days: the days of one replay follow each other,
 * but most tasks live less than an hour.
 */
public final class TraceReplay {

  static final String FILE = "mig4j.trace";

  private TraceReplay() {}

  /**
   * Prints the tables.
   *
   * @param args none
   */
  public static void main(String[] args) throws IOException {
    String file = System.getProperty(FILE, "");
    if (!Files.isRegularFile(Path.of(file))) {
      System.out.printf("%nThe trace is left out: -D%s=FILE says where it is.%n", FILE);
      return;
    }
    Path csv = Path.of(file);
    double[] mix = mixOf(Arrivals.trace(csv, 1));
    System.out.println();
    System.out.println("Shares of 7g, 4g, 3g, 2g, 1g.20gb, 1g, +me: " + shares(mix));
    System.out.println();
    System.out.println("| load | GPUs | policy | slices accepted, % | of the bound, % "
        + "| mean slices unallocated | ours - it by day, points |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (double load : ChurnSimulation.LOADS) {
      print(Arrivals.trace(csv, load), mix, load);
    }
  }

  private static void print(Arrivals arrivals, double[] mix, double load) {
    double bound = HindsightBound.slices(arrivals);
    Map<String, Replay> replays = new LinkedHashMap<>();
    Competitors.against(mix).forEach((name, policy) -> replays.put(name, policy.replay(arrivals)));
    double[] ours = replays.get(Competitors.OURS).acceptanceByDay();
    replays.forEach((name, replay) -> System.out.printf(
        Locale.ROOT,
        "| %s | %d | %s | %.2f | %.2f | %.1f | %s |%n",
        load,
        arrivals.gpus(),
        name,
        100 * replay.acceptance(),
        100 * replay.acceptedOfAll() / bound,
        replay.unallocatedSlices(),
        name.equals(Competitors.OURS)
            ? ""
            : Estimate.ofDifferences(ours, replay.acceptanceByDay()).signed()));
  }

  private static double[] mixOf(Arrivals arrivals) {
    double[] mix = new double[Arrivals.PROFILES.size()];
    for (Arrival arrival : arrivals.all()) {
      mix[arrival.profile()] += 1.0 / arrivals.all().size();
    }
    return mix;
  }

  private static String shares(double[] mix) {
    StringBuilder shares = new StringBuilder();
    for (double share : mix) {
      shares.append(String.format(Locale.ROOT, " %.3f", share));
    }
    return shares.substring(1);
  }
}
