package io.github.mig4j.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.Budget;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link MigLayout#place} against {@link RawGeometry}, for every request there is. */
class PlacementCompletenessTest {

  @Test
  void everyModelWithPlacements_isCovered() {
    assertThat(RawGeometry.all()).hasSize(20);
  }

  /** All counts up to the maximum of each profile; no sampling. */
  @ParameterizedTest
  @MethodSource("io.github.mig4j.layout.RawGeometry#allModels")
  void place_findsALayout_exactlyIfOneExists(RawGeometry raw) {
    int placed = 0;
    List<Integer> count = new ArrayList<>(Collections.nCopies(raw.names.size(), 0));
    do {
      var request = raw.request(count);
      var result = MigLayout.place(raw.gpu, request);

      if (result instanceof PlacementResult.Placed != raw.counts.contains(count)) {
        throw new AssertionError("%s %s: %s".formatted(raw, request, result));
      }
      if (result instanceof PlacementResult.Placed found) {
        placed++;
        assertThat(found.layout().devices()).isEqualTo(request);
        var state = new java.util.TreeMap<Integer, String>();
        found
            .layout()
            .placements()
            .forEach(p -> state.put(p.start(), p.profile().toString()));
        assertThat(raw.states.contains(state)).isTrue();
        assertThat(state).hasSameSizeAs(found.layout().placements());
      }
    } while (advance(raw, count));

    assertThat(placed).isEqualTo(raw.counts.size());
  }

  /** One profile just above its maximum, beside everything that fits without it. */
  @ParameterizedTest
  @MethodSource("io.github.mig4j.layout.RawGeometry#allModels")
  void place_oneMoreThanTheMaximum_isRejectedForThat(RawGeometry raw) {
    for (List<Integer> legal : raw.counts) {
      for (int i = 0; i < legal.size(); i++) {
        List<Integer> above = new ArrayList<>(legal);
        above.set(i, raw.max(i) + 1);
        var tooMany = new Violation.TooManyInstances(
            raw.gpu, raw.gpu.profiles().get(i).profile(), raw.max(i) + 1, raw.max(i));

        var result = MigLayout.place(raw.gpu, raw.request(above));

        assertThat(((PlacementResult.Rejected) result).violations()).contains(tooMany);
      }
    }
  }

  /** Every state, asked for start by start, is accepted as it is. */
  @ParameterizedTest
  @MethodSource("io.github.mig4j.layout.RawGeometry#allModels")
  void place_everyStateByItsStarts_isThatState(RawGeometry raw) {
    for (var state : raw.states) {
      var builder = MigLayout.on(raw.gpu);
      state.forEach((start, name) -> builder.addAt(name, start));

      var layout = builder.build();

      assertThat(layout.placements())
          .extracting(p -> p.start() + p.profile().toString())
          .containsExactlyElementsOf(
              state.entrySet().stream().map(e -> e.getKey() + e.getValue()).toList());
    }
  }

  /** What binds is memory slices, maxima and engines; the sum of compute slices follows. */
  @ParameterizedTest
  @MethodSource("io.github.mig4j.layout.RawGeometry#allModels")
  void computeSlices_neverExceedTheBudget_inAnyStateThatIsLegalWithoutIt(RawGeometry raw) {
    int capacity = raw.gpu.capacity(Budget.COMPUTE_SLICES).getAsInt();
    for (List<Integer> legal : raw.counts) {
      int sum = 0;
      for (int i = 0; i < legal.size(); i++) {
        sum += legal.get(i) * raw.gpu.profiles().get(i).profile().gpuSlices();
      }
      assertThat(sum).as("%s", legal).isLessThanOrEqualTo(capacity);
    }
  }

  private static boolean advance(RawGeometry raw, List<Integer> count) {
    for (int i = 0; i < count.size(); i++) {
      if (count.get(i) < raw.max(i)) {
        count.set(i, count.get(i) + 1);
        return true;
      }
      count.set(i, 0);
    }
    return false;
  }
}
