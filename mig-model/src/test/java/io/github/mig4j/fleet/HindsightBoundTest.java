package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.fleet.Arrivals.Arrival;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HindsightBoundTest {

  private static final int INSTANCES = 300;

  @Test
  void slices_ofARequestThatEndsLast_areDroppedInPart() {
    Arrivals arrivals =
        arrivals(1, new Arrival(0, 9, 0), new Arrival(1, 2, 1), new Arrival(2, 3, 3));

    // Of the 7g, four slices make room for the 4g, and later for the 2g.
    assertThat(HindsightBound.slices(arrivals)).isEqualTo(4 + 4 + 2);
  }

  @Test
  void slices_ofRequestsInARow_areAllAccepted() {
    Arrivals arrivals =
        arrivals(1, new Arrival(0, 1, 0), new Arrival(1, 2, 0), new Arrival(2, 3, 0));

    assertThat(HindsightBound.slices(arrivals)).isEqualTo(24);
  }

  /** The relaxation is solved exactly: no other choice of single slices has more of them. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void slices_ofFewRequests_areTheMostOfAllChoices(int gpus) {
    for (int seed = 0; seed < INSTANCES; seed++) {
      Arrivals arrivals = random(gpus, 3 + 2 * gpus, seed);

      assertThat(HindsightBound.slices(arrivals))
          .as("seed %d: %s", seed, arrivals)
          .isEqualTo(mostSlices(arrivals, new int[arrivals.all().size()], 0));
    }
  }

  /** No schedule of whole instances at legal placements has more, and the best is close. */
  @Test
  void slices_areAtLeastTheBestSchedule_andCloseToIt() {
    long bounds = 0;
    long optima = 0;
    int equal = 0;
    for (int seed = 0; seed < INSTANCES; seed++) {
      Arrivals arrivals = random(1, 7, seed);
      long bound = HindsightBound.slices(arrivals);
      long optimum = new Schedules(arrivals).best();

      assertThat(optimum).as("seed %d: %s", seed, arrivals).isLessThanOrEqualTo(bound);
      bounds += bound;
      optima += optimum;
      equal += optimum == bound ? 1 : 0;
    }

    assertThat((double) optima / bounds).isBetween(0.95, 1.0);
    assertThat(equal).isGreaterThan(INSTANCES / 2);
  }

  /** No policy is above the bound, at any load. */
  @Test
  void slices_areAboveEveryPolicy() {
    double[] mix = ChurnSimulation.MIXES_WITH_ME.get("uniform");
    Competitors.against(mix).forEach((name, policy) -> {
      for (double load : ChurnSimulation.LOADS) {
        Arrivals arrivals = Arrivals.poisson(20, mix, load, 1);

        assertThat(policy.replay(arrivals).acceptedOfAll())
            .as(name)
            .isLessThanOrEqualTo(HindsightBound.slices(arrivals));
      }
    });
  }

  private static Arrivals arrivals(int gpus, Arrival... all) {
    return new Arrivals(gpus, 0, 100, List.of(all));
  }

  /** Some requests that overlap much. */
  private static Arrivals random(int gpus, int requests, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Arrival> all = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      double time = random.nextInt(10);
      all.add(new Arrival(time, time + 1 + random.nextInt(8), random.nextInt(7)));
    }
    all.sort(Comparator.comparingDouble(Arrival::time));
    return new Arrivals(gpus, 0, 100, all);
  }

  /** Tries every number of slices of every request. */
  private static int mostSlices(Arrivals arrivals, int[] chosen, int next) {
    if (next == chosen.length) {
      return Arrays.stream(chosen).sum();
    }
    int most = 0;
    for (int slices = 0; slices <= arrivals.all().get(next).slices(); slices++) {
      chosen[next] = slices;
      if (slicesAt(arrivals, chosen, next) <= 8 * arrivals.gpus()) {
        most = Math.max(most, mostSlices(arrivals, chosen, next + 1));
      }
    }
    chosen[next] = 0;
    return most;
  }

  /** The chosen slices that run when a request begins. */
  private static int slicesAt(Arrivals arrivals, int[] chosen, int request) {
    double time = arrivals.all().get(request).time();
    int slices = 0;
    for (int i = 0; i <= request; i++) {
      slices += arrivals.all().get(i).departure() > time ? chosen[i] : 0;
    }
    return slices;
  }

  /** Tries every acceptance and every placement on one GPU. */
  private static final class Schedules {

    private final List<Arrival> requests;
    private final int[] end;
    private final List<Placement> running = new ArrayList<>();
    private final List<Double> ends = new ArrayList<>();

    Schedules(Arrivals arrivals) {
      requests = arrivals.all();
      end = new int[requests.size() + 1];
      for (int i = requests.size() - 1; i >= 0; i--) {
        end[i] = end[i + 1] + requests.get(i).slices();
      }
    }

    long best() {
      return best(0, GpuStates.of(Arrivals.H100).all().get(0));
    }

    private long best(int next, GpuState before) {
      if (next == requests.size()) {
        return 0;
      }
      Arrival request = requests.get(next);
      GpuState state = before;
      List<Placement> stopped = new ArrayList<>();
      List<Double> stoppedEnds = new ArrayList<>();
      for (int i = running.size() - 1; i >= 0; i--) {
        if (ends.get(i) <= request.time()) {
          state = state.free(running.get(i));
          stopped.add(running.remove(i));
          stoppedEnds.add(ends.remove(i));
        }
      }
      long most = best(next + 1, state);
      for (Placement placement : state.freePlacements()) {
        if (most == end[next]) {
          break;
        }
        if (placement.profile().equals(Arrivals.PROFILES.get(request.profile()))) {
          running.add(placement);
          ends.add(request.departure());
          most = Math.max(most, request.slices() + best(next + 1, state.place(placement)));
          int added = running.lastIndexOf(placement);
          running.remove(added);
          ends.remove(added);
        }
      }
      running.addAll(stopped);
      ends.addAll(stoppedEnds);
      return most;
    }
  }
}
