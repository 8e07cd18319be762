package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PciDeviceIdTest {

  @ParameterizedTest
  @ValueSource(strings = {"0x2901", "0X2901", "0x290110DE", "0x290110de"})
  void parse_everySpelling_isOneId(String text) {
    assertThat(PciDeviceId.parse(text)).isEqualTo(new PciDeviceId(0x2901));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "2901", "0x29", "0x29011002", "0x2901 ", "0x290G", "0x290110DE10DE"})
  void parse_otherText_isRefused(String text) {
    assertThatThrownBy(() -> PciDeviceId.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Not a PCI device id of an NVIDIA GPU: '" + text
            + "'. Expected e.g. '0x2901' or '0x290110DE'");
  }

  @Test
  void constructor_outOfRange_isRefused() {
    assertThatThrownBy(() -> new PciDeviceId(0x10000))
        .hasMessage("A PCI device id must be from 0x0000 to 0xFFFF, but was 0x10000");
    assertThatThrownBy(() -> new PciDeviceId(-1))
        .hasMessage("A PCI device id must be from 0x0000 to 0xFFFF, but was 0xFFFFFFFF");
  }

  @Property
  void parse_readsBackBothSpellings(@ForAll @IntRange(max = 0xFFFF) int device) {
    var id = new PciDeviceId(device);

    assertThat(PciDeviceId.parse(id.toString())).isEqualTo(id);
    assertThat(PciDeviceId.parse(id.deviceFilter())).isEqualTo(id);
  }

  @Test
  void toString_padsToFourDigits() {
    assertThat(new PciDeviceId(0x1F)).hasToString("0x001F");
    assertThat(new PciDeviceId(0x1F).deviceFilter()).isEqualTo("0x001F10DE");
    assertThat(new PciDeviceId(1)).isLessThan(new PciDeviceId(2));
  }
}
