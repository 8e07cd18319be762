package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.mig4j.fleet.Arrivals.Arrival;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {

  @Test
  void trace_mapsThousandthsToProfiles_andTasksOfSeveralGpusToWholeOnes(@TempDir Path directory)
      throws IOException {
    Path csv = Files.writeString(directory.resolve("trace.csv"), """
        created_s,deleted_s,gpus,gpu_milli
        0,9000000,1,1000
        100,10000000,1,125
        9900000,10000000,1,250
        9900000,10000000,1,130
        9910000,10000000,1,460
        9920000,10000000,1,570
        9930000,10000000,1,571
        9940000,10000000,2,1000
        """);

    Arrivals arrivals = Arrivals.trace(csv, 1);

    assertThat(arrivals.all().stream().map(Arrival::profile))
        .containsExactly(5, 3, 4, 2, 1, 0, 0, 0);
    assertThat(arrivals.all().get(0).time()).isEqualTo(9_900_000);
    // (1 + 2 + 2 slices) * 40,000 s + 4 * 30,000 s + 4 * 20,000 s + 8 * 10,000 s, over 40,000 s
    assertThat(arrivals.gpus()).isEqualTo(Math.round((200 + 120 + 80 + 80) / 40.0 / 8));
  }

  @Test
  void replay_countsWhatIsAcceptedAndFree() {
    Arrivals arrivals = new Arrivals(
        1, 0, 100, List.of(new Arrival(0, 10, 1), new Arrival(5, 9, 0), new Arrival(10, 20, 0)));

    Replay replay = Competitors.of(PlacementPolicy.standard()).replay(arrivals);

    assertThat(replay.acceptedOfAll()).isEqualTo(4 + 8);
    assertThat(replay.acceptance()).isEqualTo(12 / 20.0, within(1e-9));
    assertThat(replay.unallocatedSlices()).isEqualTo(4, within(1e-9));
  }

  /** Two half GPUs are free, and a 7g fits after one move. */
  @Test
  void moves_makeRoom_withinTheBudget() {
    Arrivals arrivals = new Arrivals(
        2,
        0,
        100,
        List.of(
            new Arrival(0, 1, 1),
            new Arrival(0, 50, 2),
            new Arrival(0, 1, 1),
            new Arrival(0, 50, 2),
            new Arrival(5, 50, 0)));

    assertThat(MovesCurve.replay(arrivals, 0).acceptedOfAll()).isEqualTo(16);
    assertThat(MovesCurve.replay(arrivals, 1000).acceptedOfAll()).isEqualTo(24);
    assertThat(HindsightBound.slices(arrivals)).isEqualTo(24);
  }

  /** With moves at most as many as allowed, and never above the bound. */
  @Test
  void moves_ofARandomWindow_acceptMore() {
    Arrivals arrivals = Arrivals.poisson(10, ChurnSimulation.MIXES_WITH_ME.get("uniform"), 1, 3);

    long still = MovesCurve.replay(arrivals, 0).acceptedOfAll();
    long moved = MovesCurve.replay(arrivals, Double.POSITIVE_INFINITY).acceptedOfAll();

    assertThat(moved).isGreaterThan(still).isLessThanOrEqualTo(HindsightBound.slices(arrivals));
  }
}
