package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Requests for instances on some H100 in the order of their times, recorded so that every policy and
 * the bound get the same ones.
 *
 * @param gpus the number of GPUs
 * @param warm requests before this time do not count for the acceptance
 * @param end no request arrives later
 * @param all the requests by ascending time
 */
record Arrivals(int gpus, double warm, double end, List<Arrival> all) {

  static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");

  static final List<MigProfile> PROFILES =
      List.of("7g.80gb", "4g.40gb", "3g.40gb", "2g.20gb", "1g.20gb", "1g.10gb", "1g.10gb+me")
          .stream()
          .map(MigProfile::parse)
          .toList();

  /** The memory slices of a GPU, and of each profile. */
  static final int SLICES_OF_GPU = 8;

  static final int[] SLICES = {8, 4, 4, 2, 2, 1, 1};

  private static final double MAX_LIFETIME = 2000;

  /** The first requests of the trace are months apart, and the fleet would be empty. */
  private static final double TRACE_BEGIN = 9_900_000;

  private static final double DAY = 86_400;

  /** A request: when it begins and ends, and the number of its profile. */
  record Arrival(double time, double departure, int profile) {
    int slices() {
      return SLICES[profile];
    }
  }

  /**
   * Poisson arrivals over 6,000 time units, of which the first 2,000 are warm-up. The lifetime is
   * uniform between 0 and 2,000.
   *
   * @param load the mean number of requested memory slices at a time, relative to the fleet
   */
  static Arrivals poisson(int gpus, double[] mix, double load, long seed) {
    double meanSlices = 0;
    for (int i = 0; i < mix.length; i++) {
      meanSlices += mix[i] * SLICES[i];
    }
    double rate = load * SLICES_OF_GPU * gpus / (MAX_LIFETIME / 2 * meanSlices);
    SplittableRandom random = new SplittableRandom(seed);
    List<Arrival> arrivals = new ArrayList<>();
    double end = 6000;
    double time = 0;
    while (true) {
      time -= Math.log(1 - random.nextDouble()) / rate;
      if (time >= end) {
        return new Arrivals(gpus, 2000, end, arrivals);
      }
      double drawn = random.nextDouble();
      int profile = 0;
      while (profile < mix.length - 1 && drawn >= mix[profile]) {
        drawn -= mix[profile++];
      }
      arrivals.add(new Arrival(time, time + MAX_LIFETIME * random.nextDouble(), profile));
    }
  }

  /**
   * The tasks of a trace in the columns {@code created_s,deleted_s,gpus,gpu_milli}, the first row
   * being their names. A task of several GPUs is that many requests for whole ones. The fleet has as
   * many GPUs as make the load. The first day is warm-up.
   *
   * @param load the mean number of requested memory slices at a time, relative to the fleet
   */
  static Arrivals trace(Path csv, double load) throws IOException {
    List<Arrival> arrivals = new ArrayList<>();
    double sliceSeconds = 0;
    double end = 0;
    int quarters = 0;
    for (String row : Files.readAllLines(csv).stream().skip(1).toList()) {
      String[] columns = row.split(",");
      double created = Double.parseDouble(columns[0]);
      double deleted = Double.parseDouble(columns[1]);
      int gpus = Integer.parseInt(columns[2]);
      int thousandths = Integer.parseInt(columns[3]);
      if (deleted <= TRACE_BEGIN) {
        continue;
      }
      int profile = profileOf(gpus, thousandths, quarters);
      quarters += profile == 3 || profile == 4 ? 1 : 0;
      for (int i = 0; i < gpus; i++) {
        Arrival arrival = new Arrival(Math.max(created, TRACE_BEGIN), deleted, profile);
        arrivals.add(arrival);
        end = Math.max(end, arrival.time);
      }
    }
    for (Arrival arrival : arrivals) {
      sliceSeconds += (Math.min(end, arrival.departure) - arrival.time) * arrival.slices();
    }
    double mean = sliceSeconds / (end - TRACE_BEGIN);
    int gpus = (int) Math.round(mean / (load * SLICES_OF_GPU));
    return new Arrivals(gpus, TRACE_BEGIN + DAY, end, arrivals);
  }

  /** Of the tasks for a quarter of a GPU, every other gets the 1g with double memory. */
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

  long requestedSlices() {
    return all.stream().mapToLong(Arrival::slices).sum();
  }

  /** The day after the warm-up, from 0; negative before. */
  int day(Arrival arrival) {
    return (int) Math.floor((arrival.time - warm) / DAY);
  }

  /** The number of whole days after the warm-up. */
  int days() {
    return (int) Math.floor((end - warm) / DAY);
  }
}
