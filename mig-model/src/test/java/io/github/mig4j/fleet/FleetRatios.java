package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.function.LongSupplier;

/**
 * Measures how much faster the index is than a scan, on a machine with other load. The variants
 * alternate every millisecond, which is too short for frequent interruptions, and the medians are
 * compared. {@link #main} prints tables of docs/benchmarks.md.
 */
public final class FleetRatios {

  private static final int ROUNDS = 8;

  /** Operations in a row, which keep the caches warm. */
  private static final int TURNS = 100;

  private static final int QUESTIONS = 1024;

  private static final long TURN_NANOS = 1_000_000;

  private static long sink;

  private FleetRatios() {}

  /**
   * Prints the tables.
   *
   * @param args numbers of GPUs; those of the table if none
   */
  public static void main(String[] args) {
    if (args.length == 0) {
      oneGpu();
      models();
      some();
    }
    System.out.println(
        "| GPUs | index, ns | reads only, ns | scan, ns | sorted candidates, ns | scan / index |");
    System.out.println("|---|---|---|---|---|---|");
    int[] sizes = args.length > 0
        ? Arrays.stream(args).mapToInt(Integer::parseInt).toArray()
        : new int[] {10, 100, 1_000, 10_000, 100_000, 1_000_000};
    for (int gpus : sizes) {
      FleetWorkload one = new FleetWorkload(gpus);
      FleetWorkload other = new FleetWorkload(gpus);
      FleetWorkload third = new FleetWorkload(gpus);
      FleetWorkload fourth = new FleetWorkload(gpus);
      double[] nanos =
          inTurns(one::byIndex, fourth::byReadsOnly, other::byScan, third::bySortedCandidates);
      System.out.printf(
          Locale.ROOT,
          "| %,d | %,.0f | %,.0f | %,.0f | %,.0f | %.0f |%n",
          gpus,
          nanos[0],
          nanos[1],
          nanos[2],
          nanos[3],
          nanos[2] / nanos[0]);
    }
    if (sink == 42) {
      System.out.println();
    }
  }

  /** The best start in random states, by the tables of bytes and by a table of ints; and the questions alone. */
  private static void oneGpu() {
    GpuStates states = GpuStates.of(GpuCatalog.bundled().require("h100-sxm-80gb"));
    int profiles = states.profiles().size();
    int[] wide = new int[states.all().size() * profiles];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = states.best(i / profiles, i % profiles);
    }
    Random random = new Random(1);
    int[] state = random.ints(QUESTIONS, 0, states.all().size()).toArray();
    int[] profile = random.ints(QUESTIONS, 0, profiles).toArray();
    double[] nanos = inTurns(
        () -> {
          long sum = 0;
          for (int i = 0; i < QUESTIONS; i++) {
            sum += states.best(state[i], profile[i]);
          }
          return sum;
        },
        () -> {
          long sum = 0;
          for (int i = 0; i < QUESTIONS; i++) {
            sum += wide[state[i] * profiles + profile[i]];
          }
          return sum;
        },
        () -> {
          long sum = 0;
          for (int i = 0; i < QUESTIONS; i++) {
            sum += state[i] + profile[i];
          }
          return sum;
        });
    System.out.println("| best start by bytes, ns | by ints, ns | questions alone, ns |");
    System.out.println("|---|---|---|");
    System.out.printf(
        Locale.ROOT,
        "| %.2f | %.2f | %.2f |%n%n",
        nanos[0] / QUESTIONS,
        nanos[1] / QUESTIONS,
        nanos[2] / QUESTIONS);
  }

  /** A choice among some GPUs of 10,000, by the index and by a scan of them. */
  private static void some() {
    FleetWorkload one = new FleetWorkload(10_000);
    FleetWorkload other = new FleetWorkload(10_000);
    double[] nanos = inTurns(
        one::chooseOnOneNode,
        other::chooseOnOneNodeByScan,
        one::chooseAmongHalf,
        other::chooseAmongHalfByScan);
    System.out.println(
        "| one node, ns | by a scan, ns | scan / index | half of the GPUs, ns | by a scan, ns | scan / index |");
    System.out.println("|---|---|---|---|---|---|");
    System.out.printf(
        Locale.ROOT,
        "| %.0f | %.0f | %.1f | %.0f | %,.0f | %.0f |%n%n",
        nanos[0],
        nanos[1],
        nanos[1] / nanos[0],
        nanos[2],
        nanos[3],
        nanos[3] / nanos[2]);
  }

  /** A place and a free among 40,000 GPUs of one, of five and of 340 equal models. */
  private static void models() {
    System.out.println("| models | index, ns | scan, ns | scan / index |");
    System.out.println("|---|---|---|---|");
    for (ModelsWorkload.Models models : ModelsWorkload.Models.values()) {
      double[] nanos = inTurns(
          new ModelsWorkload(models, 40_000)::byIndex, new ModelsWorkload(models, 40_000)::byScan);
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f | %,.0f | %.0f |%n",
          models,
          nanos[0],
          nanos[1],
          nanos[1] / nanos[0]);
    }
    System.out.println();
  }

  /** Median nanoseconds per operation of each; the first round does not count. */
  private static double[] inTurns(LongSupplier... operations) {
    double[][] nanos = new double[operations.length][ROUNDS * TURNS];
    int[] batch = new int[operations.length];
    Arrays.fill(batch, 1);
    for (int round = -1; round < ROUNDS; round++) {
      for (int i = 0; i < operations.length; i++) {
        for (int turn = 0; turn < TURNS; turn++) {
          double each = time(operations[i], batch[i]);
          if (round < 0) {
            batch[i] = (int) Math.max(1, TURN_NANOS / each);
          } else {
            nanos[i][round * TURNS + turn] = each;
          }
        }
      }
    }
    return Arrays.stream(nanos).mapToDouble(FleetRatios::median).toArray();
  }

  private static double time(LongSupplier operation, int times) {
    long start = System.nanoTime();
    for (int n = 0; n < times; n++) {
      sink += operation.getAsLong();
    }
    return Math.max(1, (double) (System.nanoTime() - start) / times);
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }
}
