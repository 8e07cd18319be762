package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One run of 'validate' over the files of a repository and several kinds of nodes. */
class MigctlValidateTest {

  private static final String A100 = """
      version: v1
      mig-configs:
        all-disabled: [{devices: all, mig-enabled: false}]
        a100-small: [{devices: all, mig-enabled: true, mig-devices: {1g.10gb: 7}}]
      """;
  private static final String B200 = """
      version: v1
      mig-configs:
        b200-small:
          - devices: all
            mig-enabled: true
            mig-devices: {1g.23gb: 7}
        b200-huge:
          - devices: all
            mig-enabled: true
            mig-devices: {1g.23gb: 8}
      """;
  private static final String BOTH = """
      version: v1
      mig-configs:
        all-disabled:
          - devices: all
            mig-enabled: false
        a100-small:
          - devices: all
            mig-enabled: true
            mig-devices: {"1g.10gb": 7}
        b200-small:
          - devices: all
            mig-enabled: true
            mig-devices: {"1g.23gb": 7}
      """;

  @TempDir
  private Path folder;

  private record Lines(int exit, List<String> out, List<String> err) {}

  @BeforeEach
  void writeFiles() throws IOException {
    Files.createDirectories(folder.resolve("east/.git"));
    Files.writeString(folder.resolve("a100.yaml"), A100);
    Files.writeString(folder.resolve("east/b200.yml"), B200);
    Files.writeString(folder.resolve("east/service.yaml"), "kind: Service\n");
    Files.writeString(folder.resolve("east/.git/old.yaml"), "mig-configs: broken\n");
    Files.writeString(folder.resolve("notes.txt"), "mig-configs\n");
  }

  /** A file for two kinds of nodes, and a copy with a misspelled profile. */
  private void writeClusters() throws IOException {
    Files.createDirectories(folder.resolve("clusters/a"));
    Files.writeString(folder.resolve("clusters/both.yaml"), BOTH);
    Files.writeString(
        folder.resolve("clusters/a/broken.yml"), BOTH.replace("\"1g.23gb\"", "\"1g.23GB\""));
    Files.writeString(folder.resolve("clusters/a/deployment.yaml"), "kind: Deployment\n");
    Files.writeString(folder.resolve("clusters/notes.txt"), "mig-configs:\n");
  }

  private Lines migctl(String line) {
    var run = Run.migctl(line.replace("DIR", folder.toString()).split(" "));
    return new Lines(run.exit(), lines(run.out()), lines(run.err()));
  }

  private List<String> lines(String text) {
    return text.replace(folder.toString(), "DIR").lines().toList();
  }

  private static JsonNode json(Lines run) throws IOException {
    return new ObjectMapper().readTree(String.join("\n", run.out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"DIR", "DIR/**.y*ml", "DIR/a100.yaml DIR/east"})
  void validate_directoriesAndPatterns_findTheSameFiles(String files) throws IOException {
    Lines run = migctl("validate --json " + files);

    assertThat(json(run).get("valid").asBoolean()).isTrue();
    assertThat(json(run).get("files"))
        .extracting(file -> file.get("file").asText())
        .containsExactly("DIR/a100.yaml", "DIR/east/b200.yml");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DIR/clusters",
        "DIR/clusters/**.y*ml",
        "DIR/clusters/a/broken.yml DIR/clusters/both.yaml"
      })
  void validate_severalFiles_printTheFindingsOfEach(String files) throws IOException {
    writeClusters();

    assertThat(migctl("validate " + files))
        .isEqualTo(new Lines(
            1,
            List.of(
                "DIR/clusters/a/broken.yml:13:21: error: Not a MIG profile: '1g.23GB'; did you mean '1g.23gb'? [invalid-profile]"),
            List.of()));
  }

  @Test
  void validate_folderWithoutConfiguration_isExit2() throws IOException {
    Files.createDirectory(folder.resolve("empty"));

    assertThat(migctl("validate DIR/empty"))
        .isEqualTo(
            new Lines(
                2,
                List.of(),
                List.of(
                    "'DIR/empty' selects no YAML file with a configuration of mig-parted or of the device plugin")));
  }

