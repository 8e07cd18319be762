package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.ToLongFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of one table of docs/benchmarks.md answer the same questions, and the same. */
class FleetWorkloadTest {

  @ParameterizedTest
  @ValueSource(ints = {8, 100, 1_000})
  void scans_chooseWhatTheIndexChooses(int gpus) {
    requireEqual(gpus, FleetWorkload::byIndex, FleetWorkload::byScan);
    requireEqual(gpus, FleetWorkload::byIndex, FleetWorkload::bySortedCandidates);
    requireEqual(gpus, FleetWorkload::chooseOnOneNode, FleetWorkload::chooseOnOneNodeByScan);
    requireEqual(gpus, FleetWorkload::chooseAmongHalf, FleetWorkload::chooseAmongHalfByScan);
  }

  @ParameterizedTest
  @EnumSource
  void scans_ofSeveralModels_chooseWhatTheIndexChooses(ModelsWorkload.Models models) {
    ModelsWorkload one = new ModelsWorkload(models, 4_000);
    ModelsWorkload other = new ModelsWorkload(models, 4_000);
    for (int i = 0; i < 500; i++) {
      assertThat(one.byIndex()).isEqualTo(other.byScan());
    }
  }

  private static void requireEqual(
      int gpus, ToLongFunction<FleetWorkload> index, ToLongFunction<FleetWorkload> peer) {
    FleetWorkload one = new FleetWorkload(gpus);
    FleetWorkload other = new FleetWorkload(gpus);
    for (int i = 0; i < 500; i++) {
      assertThat(index.applyAsLong(one)).isEqualTo(peer.applyAsLong(other));
    }
  }
}
