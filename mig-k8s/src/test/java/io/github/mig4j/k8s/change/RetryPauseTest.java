package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.FailureRecord;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RetryPauseTest {

  @Test
  void left_failureAtTheEndOfTime_isThatOfAClockThatWasSetBack() {
    FailureRecord failure = new FailureRecord(
        ChangeKind.LAYOUT,
        "small",
        false,
        null,
        Instant.MAX.toString(),
        1,
        "IN_USE",
        "",
        "",
        true,
        "");

    assertThat(RetryPause.left(failure, Instant.EPOCH)).contains(Duration.ZERO);
  }
}
