package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.k8s.reconcile.DemandSimulation.OfReconciler;
import io.github.mig4j.k8s.reconcile.DemandSimulation.Result;
import io.github.mig4j.k8s.reconcile.DemandSimulation.Scheduler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Prints the tables of docs/benchmarks.md about pods whose sizes change over a day. */
public final class DemandDay {

  static final String OURS = "demand policy";
  static final double[] LOADS = {0.6, 0.8, 0.9};
  private static final int GPUS = 100;

  private DemandDay() {}

  /** Something that decides how the GPUs are cut. */
  interface Policy {
    Result play(DemandArrivals arrivals);
  }

  /** All policies, for nodes of some GPUs. */
  static Map<String, Policy> policies(int gpusPerNode, Scheduler scheduler) {
    int some = Math.max(1, GPUS / gpusPerNode / 10);
    Map<String, Policy> policies = new LinkedHashMap<>();
    policies.put(
        "static, balanced",
        arrivals -> DemandSimulation.play(arrivals, scheduler, DemandLayouts.balanced(arrivals)));
    policies.put(
        "static, best in hindsight",
        arrivals -> DemandSimulation.play(arrivals, scheduler, DemandLayouts.best(arrivals)));
    policies.put(
        "greedy",
        arrivals ->
            DemandSimulation.play(arrivals, gpusPerNode, scheduler, new DemandSimulation.Greedy()));
    policies.put(OURS, ours(gpusPerNode, scheduler, Duration.ofMinutes(10), some));
    policies.put(OURS + ", no cool-down", ours(gpusPerNode, scheduler, Duration.ZERO, some));
    return policies;
  }

  private static Policy ours(
      int gpusPerNode, Scheduler scheduler, Duration coolDown, int maxUnavailable) {
    return arrivals -> DemandSimulation.play(
        arrivals, gpusPerNode, scheduler, new OfReconciler(coolDown, maxUnavailable));
  }

  /**
   * Prints the tables.
   *
   * @param args the number of days, a quarter of which is played in the tables after the first
   */
  public static void main(String[] args) throws IOException {
    int days = Integer.parseInt(args[0]);
    print(days, 1, Scheduler.PACKS);
    print(Math.max(2, days / 4), 1, Scheduler.SPREADS);
    print(Math.max(2, days / 4), 4, Scheduler.PACKS);
    printTrace();
  }

  static void printTrace() throws IOException {
    String file = System.getProperty("mig4j.trace", "");
    if (Files.isRegularFile(Path.of(file))) {
      System.out.printf("%nThe trace, nodes of 1 GPU, the scheduler %s%n%n", Scheduler.PACKS);
      head();
      for (double load : LOADS) {
        DemandArrivals arrivals = DemandArrivals.trace(Path.of(file), load);
        print(
            "%s, %d GPUs".formatted(load, arrivals.gpus()),
            policies(1, Scheduler.PACKS),
            List.of(arrivals),
            result ->
                IntStream.range(0, arrivals.days()).mapToObj(result::ofDay).toList());
      }
    }
  }

  static void print(int days, int gpusPerNode, Scheduler scheduler) {
    System.out.printf(
        "%nNodes of %d GPUs, the scheduler %s, %d days%n%n", gpusPerNode, scheduler, days);
    head();
    for (double load : LOADS) {
      print(
          String.valueOf(load),
          policies(gpusPerNode, scheduler),
          IntStream.range(0, days)
              .mapToObj(day -> DemandArrivals.day(GPUS, load, day))
              .toList(),
          List::of);
    }
  }

  private static void head() {
    System.out.println("| load | policy | waiting, % | slices accepted, % | cuts per day "
        + "| ours waits less, points | ours accepts more, points | ours cuts fewer |");
    System.out.println("|---|---|---|---|---|---|---|---|");
  }

  private static void print(
      String load,
      Map<String, Policy> policies,
      List<DemandArrivals> all,
      Function<Result, List<Result>> days) {
    Map<String, List<Result>> results = new LinkedHashMap<>();
    policies.forEach((name, policy) -> {
      List<Result> byDay = new ArrayList<>();
      all.forEach(arrivals -> byDay.addAll(days.apply(policy.play(arrivals))));
      results.put(name, byDay);
    });
    List<Result> ours = results.get(OURS);
    results.forEach((name, result) -> System.out.printf(
        "| %s | %s | %s | %s | %s | %s |%n",
        load,
        name,
        estimate(result, Result::waiting).text("%.2f ± %.2f", 100),
        estimate(result, Result::acceptance).text("%.2f ± %.2f", 100),
        estimate(result, Result::cutsPerDay).text("%.0f ± %.0f", 1),
        name.equals(OURS)
            ? " |  | "
            : "%s | %s | %s"
                .formatted(
                    difference(result, ours, Result::waiting).text("%+.2f ± %.2f", 100),
                    difference(ours, result, Result::acceptance).text("%+.2f ± %.2f", 100),
                    difference(result, ours, Result::cutsPerDay).text("%+.0f ± %.0f", 1))));
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
      return new Estimate(
          mean,
          studentT(values.length - 1) * Math.sqrt(squares / (values.length - 1) / values.length));
    }

    /** The 97.5 % quantile of Student's t, by its expansion about the normal one. */
    private static double studentT(int degrees) {
      double z = 1.959964;
      return z
          + (z * z * z + z) / (4.0 * degrees)
          + (5 * Math.pow(z, 5) + 16 * z * z * z + 3 * z) / (96.0 * degrees * degrees);
    }

    String text(String format, double factor) {
      return String.format(Locale.ROOT, format, factor * mean, factor * half);
    }
  }

  static Estimate estimate(List<Result> results, ToDoubleFunction<Result> value) {
    return Estimate.of(results.stream().mapToDouble(value).toArray());
  }

  /** The difference for the same pods. */
  static Estimate difference(List<Result> one, List<Result> other, ToDoubleFunction<Result> value) {
    return Estimate.of(IntStream.range(0, one.size())
        .mapToDouble(i -> value.applyAsDouble(one.get(i)) - value.applyAsDouble(other.get(i)))
        .toArray());
  }
}
