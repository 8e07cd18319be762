package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AmountTest {

  @ParameterizedTest
  @CsvSource({"1,1", "10%,500", "1%,50", "100%,5000", "7,7"})
  void of_5000Nodes(String amount, int nodes) {
    assertThat(Amount.parse(amount).of(5_000)).isEqualTo(nodes);
    assertThat(Amount.parse(amount)).hasToString(amount);
  }

  @Test
  void of_aPercentageOfFew_isAtLeastOne() {
    assertThat(Amount.percent(10).of(9)).isEqualTo(1);
    assertThat(Amount.percent(99).of(2)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "10 %", "1.5", "%"})
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> Amount.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Not an amount: '%s'; expected a number of nodes or a percentage, e.g. '5' or '10%%'"
                .formatted(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0%", "101%"})
  void parse_outOfRange_isRefused(String text) {
    assertThatThrownBy(() -> Amount.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("An amount must be at least 1 node, or from 1% to 100%, but was " + text);
  }
}
