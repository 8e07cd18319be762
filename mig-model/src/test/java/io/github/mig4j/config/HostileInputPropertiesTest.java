package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.InvalidFileException;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.YamlText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.nodes.Node;

/** Whatever the text, reading it ends soon, in a document or in findings of one line each. */
class HostileInputPropertiesTest {

  private static final Duration SOON = Duration.ofSeconds(30);

  private static final List<String> FRAGMENTS = List.of(
      "[",
      "]",
      "{",
      "}",
      ":",
      ": ",
      "- ",
      "? ",
      "&a ",
      "*a",
      "*b",
      "<<: *a",
      "<<: [*a, 7]",
      "!!int ",
      "!!float ",
      "!!binary ",
      "!foo ",
      "!!set ",
      "|",
      ">",
      "|2\n",
      "'",
      "\"",
      "\\",
      "#",
      "%YAML 1.2\n",
      "%TAG ! x\n",
      "---\n",
      "...\n",
      "\n",
      "\r\n",
      "\r",
      "\t",
      " ",
      "  ",
      "\u0000",
      "\u0007",
      "\uFEFF",
      "\u0085",
      "\u2028",
      "\uD83D\uDE00",
      "\uD800",
      "~",
      "null",
      "yes",
      ".nan",
      "-.inf",
      "0x1",
      "08",
      "1e999",
      "9223372036854775808",
      "99999999999999999999",
      "-1",
      "1.5",
      "all",
      "devices",
      "kind: ConfigMap\n",
      "data:\n",
      "config.yaml: |\n",
      "items: [{}]\n",
      "kind: List\n",
      "mig-configs:",
      "version: v1\n",
      "1g.10gb",
      "@",
      "`",
      "=",
      "1g.5gb: 7");

  private static final List<String> SEEDS = List.of(
      """
      version: v1
      mig-configs:
        all-disabled: &off
        - devices: all
          mig-enabled: false
        small:   # seven
        - device-filter: ["0x233010DE", "0x20B210DE"]
          devices: [0, 1]
          mig-enabled: true
          mig-devices: {"1g.10gb": 7, 2g.20gb: 0}
        alias: *off
      """,
      """
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: mig-config
      data:
        config.yaml: |
          version: v1
          mig-configs:
            all-disabled:
              - devices: all
                mig-enabled: false
      ---
      kind: List
      items: []
      """,
      "{\"version\":\"v1\",\"mig-configs\":{\"a\":[{\"devices\":\"all\",\"mig-enabled\":true,"
          + "\"mig-devices\":{\"1g.5gb\":7}}]}}");

  @Provide
  Arbitrary<String> mutated() {
    return Combinators.combine(
            Arbitraries.of(SEEDS),
            Arbitraries.randomValue(Random::nextLong),
            Arbitraries.integers().between(0, 12))
        .as(HostileInputPropertiesTest::mutate);
  }

  private static String mutate(String seed, long randomSeed, int times) {
    Random random = new Random(randomSeed);
    StringBuilder text = new StringBuilder(seed);
    for (int i = 0; i < times; i++) {
      int at = random.nextInt(text.length() + 1);
      int length = Math.min(random.nextInt(12), text.length() - at);
      switch (random.nextInt(5)) {
        case 0 -> text.insert(at, FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
        case 1 -> text.delete(at, at + length);
        case 2 -> text.replace(at, at + length, FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
        case 3 -> text.insert(at, text.substring(at, at + length));
        default -> text.insert(at, (char) random.nextInt(0x300));
      }
    }
    return text.toString();
  }

  @Property(tries = 5000, edgeCases = EdgeCasesMode.NONE)
  void read_mutatedFile_endsInAValue(@ForAll("mutated") String text) {
    MigConfigFile file = MigConfigFile.read(text);

    checkFindings(file);
    checkLint(file);
    Statistics.label("accepted").collect(file.document().isPresent()).coverage(c -> {
      c.check(true).percentage(p -> p > 5);
      c.check(false).percentage(p -> p > 20);
    });
  }

  @Property(tries = 3000, edgeCases = EdgeCasesMode.NONE)
  void read_anyBytes_endsInAValue(@ForAll byte[] bytes) {
    checkFindings(MigConfigFile.read(bytes));
  }

  private static void checkFindings(MigConfigFile file) {
    boolean errors = file.findings().stream().anyMatch(Finding::isError);
    assertThat(file.document().isPresent()).isNotEqualTo(errors);
    for (Finding finding : file.findings()) {
      assertThat(finding.toString())
          .doesNotContain("\n")
          .doesNotContain("\r")
          .hasSizeLessThan(2000);
    }
    if (errors) {
      Assertions.assertThrows(InvalidFileException.class, file::orElseThrow);
    }
  }

  private static void checkLint(MigConfigFile file) {
    assertThatCode(() -> {
          var gpus = NodeGpu.several(GpuCatalog.bundled().require("a100-80gb"), 2);
          NodeLint.of(file, gpus, MigStrategy.SINGLE, "small");
          if (file.document().isPresent()) {
            MigConfig config = MigConfig.of(MigConfigSpec.allDisabled());
            ConfigEdit edit = file.merge("new", config);
            MigConfigDocument wanted = file.orElseThrow().with("new", config);
            assertThat(MigConfigFile.read(edit.textDespiteLosses()).orElseThrow())
                .isEqualTo(wanted);
          }
        })
        .doesNotThrowAnyException();
  }

  private static List<Code> codesSoon(String text) {
    return Assertions.assertTimeoutPreemptively(
        SOON,
        () -> MigConfigFile.read(text).findings().stream().map(Finding::code).toList());
  }

  @Test
  void read_aliasesOfAliases_endsInAFinding() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n"
          .formatted(i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1));
    }

