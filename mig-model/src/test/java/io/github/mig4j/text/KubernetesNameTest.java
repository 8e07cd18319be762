package io.github.mig4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubernetesNameTest {

  @ParameterizedTest
  @CsvSource({
    "small,      true,  true,  true",
    "a-b,        true,  true,  true",
    "mig.config, true,  false, true",
    "Small,      true,  false, false",
    "a_b,        true,  false, false",
    "-a,         false, false, false",
    "a.,         false, false, false",
    "'',         false, false, false",
    "'a b',      false, false, false",
  })
  void name_isWhatKubernetesAllows(
      String name, boolean label, boolean dnsLabel, boolean subdomain) {
    assertThat(KubernetesName.isLabelValue(name)).isEqualTo(label);
    assertThat(KubernetesName.isDnsLabel(name)).isEqualTo(dnsLabel);
    assertThat(KubernetesName.isDnsSubdomain(name)).isEqualTo(subdomain);
  }

  @ParameterizedTest
  @CsvSource({"63, true, true", "64, false, true", "253, false, true", "254, false, false"})
  void name_hasAMaximumLength(int length, boolean label, boolean subdomain) {
    String name = "a".repeat(length);

    assertThat(KubernetesName.isLabelValue(name)).isEqualTo(label);
    assertThat(KubernetesName.isDnsLabel(name)).isEqualTo(label);
    assertThat(KubernetesName.isDnsSubdomain(name)).isEqualTo(subdomain);
  }
}
