package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
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

  /** With so few seeds, equally good policies differ by a third of a point. */
  private static final double DIFFERENCE = 0.0034;

  @ParameterizedTest
  @ValueSource(strings = {"uniform", "skew-small", "skew-big", "bimodal"})
  void standard_acceptsAtLeastAsMuchAsEveryOther(String mix) {
    assertStandardIsAbove(ChurnSimulation.MIXES.get(mix));
  }

  @ParameterizedTest
  @ValueSource(strings = {"uniform", "skew-small", "skew-big", "bimodal"})
  void standard_withMeInTheDemand_acceptsAtLeastAsMuchAsEveryOther(String mix) {
    assertStandardIsAbove(ChurnSimulation.MIXES_WITH_ME.get(mix));
  }

  private static void assertStandardIsAbove(double[] mix) {
    Map<String, Competitors.Competitor> competitors = Competitors.against(mix);
    Map<String, Double> total = new HashMap<>();
    for (double load : ChurnSimulation.LOADS) {
      Map<String, Double> means = new HashMap<>();
      competitors.forEach((name, policy) -> means.put(name, mean(policy, mix, load)));
      means.forEach((name, mean) -> total.merge(name, mean, Double::sum));

      assertThat(means.get(Competitors.OURS))
          .isGreaterThan(means.get("first-fit"))
          .isGreaterThan(means.get("best-fit"));
    }
    double ours = total.remove(Competitors.OURS);
    assertThat(total)
        .allSatisfy((name, other) -> assertThat(other).isLessThan(ours + 3 * DIFFERENCE));
  }

  private static double mean(Competitors.Competitor policy, double[] mix, double load) {
    return LongStream.range(0, SEEDS)
        .mapToDouble(seed -> ChurnSimulation.acceptance(policy, mix, load, seed))
        .average()
        .orElseThrow();
  }
}
