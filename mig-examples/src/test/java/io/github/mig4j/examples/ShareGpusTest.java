package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class ShareGpusTest {

  @Test
  void main_sharesBothNodesByFour_andTakesItBack() {
    assertThat(Console.outputOf(() -> ShareGpus.main(new String[0])).lines())
        .containsSubsequence(
            "2. l40s has no MIG",
            "   for 4 tenants of 5 GiB: time-slicing",
            "   l40s-node offers {nvidia.com/gpu=4}",
            "   l40s-node offers {nvidia.com/gpu=1}",
            "2. l4 has no MIG",
            "   l4-node offers {nvidia.com/gpu=4}",
            "   l4-node offers {nvidia.com/gpu=1}");
  }
}
