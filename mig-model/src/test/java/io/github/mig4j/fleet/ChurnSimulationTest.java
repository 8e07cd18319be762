package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
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
    assertStandardIsAbove(ChurnSimulation.MIXES.get(mix));
  }

  @ParameterizedTest
  @ValueSource(strings = {"uniform", "skew-small", "skew-big", "bimodal"})
  void standard_withMeInTheDemand_acceptsMoreThanFirstFitAndBestFit(String mix) {
    assertStandardIsAbove(ChurnSimulation.MIXES_WITH_ME.get(mix));
  }

  private static void assertStandardIsAbove(double[] mix) {
    Map<String, Competitors.Competitor> competitors = Competitors.against(mix);
    for (double load : ChurnSimulation.LOADS) {
      double ours = mean(competitors.get(Competitors.OURS), mix, load);

      assertThat(ours)
          .isGreaterThan(mean(competitors.get("first-fit"), mix, load))
          .isGreaterThan(mean(competitors.get("best-fit"), mix, load));
    }
  }

  private static double mean(Competitors.Competitor policy, double[] mix, double load) {
    return LongStream.range(0, SEEDS)
        .mapToDouble(seed -> ChurnSimulation.acceptance(policy, mix, load, seed))
        .average()
        .orElseThrow();
  }
}
