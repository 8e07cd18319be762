package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GpuProductTest {

  @ParameterizedTest
  @CsvSource({
    "NVIDIA-L40S, NVIDIA-L40S, , false",
    "NVIDIA-L40S-SHARED, NVIDIA-L40S, , true",
    "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb, NVIDIA-H100-80GB-HBM3, 1g.10gb, false",
    "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED, NVIDIA-H100-80GB-HBM3, 1g.10gb+me, true",
    "NVIDIA-H100-80GB-HBM3-MIG-1c.3g.40gb, NVIDIA-H100-80GB-HBM3, 1c.3g.40gb, false",
    "NVIDIA-RTX-PRO-6000-MIG-1g.24gb-me, NVIDIA-RTX-PRO-6000, 1g.24gb-me, false",
  })
  void label_inItsParts(String value, String product, String profile, boolean shared) {
    var label = GpuProduct.Label.parse(value);

    assertThat(label.product()).isEqualTo(product);
    assertThat(label.profile().map(MigProfile::toString).orElse(null)).isEqualTo(profile);
    assertThat(label.shared()).isEqualTo(shared);
    assertThat(label.isInvalid()).isFalse();
    assertThat(label).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-SHARED", "-MIG-", "A-MIG-x-MIG-y", "Tesla-T4", "a\nb"})
  void label_ofAnything_isWrittenAsItWasRead(String value) {
    assertThat(GpuProduct.Label.parse(value)).hasToString(value);
  }

  @Test
  void label_withSuffixes() {
    var h100 = GpuProduct.Label.of("NVIDIA-H100-PCIe");

    assertThat(h100.with(MigProfile.parse("1g.10gb+me")).sharing())
        .hasToString("NVIDIA-H100-PCIe-MIG-1g.10gb.me-SHARED");
    assertThat(h100.invalid()).hasToString("NVIDIA-H100-PCIe-MIG-INVALID");
    assertThat(h100.invalid().isInvalid()).isTrue();
    assertThat(h100.invalid().profile()).isEmpty();
  }
}
