package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DriverVersionTest {

  @ParameterizedTest
  @CsvSource({
    "580.159.04, 580.159.04",
    "525.85, 525.85",
    "580.82.07-ubuntu22.04, 580.82.07",
    "570, 570.00",
    "575.51.03, 575.51.03"
  })
  void parse_readsLabelsAndTags(String text, String version) {
    assertThat(DriverVersion.parse(text)).map(DriverVersion::toString).contains(version);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "default", "latest", "580.", "58000.1", "sha256:ab", "580.1.2.3"})
  void parse_ofAnotherText_isEmpty(String text) {
    assertThat(DriverVersion.parse(text)).isEmpty();
  }

  @Test
  void compareTo_isByNumber() {
    assertThat(version("550.90.07"))
        .isGreaterThan(version("550.90"))
        .isLessThan(version("550.127.05"));
    assertThat(version("535.161.08")).isLessThan(version("550.54"));
  }

  private static DriverVersion version(String text) {
    return DriverVersion.parse(text).orElseThrow();
  }
}
