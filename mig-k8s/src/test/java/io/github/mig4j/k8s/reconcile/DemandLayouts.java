package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.k8s.reconcile.DemandArrivals.Arrival;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.ToDoubleFunction;

/** Layouts that stay for the whole day. */
final class DemandLayouts {

  private static final List<MigLayout> FULL = DemandArrivals.PROFILES.stream()
      .map(profile -> {
        int count = 1;
        while (MigLayout.place(Nodes.B200, Map.of(profile, count + 1))
            instanceof PlacementResult.Placed) {
          count++;
        }
        return MigLayout.on(Nodes.B200).add(profile, count).build();
      })
      .toList();

  /** Every full layout of the profiles, by their devices. */
  private static final List<MigLayout> MAXIMAL = Layouts.of(Nodes.B200)
      .over("7g.180gb", "4g.90gb", "3g.90gb", "2g.45gb", "1g.45gb", "1g.23gb")
      .maximalMultisets()
      .map(devices -> MigLayout.place(Nodes.B200, devices).orElseThrow())
      .toList();

  private DemandLayouts() {}

  /** As many devices of one profile as fit on a GPU. */
  static MigLayout full(int profile) {
    return FULL.get(profile);
  }

  /** The devices of each profile are as near as possible to the mean numbers that are asked for. */
  static List<MigLayout> balanced(DemandArrivals arrivals) {
    double[] offered = arrivals.offered();
    return search(arrivals.gpus(), counts -> {
      double least = 0;
      for (int i = 0; i < counts.length; i++) {
        double missing = Math.max(0, 1 - counts[i] / offered[i]);
        least += missing * missing * offered[i] * DemandArrivals.SLICES[i]
            - 1e-3 * Math.sqrt(counts[i] * offered[i]) * DemandArrivals.SLICES[i];
      }
      return least;
    });
  }

  /** The layouts with the least waiting, for someone who knows all pods; found by local search. */
  static List<MigLayout> best(DemandArrivals arrivals) {
    List<double[]> waited = new ArrayList<>();
    for (int i = 0; i < DemandArrivals.SLICES.length; i++) {
      int profile = i;
      int most = arrivals.gpus() * full(i).placements().size();
      List<Arrival> pods =
          arrivals.all().stream().filter(pod -> pod.profile() == profile).toList();
      double[] byCount = new double[most + 1];
      for (int count = 0; count <= most; count++) {
        byCount[count] = count > 0 && byCount[count - 1] == 0 ? 0 : waited(arrivals, pods, count);
      }
      waited.add(byCount);
    }
    return search(arrivals.gpus(), counts -> {
      double sum = 0;
      for (int i = 0; i < counts.length; i++) {
        sum += waited.get(i)[counts[i]];
      }
      return sum;
    });
  }

  /** The slice-seconds that pods of one profile wait for a number of devices. */
  static double waited(DemandArrivals arrivals, List<Arrival> pods, int devices) {
    PriorityQueue<Double> freeAt =
        new PriorityQueue<>(Collections.nCopies(Math.max(1, devices), 0.0));
    double sum = 0;
    for (Arrival pod : pods) {
      double start =
          devices == 0 ? Double.POSITIVE_INFINITY : Math.max(pod.time(), freeAt.element());
      double waits = Math.min(DemandSimulation.PATIENCE, start - pod.time());
      if (start - pod.time() < DemandSimulation.PATIENCE) {
        freeAt.remove();
        freeAt.add(start + pod.lifetime());
      }
      sum += arrivals.day(pod.time()) < 0 ? 0 : waits * pod.slices();
    }
    return sum;
  }

  /** Replaces the layout of some GPUs by another one as long as that is better. */
  private static List<MigLayout> search(int gpus, ToDoubleFunction<int[]> cost) {
    int[][] devices = MAXIMAL.stream().map(DemandLayouts::counts).toArray(int[][]::new);
    int[] best = new int[devices.length];
    double least = Double.POSITIVE_INFINITY;
    for (int first = 0; first < devices.length; first++) {
      int[] each = new int[devices.length];
      each[first] = gpus;
      double found = improve(each, devices, cost);
      if (found < least) {
        least = found;
        best = each;
      }
    }
    List<MigLayout> layouts = new ArrayList<>();
    for (int i = 0; i < best.length; i++) {
      layouts.addAll(Collections.nCopies(best[i], MAXIMAL.get(i)));
    }
    return layouts;
  }

  private static double improve(int[] number, int[][] devices, ToDoubleFunction<int[]> cost) {
    int[] counts = new int[DemandArrivals.SLICES.length];
    for (int i = 0; i < number.length; i++) {
      move(counts, devices[i], number[i]);
    }
    double least = cost.applyAsDouble(counts);
    for (int step = 16; step >= 1; step /= 2) {
      boolean isBetter = true;
      while (isBetter) {
        isBetter = false;
        for (int from = 0; from < number.length; from++) {
          for (int to = 0; to < number.length; to++) {
            if (from == to || number[from] < step) {
              continue;
            }
            move(counts, devices[from], -step);
            move(counts, devices[to], step);
            double now = cost.applyAsDouble(counts);
            if (now < least - 1e-9) {
              least = now;
              number[from] -= step;
              number[to] += step;
              isBetter = true;
            } else {
              move(counts, devices[from], step);
              move(counts, devices[to], -step);
            }
          }
        }
      }
    }
    return least;
  }

  private static void move(int[] counts, int[] devices, int gpus) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += gpus * devices[i];
    }
  }

  private static int[] counts(MigLayout layout) {
    int[] counts = new int[DemandArrivals.SLICES.length];
    layout
        .devices()
        .forEach((profile, count) -> counts[DemandArrivals.PROFILES.indexOf(profile)] = count);
    return counts;
  }
}
