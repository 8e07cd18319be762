package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ShareGpusTest {

  @Test
  void main_sharesBothNodesByFour_andTakesItBack() {
    PrintStream console = System.out;
    var captured = new ByteArrayOutputStream();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      ShareGpus.main(new String[0]);
    } finally {
      System.setOut(console);
    }

    assertThat(captured.toString(StandardCharsets.UTF_8).lines())
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
