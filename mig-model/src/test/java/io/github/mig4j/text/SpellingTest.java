package io.github.mig4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpellingTest {

  private static final List<String> NAMES = List.of("small", "smaller", "large", "all-disabled");

  @Test
  void nearest_misspelledName_isFirst() {
    assertThat(Spelling.nearest("Smal", NAMES)).containsExactly("small");
    assertThat(Spelling.nearest("all-disable", NAMES)).containsExactly("all-disabled");
  }

  @Test
  void nearest_nameThatIsNear_isMissing() {
    assertThat(Spelling.nearest("b200-split-medium", NAMES)).isEmpty();
    assertThat(Spelling.nearest("", NAMES)).isEmpty();
  }

  @Test
  void sameLetters_ignoresCasePunctuationAndPlural() {
    List<String> fields = List.of("device-filter", "devices", "mig-devices");

    assertThat(Spelling.sameLetters("MigDevice", fields)).contains("mig-devices");
    assertThat(Spelling.sameLetters("device_filters", fields)).contains("device-filter");
    assertThat(Spelling.sameLetters("hooks", fields)).isEmpty();
  }
}
