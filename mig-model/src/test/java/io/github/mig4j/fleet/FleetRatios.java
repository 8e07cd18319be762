package io.github.mig4j.fleet;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Measures how much faster the index is than a scan, on a machine with other load. The variants
 * alternate every millisecond, which is too short for frequent interruptions, and the medians are
 * compared. {@link #main} prints a table of docs/benchmarks.md.
 */
public final class FleetRatios {

  private static final int ROUNDS = 8;

  /** Operations in a row, which keep the caches warm. */
  private static final int TURNS = 100;

  private static final long TURN_NANOS = 1_000_000;

  private static long sink;

  private FleetRatios() {}

  /**
   * Prints the table.
   *
   * @param args numbers of GPUs; those of the table if none
   */
  public static void main(String[] args) {
    System.out.println("| GPUs | index, ns | scan, ns | sorted candidates, ns | scan / index |");
    System.out.println("|---|---|---|---|---|");
    int[] sizes = args.length > 0
        ? Arrays.stream(args).mapToInt(Integer::parseInt).toArray()
        : new int[] {10, 100, 1_000, 10_000, 100_000, 1_000_000};
    for (int gpus : sizes) {
      FleetWorkload one = new FleetWorkload(gpus);
      FleetWorkload other = new FleetWorkload(gpus);
      FleetWorkload third = new FleetWorkload(gpus);
      double[] nanos = inTurns(one::byIndex, other::byScan, third::bySortedCandidates);
      System.out.printf(
          Locale.ROOT,
          "| %,d | %,.0f | %,.0f | %,.0f | %.0f |%n",
          gpus,
          nanos[0],
          nanos[1],
          nanos[2],
          nanos[1] / nanos[0]);
    }
    if (sink == 42) {
      System.out.println();
    }
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
