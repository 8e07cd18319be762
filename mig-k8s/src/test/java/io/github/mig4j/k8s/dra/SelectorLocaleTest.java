package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** An API server reads the digits 0 to 9, also where people write others. */
@Isolated("the default locale is one for all")
class SelectorLocaleTest {

  @Test
  void memoryMib_hasDigitsThatCelReads() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG"));
    try {
      assertThat(MigSelector.memoryMib(20_000).toString()).contains("quantity('20000Mi')");
    } finally {
      Locale.setDefault(before);
    }
  }
}
