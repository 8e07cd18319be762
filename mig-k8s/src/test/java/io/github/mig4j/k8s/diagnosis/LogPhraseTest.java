package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogPhraseTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "not present: {config}   | msg=\"Not present: small\" x          | 5 | {config=small}",
        "for '{profile}': {detail} | error for '1g.5gb': Unknown Error    | 6 | {profile=1g.5gb, detail=Unknown Error}",
        "{pod} pod did not       | wait: device-plugin pod did not stop | 19 | {pod=device-plugin}",
        "GPU {gpu} is not        | Resetting GPU 0:4.0 is not supported | 10 | {gpu=0:4.0}",
        "device {gpu} has no     | for device map: device 0 has no       | 16 | {gpu=0}",
        "plain                   | a PLAIN word                         | 2 | {}"
      })
  void find_capturesTheTextBetweenItsWords(String phrase, String line, int start, String values) {
    var match = LogPhrase.parse(phrase).find(line).orElseThrow();

    assertThat(match.start()).isEqualTo(start);
    assertThat(match.values()).hasToString(values);
  }

  @Test
  void find_wordsInAnotherOrder_isNothing() {
    assertThat(LogPhrase.parse("b {x} a").find("a then b")).isEmpty();
    assertThat(LogPhrase.parse("b {x} a").find("")).isEmpty();
  }

  @Test
  void find_gpuThatIsNoGpu_isNothing() {
    var phrase = LogPhrase.parse("GPU {gpu}: In use");

    assertThat(phrase.find("Failed to destroy GPU instances: In use")).isEmpty();
    assertThat(
            phrase.find("GPU instance ID 3 from GPU  0: In use").orElseThrow().values())
        .hasToString("{gpu=0}");
  }

  @Property
  void find_isTheSame_withAnyTextAround(
      @ForAll @AlphaChars @StringLength(max = 300) String value,
      @ForAll @StringLength(max = 50) String before) {
    String line = before.replace("<<", "") + " << " + value + " >> after";

    var match = LogPhrase.parse("<< {value} >>").find(line).orElseThrow();

    assertThat(match.values())
        .isEqualTo(Map.of("value", value.substring(0, Math.min(200, value.length()))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{a}", "{a}{b}", "a{b}{c}d"})
  void parse_phraseWithoutWords_isRefused(String text) {
    assertThatThrownBy(() -> LogPhrase.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A phrase needs words around its placeholders, but was '" + text + "'");
  }
}
