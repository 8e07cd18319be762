package io.github.mig4j.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large fleets and demands, measured in steps of the effort. */
class PlannerEffortTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final List<MigLayout> STATES = Layouts.of(B200).states().toList();

  /** Every GPU has a state of its own, or nearly so. */
  private static Planner randomLayouts(int gpus) {
    Random random = new Random(7);
    List<PlanNode> nodes = new ArrayList<>();
    for (int n = 0; n < gpus / 8; n++) {
      PlanNode node = PlanNode.named("node-" + n);
      for (int g = 0; g < 8; g++) {
        node = node.gpu(PlanGpu.of(STATES.get(random.nextInt(STATES.size()))));
      }
      nodes.add(node);
    }
    return Planner.of(nodes);
  }

  private static Demand mix(int gpus) {
    return Demand.of(
        DemandItem.of("7g.180gb", gpus / 50),
        DemandItem.of("3g.90gb", gpus / 20),
        DemandItem.of("1g.23gb", gpus / 10));
  }

  private static Demand priorities(int number) {
    String[] profiles = {"1g.23gb", "2g.45gb", "3g.90gb", "1g.45gb", "7g.180gb"};
    return new Demand(IntStream.range(0, number)
        .mapToObj(i -> DemandItem.of(profiles[i % 5], 1 + i % 3).priority(i))
        .toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 800, 1000})
  void defragment_randomLayouts_isProvenWithinTheDefaultEffort(int gpus) {
    Defragmentation answer = randomLayouts(gpus).defragment(mix(gpus));

    assertThat(answer.unmet()).isEmpty();
    assertThat(answer.isOptimal()).isTrue();
    assertThat(answer.isStopped()).isFalse();
  }

  @Test
  void plan_randomLayouts_takesFewSteps() {
    FleetPlan plan = randomLayouts(1000).effort(400).plan(mix(1000));

    assertThat(plan.isOptimal()).isTrue();
    assertThat(plan.isStopped()).isFalse();
  }

  @Test
  void plan_400Priorities_takesFewSteps() {
    FleetPlan plan = randomLayouts(400).effort(400).plan(priorities(400));

    assertThat(plan.unmet()).isEmpty();
    assertThat(plan.isOptimal()).isTrue();
  }

  @Test
  void plan_400PrioritiesOnTooFewGpus_meetsThemInOrder() {
    FleetPlan plan = Planner.of(PlanNode.named("n").gpus(B200, 100)).plan(priorities(400));

    assertThat(plan.isStopped()).isFalse();
    assertThat(plan.met().get(DemandItem.of("7g.180gb", 1).priority(399))).isEqualTo(1);
    assertThat(plan.met().get(DemandItem.of("1g.23gb", 1).priority(0))).isZero();
  }

  /** The search of 400 priorities among 100 GPUs is cut, and says so. */
  @Test
  void defragment_400Priorities_stops_andItsBoundsAreRight() {
    Defragmentation answer = randomLayouts(96).effort(2_000).defragment(priorities(400));

    int unmet = answer.unmet().stream().mapToInt(PlanShortfall::count).sum();
    assertThat(answer.isStopped()).isTrue();
    assertThat(answer.isOptimal()).isFalse();
    assertThat(answer.lowerBound()).isLessThanOrEqualTo(answer.moves().size());
    assertThat(answer.unmetLowerBound()).isLessThanOrEqualTo(unmet);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 100, 1000})
  void littleEffort_givesAnAnswer_withBoundsBelowTheBest(int steps) {
    Planner planner = randomLayouts(96);
    Defragmentation best = planner.defragment(mix(96));
    Defragmentation moves = planner.effort(steps).defragment(mix(96));
    FleetPlan bestPlan = planner.plan(mix(96));
    FleetPlan plan = planner.effort(steps).plan(mix(96));

    assertThat(best.isOptimal()).isTrue();
    assertThat(moves.isOptimal() || moves.isStopped()).isTrue();
    assertThat(moves.lowerBound()).isLessThanOrEqualTo(best.moves().size());
    assertThat(moves.unmetLowerBound()).isLessThanOrEqualTo(best.unmetLowerBound());
    assertThat(bestPlan.isOptimal()).isTrue();
    assertThat(plan.isOptimal() || plan.isStopped()).isTrue();
    assertThat(plan.lowerBound()).isLessThanOrEqualTo(bestPlan.gpus());
    assertThat(plan.unmetLowerBound()).isLessThanOrEqualTo(bestPlan.unmetCount());
  }

  @Test
  void stopped_isSaid() {
    FleetPlan plan = randomLayouts(96).effort(1).plan(priorities(400));

    assertThat(plan.isStopped()).isTrue();
    assertThat(plan).asString().contains("), stopped early");
  }
}
