package io.github.mig4j.k8s.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationTextTest {

  @ParameterizedTest
  @CsvSource({
    "PT0S,          0 s",
    "PT0.0000005S,  500 ns",
    "PT0.001S,      1 ms",
    "PT0.2S,        200 ms",
    "PT0.9999S,     999 ms",
    "PT1S,          1 s",
    "PT1.5S,        1.5 s",
    "PT10S,         10 s",
    "PT59.96S,      59.9 s",
    "PT1M,          1 min",
    "PT1M30.9S,     1 min 30 s",
    "PT45M,         45 min",
    "PT1H,          1 h",
    "PT1H30M59S,    1 h 30 min",
    "PT24H,         1 d",
    "PT87600H30M,   3650 d",
    "PT25H,         1 d 1 h",
    "PT-45M,        -45 min"
  })
  void of_printsTheTwoLargestUnits(Duration duration, String text) {
    assertThat(DurationText.of(duration)).isEqualTo(text);
  }
}