    assertThat(codesSoon(bomb.toString())).containsExactly(TextCode.ALIAS_EXPANSION);
  }

  @Test
  void read_manyAliasesOfOneAnchor_isAccepted_asGoDoes() {
    StringBuilder file = new StringBuilder(
        "version: v1\nmig-configs:\n  c: &c\n  - devices: all\n    mig-enabled: false\n");
    for (int i = 0; i < 500; i++) {
      file.append("  c").append(i).append(": *c\n");
    }

    assertThat(codesSoon(file.toString())).isEmpty();
  }

  @Test
  void read_deepNesting_endsInAFinding() {
    assertThat(codesSoon("[".repeat(100_000))).containsExactly(TextCode.TOO_DEEP);
    assertThat(codesSoon("- ".repeat(100_000))).containsExactly(TextCode.TOO_DEEP);
  }

  @Test
  void read_megabytes_endsInAFinding() {
    assertThat(codesSoon("x".repeat(YamlText.MAX_CHARACTERS + 1)))
        .containsExactly(TextCode.TOO_LARGE);
    assertThat(codesSoon("#" + "x".repeat(YamlText.MAX_CHARACTERS - 1)))
        .containsExactly(TextCode.EMPTY_DOCUMENT);
  }

  @Test
  void read_moreErrorsThanAreListed_listsTheFirst_andCountsTheRest() {
    String faults = "version: v1\nmig-configs:\n" + "  c: 7\n" + "x: 1\n"
        + IntStream.range(0, 100_000)
            .mapToObj(i -> "k" + i + ": 1\n")
            .collect(Collectors.joining());

    var findings = Assertions.assertTimeoutPreemptively(
        SOON, () -> MigConfigFile.read(faults).findings());

    assertThat(findings).hasSize(1001);
    assertThat(findings.get(1000).toString())
        .endsWith("error: 99002 more findings are not listed; fix these first [more-findings]");
  }

  @Test
  void read_unknownKeysOfADevicePlugin_listsTheFirst_andCountsTheRest() {
    String keys =
        IntStream.range(0, 100_000).mapToObj(i -> "k" + i + ": 1\n").collect(Collectors.joining());

    List<Finding> findings = DevicePluginConfigFile.read(keys + "version: v1\n").findings();

    assertThat(findings).hasSize(1001);
    assertThat(findings.get(1000).toString())
        .endsWith("warning: 99000 more findings are not listed; fix these first [more-findings]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "'", "\""})
  void parse_longLine_copiesNothing(String quote) {
    String line = "version: " + quote + "x".repeat(1_500_000) + quote + "\n";

    Node root =
        YamlText.parse(line, Embedding.NONE, new Findings("a test")).documents().get(0);

    assertThat(root.getEndMark().getBuffer()).isSameAs(root.getStartMark().getBuffer());
  }

  @Test
  void read_configsByTheTenThousand_endsSoon() {
    StringBuilder file = new StringBuilder("version: v1\nmig-configs:\n");
    for (int i = 0; i < 25_000; i++) {
      file.append(" c").append(i).append(": [{devices: all, mig-enabled: no}]\n");
    }

    assertThat(codesSoon(file.toString())).isEmpty();
  }

  @Test
  void read_tabsByTheThousand_endsSoon() {
    assertThat(codesSoon("a:\tb\n".repeat(10_000))).contains(TextCode.YAML_SYNTAX);
  }

  @ParameterizedTest
  @ValueSource(strings = {"# comment\n", "\n", "  \t\r\n", "%TAG ! tag:x,2026:\n"})
  void read_linesByTheThousandBeforeTheDirective_areSkipped(String line) {
    assertThat(MigConfigFile.read(line.repeat(50_000) + "%YAML 1.2\n---\nversion: v1\n")
            .findings())
        .extracting(Finding::toString)
        .containsExactly(
            "50001:1: error: Not YAML for mig-parted: the directive is '%YAML 1.2', but"
                + " its reader knows only %YAML 1.1; remove the line [yaml-syntax]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"# comment\n", "\n"})
  void read_linesByTheThousandBeforeAFile_areSkipped(String line) {
    String config = "version: v1\nmig-configs: {a: [{devices: all, mig-enabled: false}]}\n";

    assertThat(codesSoon(line.repeat(100_000) + config)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"\\u", "\"\\x", "\"\\U", "\"\\UFFFFFFFF\""})
  void read_escapeOfNoCharacter_namesItsLocation(String scalar) {
    assertThat(MigConfigFile.read("version: " + scalar).findings())
        .extracting(Finding::toString)
        .containsExactly(
            "1:13: error: Not YAML: an escape here is not the code of a character; write"
                + " the character itself, or its code as \\x, \\u or \\U and 2, 4 or 8 digits"
                + " [yaml-syntax]");
  }

  @Test
  void read_halfASurrogatePair_isAFinding() {
    String remedy =
        "The text '\\uD800' has half a surrogate pair, which no file can contain; remove it"
            + " [invalid-value]";

    assertThat(MigConfigFile.read("""
            version: v1
            mig-configs:
              "\\ud800":
              - devices: all
                mig-enabled: false
              a:
              - device-filter: "\\ud800"
                devices: all
                mig-enabled: false
            """).findings())
        .extracting(Finding::toString)
        .containsExactly("3:3: error: " + remedy, "7:20: error: " + remedy);
    assertThat(DevicePluginConfigFile.read("""
            version: v1
            flags:
              nvidiaDriverRoot: "\\ud800"
            """).findings())
        .extracting(Finding::toString)
        .containsExactly("3:21: error: " + remedy);
  }

  @Test
  void read_nul_namesTheCharacterAndItsLocation() {
    assertThat(MigConfigFile.read("version: v1\nmig\u0000configs: 1\n").findings())
        .extracting(Finding::toString)
        .containsExactly("2:4: error: Not YAML: a file cannot contain the character U+0000; remove"
            + " it [control-character]");
  }

  @Test
  void read_bytesThatAreNotUtf8_namesTheByteAndItsLocation() {
    byte[] latin = "version: v1\n# für".getBytes(StandardCharsets.ISO_8859_1);

    assertThat(MigConfigFile.read(latin).findings())
        .extracting(Finding::toString)
        .containsExactly(
            "2:4: error: Not UTF-8: byte 0xFC at offset 15; save the file as UTF-8 [invalid-utf8]");
  }

  @Test
  void read_bytesThatAreNotUtf8_behindCharactersOfTwoCodeUnits_countsEachOnce() {
    byte[] emoji = "# \uD83D\uDE00\uD83D\uDE00".getBytes(StandardCharsets.UTF_8);
    byte[] cut = Arrays.copyOf(emoji, emoji.length - 1);

    assertThat(MigConfigFile.read(cut).findings())
        .extracting(Finding::toString)
        .containsExactly(
            "1:4: error: Not UTF-8: byte 0xF0 at offset 6; save the file as UTF-8 [invalid-utf8]");
  }

  @Test
  void lint_fileLargerThanAConfigMap_saysSo() {
    String large = "version: v1\n#" + "x".repeat(1024 * 1024);

    var findings = NodeLint.of(
        MigConfigFile.read(large),
        NodeGpu.several(GpuCatalog.bundled().require("a100-80gb"), 1),
        MigStrategy.MIXED);

    assertThat(findings.get(0))
        .hasToString("1:1: error: The file has 1048589 bytes, but a ConfigMap has at most 1048576;"
            + " remove configurations that no node requests [configmap-too-large]");
  }
}
