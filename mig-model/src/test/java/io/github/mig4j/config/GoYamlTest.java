package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.TextCode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What go-yaml v2 and sigs.k8s.io/yaml make of YAML, seen through names, counts and filters. */
class GoYamlTest {

  private static MigConfigFile withName(String key) {
    return MigConfigFile.read(
        "version: v1\nmig-configs:\n  " + key + ":\n  - devices: all\n    mig-enabled: false\n");
  }

  private static MigConfigFile withIndex(String index) {
    return MigConfigFile.read(
        "version: v1\nmig-configs:\n  c:\n  - devices: [" + index + "]\n    mig-enabled: false\n");
  }

  @ParameterizedTest
  @CsvSource({
    "yes, true",
    "y, true",
    "On, true",
    "N, false",
    "OFF, false",
    "123, 123",
    "0x10, 16",
    "010, 8",
    "08, 8",
    "0o17, 15",
    "0b11, 3",
    "-0b11, -3",
    "1_000, 1000",
    "+5, 5",
    "1.10, 1.1",
    "1e3, 1000",
    "999999.0, 999999",
    "1e6, 1e+06",
    "1234567.0, 1.234567e+06",
    ".5, 0.5",
    "0.00001, 1e-05",
    "-.inf, -.inf",
    ".NaN, .nan",
    "16777217.0, 1.6777216e+07"
  })
  void read_keyThatIsNoText_becomesTheTextThatGoMakesOfIt(String key, String name) {
    assertThat(withName(key).orElseThrow().configs()).containsOnlyKeys(name);
    assertThat(withName(key).findings()).extracting(Finding::code).contains(TextCode.KEY_NOT_TEXT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "12:30:45",
        "2026-11-22",
        "Yes1",
        "yES",
        "0x",
        "0o8",
        "_1",
        "1__",
        "e3",
        ".e3",
        "=",
        "-",
        "+",
        "1.2.3",
        "nan",
        "inf",
        "0b2",
        "0x1G",
        "tRUE"
      })
  void read_keyThatOnlyLooksLikeANumber_staysText(String key) {
    String name = key.equals("1__") ? "1" : key;

    assertThat(withName(key).orElseThrow().configs()).containsOnlyKeys(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"~", "null", "18446744073709551615", "[a]", "{a: b}", "!!int x", "!!null x"})
  void read_keyThatJsonCannotHave_isRefused(String key) {
    assertThat(withName("? " + key + "\n  ").document()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "7.0, 7",
    "08, 8",
    "010, 8",
    "0x1F, 31",
    "1e1, 10",
    "-0.0, 0",
    "!!float 3, 3",
    "!!int '4', 4",
    "null, 0",
    "2147483648, 2147483647"
  })
  void read_numbers_asGoDoes(String index, int read) {
    assertThat(
            withIndex(index).orElseThrow().configs().get("c").entries().get(0).devices())
        .isEqualTo(DeviceSelector.of(read));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.5",
        "'7'",
        "yes",
        "!!str 7",
        "1e30",
        "9223372036854775808",
        "12:30",
        "2026-11-22",
        ".inf",
        "!!bool 1",
        "!!binary MQ==",
        "!foo 1",
        "[1]"
      })
  void read_whatIsNoInt_isRefused(String index) {
    assertThat(withIndex(index).document()).isEmpty();
  }

  @Test
  void read_mergeKey_takesEffectWhereItStands() {
    String file = """
        version: v1
        mig-configs:
          a:
          - &base
            devices: all
            mig-enabled: false
          b:
          - <<: *base
            devices: [1]
          c:
          - devices: [1]
            <<: *base
          d:
          - <<: [{devices: [2]}, *base]
        """;

    var configs = MigConfigFile.read(file).orElseThrow().configs();

    assertThat(List.of("b", "c", "d"))
        .extracting(name -> configs.get(name).entries().get(0).devices().toString())
        .containsExactly("[1]", "all", "[2]");
  }

  @Test
  void read_mergeOfNoMap_isRefused() {
    String file =
        "version: v1\nmig-configs:\n  <<: 7\n  a:\n  - devices: all\n    mig-enabled: false\n";

    assertThat(MigConfigFile.read(file).findings())
        .extracting(Finding::toString)
        .containsExactly("3:7: error: '<<' merges a map or a list of maps, but this is something"
            + " else; name an anchor of a map [invalid-value]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"*list", "[*list]", "[[{devices: all}]]"})
  void read_mergeOfAListByItsName_isRefused_thoughAListInPlaceIsMerged(String source) {
    String file = "version: v1\nmig-configs:\n"
        + "  a: &list\n  - {devices: all, mig-enabled: false}\n"
        + "  b:\n  - {<<: " + source + ", devices: all, mig-enabled: false}\n";

    assertThat(MigConfigFile.read(file).findings())
        .extracting(finding -> finding.message())
        .containsExactly("'<<' merges a map or a list of maps, but this is something else");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{~: 1}", "{18446744073709551615: 1}", "{a: .nan}", "[.inf]", ".nan"})
  void read_whatJsonCannotHave_isAllowedUnderAKeyThatALaterOneReplaces(String value) {
    String file = "version: v1\nmig-configs:\n  a: " + value
        + "\n  a:\n  - {devices: all, mig-enabled: false}\n";

    assertThat(MigConfigFile.read(file).orElseThrow().configs()).containsOnlyKeys("a");
    assertThat(MigConfigFile.read(file).findings())
        .extracting(Finding::code)
        .containsExactly(TextCode.DUPLICATE_KEY);
  }

  @Test
  void read_quotedMergeKey_isAName() {
    assertThat(withName("\"<<\"").orElseThrow().configs()).containsOnlyKeys("<<");
  }

  @Test
  void read_equalProfilesInTwoSpellings_addUp() {
    String file = "version: v1\nmig-configs:\n  c:\n  - devices: all\n    mig-enabled: true\n"
        + "    mig-devices: {1g.5gb: 3, 01g.5gb: 4}\n";

    assertThat(MigConfigFile.read(file)
            .orElseThrow()
            .configs()
            .get("c")
            .entries()
            .get(0)
            .migDevices())
        .hasToString("{1g.5gb=7}");
  }

  @Test
  void read_listWithANullFilter_matchesNothing_whereAnEmptyTextMatchesAll() {
    String file = "version: v1\nmig-configs:\n  c:\n"
        + "  - {device-filter: [~], devices: all, mig-enabled: false}\n"
        + "  - {device-filter: '', devices: all, mig-enabled: false}\n"
        + "  - {device-filter: [], devices: all, mig-enabled: false}\n";

    assertThat(MigConfigFile.read(file).orElseThrow().configs().get("c").entries())
        .extracting(entry -> entry.deviceFilters().size())
        .containsExactly(1, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"version:\tv1", "version: v1\t", "version: v1\t# one", "version:  \tv1"})
  void read_tabBehindContent_isAllowed(String file) {
    assertThat(MigConfigFile.read(file).document()).contains(MigConfigDocument.empty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"%YAML 1.1\n---\nversion: v1\n", "\uFEFFversion: v1\n", "version: v1\r\n"})
  void read_oddBeginning_isAllowed(String file) {
    assertThat(MigConfigFile.read(file).document()).contains(MigConfigDocument.empty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"# ours\n", "\uFEFF# ours\n", "\uFEFF\n"})
  void read_directiveOfYaml12_isRefused(String above) {
    assertThat(MigConfigFile.read(above + "%YAML 1.2\n---\nversion: v1\n").findings())
        .extracting(Finding::toString)
        .containsExactly(
            "2:1: error: Not YAML for mig-parted: the directive is '%YAML 1.2', but its"
                + " reader knows only %YAML 1.1; remove the line [yaml-syntax]");
  }

  @Test
  void read_brokenSecondDocument_isNotLookedAt() {
    assertThat(MigConfigFile.read("version: v1\n---\n[\n").findings())
        .extracting(Finding::code)
        .containsExactly(TextCode.EXTRA_DOCUMENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{a:[]}", "{a:{}}", "{a:}", "{a:, b: c}", "{<<:{}}"})
  void read_colonWithoutABlankInBraces_isRefused(String configs) {
    assertThat(MigConfigFile.read("version: v1\nmig-configs: " + configs + "\n").findings())
        .extracting(Finding::toString)
        .contains(
            "2:15: error: Not YAML for mig-parted: a key in {} or [] ends at ': ' with a blank,"
                + " and this one has no blank; add it [yaml-syntax]");
  }

  @Test
  void read_quotedKeyWithoutABlankInBraces_isAllowed() {
    assertThat(MigConfigFile.read("{\"version\":\"v1\"}").document())
        .contains(MigConfigDocument.empty());
  }

  @Test
  void read_loneExclamationMark_makesAText() {
    assertThat(withIndex("! 7").document()).isEmpty();
    assertThat(withName("! 7").orElseThrow().configs()).containsOnlyKeys("7");
    assertThat(withName("! 7").findings()).isEmpty();
  }

  @Test
  void read_byteOrderMarkInside_isAllowed() {
    assertThat(withName("a\uFEFFb").orElseThrow().configs()).containsOnlyKeys("a\uFEFFb");
  }
}
