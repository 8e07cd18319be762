package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.gpu.MigProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Pods that ask for one MIG device each, recorded so that every policy gets the same ones. Times are
 * in seconds.
 *
 * @param gpus the number of GPUs, all B200
 * @param warm pods before this time do not count
 * @param end no pod is created later
 * @param all the pods by ascending time
 */
record DemandArrivals(int gpus, double warm, double end, List<Arrival> all) {

  static final double DAY = 86_400;

  static final List<MigProfile> PROFILES =
      List.of("7g.180gb", "4g.90gb", "3g.90gb", "2g.45gb", "1g.45gb", "1g.23gb").stream()
          .map(MigProfile::parse)
          .toList();

  /** The memory slices of each profile, of the 8 of a GPU. */
  static final int[] SLICES = {8, 4, 4, 2, 2, 1};

  /** The mixes of the churn benchmark: big ones at midnight, small ones at noon. */
  private static final double[] NIGHT = {.30, .25, .20, .10, .10, .05};

  private static final double[] NOON = {.05, .10, .10, .20, .25, .30};

  private static final double MAX_LIFETIME = 7_200;

  /** The first requests of the trace are months apart. */
  private static final double TRACE_BEGIN = 9_900_000;

  /**
   * A pod.
   *
   * @param time when it is created
   * @param lifetime how long it runs
   * @param profile the number of its profile
   */
  record Arrival(double time, double lifetime, int profile) {
    int slices() {
      return SLICES[profile];
    }
  }

  /**
   * Thirty hours from 18:00, of which the first six are warm-up. The arrivals are Poisson, and the
   * lifetimes uniform up to two hours.
   *
   * @param load the mean number of requested memory slices at a time, relative to the fleet
   */
  static DemandArrivals day(int gpus, double load, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Arrival> arrivals = new ArrayList<>();
    double warm = DAY / 4;
    double end = warm + DAY;
    double time = 0;
    while (true) {
      double[] mix = mix((time - warm) / DAY);
      double meanSlices = 0;
      for (int i = 0; i < mix.length; i++) {
        meanSlices += mix[i] * SLICES[i];
      }
      double rate = load * 8 * gpus / (MAX_LIFETIME / 2 * meanSlices);
      time -= Math.log(1 - random.nextDouble()) / rate;
      if (time >= end) {
        return new DemandArrivals(gpus, warm, end, arrivals);
      }
      double drawn = random.nextDouble();
      int profile = 0;
      while (profile < mix.length - 1 && drawn >= mix[profile]) {
        drawn -= mix[profile++];
      }
      arrivals.add(new Arrival(time, MAX_LIFETIME * random.nextDouble(), profile));
    }
  }

  private static double[] mix(double day) {
    double noon = (1 - Math.cos(2 * Math.PI * day)) / 2;
    double[] mix = new double[NIGHT.length];
    for (int i = 0; i < mix.length; i++) {
      mix[i] = noon * NOON[i] + (1 - noon) * NIGHT[i];
    }
    return mix;
  }

  /**
   * The tasks of a trace in the columns {@code created_s,deleted_s,gpus,gpu_milli}, the first row
   * being their names, as the benchmark of the placement engine reads them: a task of several GPUs is
   * that many pods for whole ones, and the first day is warm-up.
   */
  static DemandArrivals trace(Path csv, double load) throws IOException {
    List<Arrival> arrivals = new ArrayList<>();
    int quarters = 0;
    for (String row : Files.readAllLines(csv).stream().skip(1).toList()) {
      String[] columns = row.split(",");
      double created = Math.max(Double.parseDouble(columns[0]), TRACE_BEGIN);
      double deleted = Double.parseDouble(columns[1]);
      int gpus = Integer.parseInt(columns[2]);
      int thousandths = Integer.parseInt(columns[3]);
      if (deleted <= TRACE_BEGIN) {
        continue;
      }
      int profile = profileOf(gpus, thousandths, quarters);
      quarters += profile == 3 || profile == 4 ? 1 : 0;
      for (int i = 0; i < gpus; i++) {
        arrivals.add(new Arrival(created - TRACE_BEGIN, deleted - created, profile));
      }
    }
    arrivals.sort(Comparator.comparingDouble(Arrival::time));
    double end = arrivals.get(arrivals.size() - 1).time;
    double sliceSeconds = arrivals.stream()
        .mapToDouble(each -> Math.min(end - each.time, each.lifetime) * each.slices())
        .sum();
    return new DemandArrivals(
        (int) Math.round(sliceSeconds / end / (load * 8)), DAY, end, arrivals);
  }

  private static int profileOf(int gpus, int thousandths, int quarters) {
    if (gpus > 1 || thousandths > 570) {
      return 0;
    }
    if (thousandths > 500) {
      return 1;
    }
    if (thousandths > 250) {
      return 2;
    }
    return thousandths > 125 ? 3 + quarters % 2 : 5;
  }

  /** The number of days after the warm-up, a part of one at the end included. */
  int days() {
    return (int) Math.ceil((end - warm) / DAY);
  }

  /** The day after the warm-up, from 0; -1 before it. */
  int day(double time) {
    return time < warm ? -1 : Math.min(days() - 1, (int) ((time - warm) / DAY));
  }

  /** The mean number of devices of each profile that are asked for at a time. */
  double[] offered() {
    double[] offered = new double[SLICES.length];
    all.forEach(each -> offered[each.profile] += each.lifetime / end);
    return offered;
  }
}
