package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RollOutTest {

  @Test
  void run_endsWithEveryNodeVerified() {
    assertThat(RollOut.run()).hasToString("Rollout 'split-small': DONE, 4 of 4 nodes verified");
  }
}
