package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers that Go's ParseUint reads with base 0, within 32 bits. */
class DeviceFilterTest {

  @ParameterizedTest
  @CsvSource({
    "0x233010DE, 590352606",
    "0X233010de, 590352606",
    "0x_2330_10DE, 590352606",
    "590352606, 590352606",
    "590_352_606, 590352606",
    "0b101, 5",
    "0B_1, 1",
    "0o17, 15",
    "017, 15",
    "0_17, 15",
    "0, 0",
    "00, 0",
    "4294967295, 4294967295",
    "0x000000000000000000001, 1"
  })
  void device_number_isRead(String text, long number) {
    assertThat(new DeviceFilter(text).device()).contains(number);
    assertThat(new DeviceFilter("0x1:" + text).subsystem()).contains(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "0x",
        "0b",
        "0o",
        "0x_",
        "_1",
        "1_",
        "1__0",
        "0x__1",
        "-1",
        "+1",
        " 1",
        "1 ",
        "08",
        "0b2",
        "0xG",
        "4294967296",
        "99999999999999999999",
        "1.0",
        "0x1:",
        ":0x1",
        "0x1:0x1:0x1",
        "\uFF11",
        "NVIDIA-B200"
      })
  void device_anythingElse_isNone(String text) {
    assertThat(new DeviceFilter(text).isDeviceId()).isFalse();
  }

  @Test
  void new_halfASurrogatePair_isMisuse() {
    assertThatThrownBy(() -> new DeviceFilter("a\uD800"))
        .hasMessage(
            "Device filter 'a\\uD800' has half a surrogate pair, which no file can contain; remove"
                + " it");
  }
}