  @Test
  void validate_nameWithoutAnyFile_isExit2() {
    assertThat(migctl("validate DIR/west*/**.yaml"))
        .isEqualTo(
            new Lines(
                2,
                List.of(),
                List.of(
                    "'DIR/west*/**.yaml' selects no YAML file with a configuration of mig-parted or of the device plugin")));
    assertThat(migctl("validate DIR/a100.yaml DIR/nothing.yaml"))
        .isEqualTo(new Lines(2, List.of(), List.of("File does not exist: DIR/nothing.yaml")));
  }

  @Test
  void validate_severalKindsOfNodes_eachWithItsConfiguration() {
    String nodes = "validate DIR --nodes pool-a=a100-80gb:8,pool-b=b200-180gb --config ";

    Lines fits = migctl(nodes + "pool-a=a100-small,pool-b=b200-small");
    Lines tooMany = migctl(nodes + "pool-a=a100-small,pool-b=b200-huge");

    assertThat(fits.exit).isZero();
    assertThat(fits.out).noneMatch(line -> line.contains(": error: "));
    assertThat(tooMany.exit).isEqualTo(1);
    assertThat(tooMany.out)
        .filteredOn(line -> line.contains(": error: "))
        .singleElement()
        .asString()
        .startsWith(
            "DIR/east/b200.yml:10:7: error: pool-b: GPU 0 (b200-180gb) cannot hold {1g.23gb=8}");
  }

