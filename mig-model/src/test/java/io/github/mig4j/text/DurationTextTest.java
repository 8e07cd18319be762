package io.github.mig4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DurationTextTest {

  @ParameterizedTest
  @CsvSource({
    "PT0S, 0 s",
    "PT0.3S, 0.3 s",
    "PT1.5S, 1.5 s",
    "PT0.0004S, 0 s",
    "PT10S, 10 s",
    "PT5M, 5 min",
    "PT1M30S, 1 min 30 s",
    "PT45M, 45 min",
    "PT90M, 1 h 30 min",
    "PT24H, 24 h",
    "PT1H0.25S, 1 h 0.25 s",
    "PT-5S, -5 s"
  })
  void of_isReadAloud(Duration duration, String text) {
    assertThat(DurationText.of(duration)).isEqualTo(text);
  }
}
