package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class PlanFleetTest {

  @Test
  void main_printsPlan_boundAndMoves() {
    assertThat(Console.outputOf(() -> PlanFleet.main(new String[0])).lines())
        .contains(
            "Plan for node-a: cut again [1]",
            "GPU 1, a100-40gb: 3g.20gb x2",
            "3 GPUs are cut again, at least 3 (gap 0); 0 unmet, at least 0",
            "  node-c/1 2g.10gb@2:2 -> node-c/0 2g.10gb@2:2",
            "  then node-c/1 7g.40gb@0:8");
  }
}