  @Test
  void validate_severalConfigurations_mustAllWork() {
    Lines run = migctl("validate DIR/east/b200.yml --gpu b200-180gb --config b200-small,b200-huge");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out)
        .filteredOn(line -> line.contains(": error: "))
        .singleElement()
        .asString()
        .contains("[not-placeable]");
    assertThat(run.err).isEmpty();
  }

  @Test
  void validate_configurationOfAnotherFile_isNotMissed_butOneOfNoFileIs() {
    assertThat(migctl("validate DIR --config a100-small").exit).isZero();
    assertThat(migctl("validate DIR --config a100-smal").out)
        .containsExactly(
            "DIR/a100.yaml:1:1: error: The file has no config 'a100-smal'; it has 'all-disabled', 'a100-small' [config-not-present]",
            "DIR/east/b200.yml:1:1: error: The file has no config 'a100-smal'; it has 'b200-small', 'b200-huge' [config-not-present]");
  }

  @Test
  void validate_kindOfNodesWithoutAnyLayout_fails_thoughAllDisabledWorks() {
    Lines run = migctl("validate DIR/a100.yaml --nodes pool-a=a100-80gb,pool-c=a30-24gb");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.err)
        .containsExactly(
            "1 of 2 configurations cannot work on the GPUs of pool-c ('a100-small'); --config NAME makes that an error",
            "No configuration with devices can work on the GPUs of pool-c");
  }

  @Test
  void validate_kindsOfNodes_eachNeedAConfigurationWithDevices() throws IOException {
    writeClusters();
    String nodes = "validate DIR/clusters/both.yaml --nodes pool-a=a100-80gb:8,";

    Lines bothFit = migctl(nodes + "pool-b=b200-180gb:8");
    Lines oneHasNone = migctl(nodes + "pool-c=h200-141gb:8");

    assertThat(bothFit.exit).isZero();
    assertThat(bothFit.err)
        .containsExactly(
            "1 of 3 configurations cannot work on the GPUs of pool-a ('b200-small'); --config NAME makes that an error",
            "1 of 3 configurations cannot work on the GPUs of pool-b ('a100-small'); --config NAME makes that an error");
    assertThat(oneHasNone.exit).isEqualTo(1);
    assertThat(oneHasNone.err)
        .contains(
            "2 of 3 configurations cannot work on the GPUs of pool-c ('a100-small', 'b200-small'); --config NAME makes that an error",
            "No configuration with devices can work on the GPUs of pool-c");
  }

  /** all-disabled works everywhere, which is no reason to accept a file. */
  @Test
  void validate_fileWhoseLayoutsAllFail_isInvalid() throws IOException {
    writeClusters();

    assertThat(migctl("validate DIR/clusters/both.yaml --gpu h200-141gb").exit).isEqualTo(1);
  }

  @Test
  void validate_findingsOfTheChosenConfigurations_comeFirst() throws IOException {
    writeClusters();
    String file = "validate DIR/clusters/both.yaml --gpu a100-80gb --config ";

    Lines run = migctl(file + "all-disabled,a100-small --all");
    Lines wrong = migctl(file + "a100-small,b200-small");

    assertThat(run.exit).isZero();
    assertThat(run.out)
        .last()
        .asString()
        .startsWith("DIR/clusters/both.yaml:13:")
        .endsWith("[unknown-profile]");
    assertThat(wrong.exit).isEqualTo(1);
    assertThat(wrong.out)
        .anyMatch(line -> line.contains(": error: ") && line.endsWith("[unknown-profile]"))
        .noneMatch(line -> line.contains("note: GPU 0"));
  }

  @Test
  void validate_fileThatOnlySwitchesMigOff_passes() throws IOException {
    Files.writeString(folder.resolve("off.yaml"), A100.replaceAll("  a100-small.*\n", ""));

    assertThat(migctl("validate DIR/off.yaml --gpu a30-24gb").exit).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--nodes a100-80gb:8 | Not a node: 'a100-80gb:8'. Expected NAME=ID[:COUNT], e.g. 'gpu-node=b200-180gb:8'",
        "--nodes a=a30-24gb --config b=c | Not a configuration: 'b=c'. Expected NAME, or KIND=NAME with a kind of --nodes",
      })
  void validate_wrongUsage_isExit2(String options, String message) {
    Lines run = migctl("validate DIR " + options);

    assertThat(run.exit).isEqualTo(2);
    assertThat(run.err).containsExactly(message, "Try 'migctl validate --help'");
  }

  @Test
  void validate_source_showsTheLineWithACaret() throws IOException {
    Files.writeString(folder.resolve("bad.yaml"), "version: v2 # 🙂\n");

    Lines run = migctl("validate DIR/bad.yaml --source");

    assertThat(run.out)
        .containsExactly(
            "DIR/bad.yaml:1:10: error: Unknown version 'v2'; the only version is v1 [unknown-version]",
            "    version: v2 # 🙂",
            "             ^");
    writeClusters();
    assertThat(migctl("validate DIR/clusters/a/broken.yml --source").out.subList(1, 3))
        .containsExactly("          mig-devices: {\"1g.23GB\": 7}", "                        ^");
    assertThat(migctl("validate DIR/bad.yaml --no-source").out).hasSize(1);
    assertThat(migctl("validate DIR/bad.yaml").out).hasSize(1);
  }

  @Test
  void validate_source_ofALongLine_showsThePartAroundTheCaret() throws IOException {
    Files.writeString(
        folder.resolve("long.yaml"),
        "{version: v1, mig-configs: {\"" + "x".repeat(200)
            + "\": [{devices: 0-3, mig-enabled: false}]}}\n");

    Lines run = migctl("validate DIR/long.yaml --source");

    assertThat(run.out).hasSize(6);
    assertThat(run.out.get(4)).matches("    …x+\": \\[\\{devices: 0-3, mig-enabled: false}]}}");
    assertThat(run.out.get(4).charAt(run.out.get(5).indexOf('^'))).isEqualTo('0');
  }

  @Test
  void validate_sarif_hasTheFindingsThatArePrinted() throws IOException {
    Files.writeString(
        folder.resolve("east/share.yaml"), "version: v1\nsharing: {timeSlicing: {}}\n");
    Path file = folder.resolve("mig.sarif");

    Lines run = migctl(
        "validate DIR --nodes b=b200-180gb --config b200-huge --docs https://docs.example/mig --sarif "
            + file);

    JsonNode log = new ObjectMapper().readTree(file.toFile());
    assertThat(run.exit).isEqualTo(1);
    assertThat(log.at("/runs/0/results")).hasSameSizeAs(run.out);
    assertThat(log.findValuesAsText("ruleId")).contains("not-placeable", "no-resources");
    assertThat(log.findValuesAsText("uri"))
        .doesNotContain(folder.resolve("a100.yaml").toUri().toASCIIString());
    assertThat(log.findValuesAsText("helpUri"))
        .anyMatch(uri -> uri.equals("https://docs.example/mig/lint.md#not-placeable"))
        .anyMatch(uri -> uri.endsWith("/sharing-lint.md#no-resources"));
  }

  /** Code scanning shows the help of a rule, also where the pages are not published. */
  @Test
  void validate_sarif_explainsEachRule() throws IOException {
    Files.writeString(
        folder.resolve("east/share.yaml"), "version: v1\nsharing: {timeSlicing: {}}\n");

    JsonNode log = json(migctl("validate DIR --nodes b=b200-180gb --config b200-huge --sarif -"));

    assertThat(log.at("/runs/0/tool/driver/rules")).isNotEmpty().allSatisfy(rule -> {
      String code = rule.get("id").asText();
      assertThat(rule.at("/help/text").asText())
          .matches("\\S.{20,} 'migctl lint-code " + code + "' explains it")
          .doesNotContain("](", "```", "No example");
      assertThat(rule.at("/help/markdown").asText())
          .startsWith(rule.at("/help/text").asText().substring(0, 20))
          .doesNotContain(".md)", "### ")
          .endsWith("\n`migctl lint-code " + code + "` prints this text.\n");
    });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DIR --nodes a=a100-80gb:8,b=b200-180gb:8 --docs https://docs.example",
        "DIR/a100.yaml --docs https://docs.example/mig",
        "DIR/clusters/a/broken.yml",
        "DIR/notes.txt",
      })
  void validate_sarif_isValidByItsSchema(String files) throws IOException {
    writeClusters();

    JsonNode log = json(migctl("validate " + files + " --sarif -"));

    assertThat(sarifSchema().validate(log)).isEmpty();
    JsonNode driver = log.at("/runs/0/tool/driver");
    assertThat(driver.get("rules"))
        .allSatisfy(rule -> assertThat(rule.has("helpUri")).isEqualTo(files.contains("--docs")));
    List<String> ids = driver.get("rules").findValuesAsText("id");
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(log.at("/runs/0/results"))
        .allSatisfy(result -> assertThat(ids.get(result.get("ruleIndex").asInt()))
            .isEqualTo(result.get("ruleId").asText()));
  }

  /** The schema refuses what is not SARIF, so that its silence means something. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{'version': '2.1.0'}",
        "{'version': '2.0.0', 'runs': []}",
        "{'version': '2.1.0', 'runs': [{'tool': {'driver': {}}}]}",
        "{'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'x', 'rules': [{'id': 'x', 'helpUri': 'a b'}]}}}]}",
        "{'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'x'}}, 'results': [{'message': {'text': 'x'}, 'level': 'fatal'}]}]}",
        "{'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'x'}}, 'results': [{'message': {'text': 'x'}, 'rule': 1}]}]}",
      })
  void schemaOfSarif_refusesOtherLogs(String log) throws IOException {
    assertThat(sarifSchema().validate(new ObjectMapper().readTree(log.replace('\'', '"'))))
        .isNotEmpty();
  }

  private static JsonSchema sarifSchema() throws IOException {
    try (InputStream schema =
        MigctlValidateTest.class.getResourceAsStream("/schema/sarif-schema-2.1.0.json")) {
      return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
          .getSchema(
              new ObjectMapper().readTree(schema),
              SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build());
    }
  }
}
