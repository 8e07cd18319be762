package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs {@link ChurnSimulation} with fixed seeds; its main method prints the differences with their
 * confidence.
 */
class ChurnSimulationTest {

  private static final long SEEDS = 4;

  @ParameterizedTest
  @ValueSource(strings = {"uniform", "skew-small", "skew-big", "bimodal"})
  void standard_acceptsMoreThanFirstFitAndBestFit(String mix) {
    for (double load : ChurnSimulation.LOADS) {
      double ours = mean(ChurnSimulation.OURS, ChurnSimulation.MIXES.get(mix), load);

      assertThat(ours)
          .isGreaterThan(mean("first-fit", ChurnSimulation.MIXES.get(mix), load))
          .isGreaterThan(mean("best-fit", ChurnSimulation.MIXES.get(mix), load));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"uniform", "skew-small", "skew-big", "bimodal"})
  void standard_withMeInTheDemand_acceptsMoreThanFirstFitAndBestFit(String mix) {
    for (double load : ChurnSimulation.LOADS) {
      double ours = mean(ChurnSimulation.OURS, ChurnSimulation.MIXES_WITH_ME.get(mix), load);

      assertThat(ours)
          .isGreaterThan(mean("first-fit", ChurnSimulation.MIXES_WITH_ME.get(mix), load))
          .isGreaterThan(mean("best-fit", ChurnSimulation.MIXES_WITH_ME.get(mix), load));
    }
  }

  private static double mean(String policy, double[] mix, double load) {
    return LongStream.range(0, SEEDS)
        .mapToDouble(seed -> ChurnSimulation.acceptance(policy, mix, load, seed))
        .average()
        .orElseThrow();
  }
}
