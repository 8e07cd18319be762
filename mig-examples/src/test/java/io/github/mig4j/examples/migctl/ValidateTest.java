package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** migctl validate with several files and several kinds of nodes. */
class ValidateTest {

  private static final ObjectMapper JSON = new ObjectMapper();

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
  Path folder;

  private Path both;
  private Path broken;

  private record Run(int exit, String out, String err) {}

  @BeforeEach
  void writeFiles() throws IOException {
    Files.createDirectories(folder.resolve("clusters/a"));
    both = Files.writeString(folder.resolve("clusters/both.yaml"), BOTH);
    broken = Files.writeString(
        folder.resolve("clusters/a/broken.yml"), BOTH.replace("\"1g.23gb\"", "\"1g.23GB\""));
    Files.writeString(folder.resolve("clusters/a/deployment.yaml"), "kind: Deployment\n");
    Files.writeString(folder.resolve("clusters/notes.txt"), "mig-configs:\n");
  }

  private static Run validate(String... args) {
    List<String> all = new ArrayList<>(List.of("validate"));
    all.addAll(List.of(args));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit = Migctl.run(
        new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(String[]::new));
    return new Run(exit, out.toString(), err.toString());
  }

  @Test
  void folderAndGlob_selectTheYamlFilesWithConfigurations() {
    Run ofFolder = validate(folder.resolve("clusters").toString());
    Run ofGlob = validate(folder + "/clusters/**.y*ml");
    Run ofFiles = validate(broken.toString(), both.toString());

    assertThat(ofFolder.exit).isEqualTo(1);
    assertThat(ofFolder.out)
        .startsWith(broken + ":13:21: error: Not a MIG profile")
        .contains("[invalid-profile]");
    assertThat(ofFolder.out.lines()).hasSize(1);
    assertThat(ofGlob).isEqualTo(ofFolder);
    assertThat(ofFiles).isEqualTo(ofFolder);
  }

  @Test
  void folderWithoutConfiguration_isExit2() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));

    assertThat(validate(empty.toString()))
        .isEqualTo(new Run(
            2,
            "",
            "'%s' selects no YAML file with a configuration of mig-parted or of the device plugin%n"
                .formatted(empty)));
  }

  @Test
  void kindsOfNodes_eachNeedAConfigurationWithDevices() {
    Run bothFit = validate(both.toString(), "--nodes", "pool-a=a100-80gb:8,pool-b=b200-180gb:8");
    Run oneHasNone = validate(both.toString(), "--nodes", "pool-a=a100-80gb:8,pool-c=h200-141gb:8");

    assertThat(bothFit.exit).isZero();
    assertThat(bothFit.err).isEqualToNormalizingNewlines("""
            1 of 3 configurations cannot work on the GPUs of pool-a ('b200-small'); --config NAME makes that an error
            1 of 3 configurations cannot work on the GPUs of pool-b ('a100-small'); --config NAME makes that an error
            """);
    assertThat(oneHasNone.exit).isEqualTo(1);
    assertThat(oneHasNone.err)
        .contains("2 of 3 configurations cannot work on the GPUs of pool-c ('a100-small',"
            + " 'b200-small')");
  }

  /** all-disabled works everywhere, which is no reason to accept a file. */
  @Test
  void fileWhoseLayoutsAllFail_isInvalid() {
    assertThat(validate(both.toString(), "--gpu", "h200-141gb").exit).isEqualTo(1);
  }

  @Test
  void severalConfigs_areAllChecked_andTheirFindingsComeFirst() {
    Run run = validate(
        both.toString(), "--gpu", "a100-80gb", "--config", "all-disabled,a100-small", "--all");
    Run wrong =
        validate(both.toString(), "--gpu", "a100-80gb", "--config", "a100-small,b200-small");

    assertThat(run.exit).isZero();
    assertThat(run.out.lines().toList().get(run.out.lines().toList().size() - 1))
        .startsWith(both + ":13:")
        .contains("[unknown-profile]");
    assertThat(wrong.exit).isEqualTo(1);
    assertThat(wrong.out).contains("error: ", "[unknown-profile]").doesNotContain("note: GPU 0");
  }

  @Test
  void source_isPrintedWithACaret() {
    assertThat(validate(broken.toString(), "--source").out.lines().skip(1))
        .containsExactly("          mig-devices: {\"1g.23GB\": 7}", "                        ^");
  }

  /** What the schema of SARIF 2.1.0 requires of the objects that are written here. */
  @Test
  void sarif_ofSeveralFiles_hasWhatItsSchemaRequires() throws IOException {
    Path sarif = folder.resolve("out.sarif");

    Run run = validate(
        folder.resolve("clusters").toString(),
        "--nodes",
        "pool-a=a100-80gb:8,pool-b=b200-180gb:8",
        "--docs",
        "https://docs.example",
        "--sarif",
        sarif.toString());

    JsonNode log = JSON.readTree(sarif.toFile());
    assertThat(run.exit).isEqualTo(1);
    assertThat(names(log)).isSubsetOf("$schema", "version", "runs");
    assertThat(log.get("version").asText()).isEqualTo("2.1.0");
    assertThat(log.get("runs")).hasSize(1);
    JsonNode only = log.at("/runs/0");
    assertThat(names(only)).containsExactlyInAnyOrder("tool", "columnKind", "results");
    assertThat(only.get("columnKind").asText()).isEqualTo("unicodeCodePoints");
    JsonNode driver = only.at("/tool/driver");
    assertThat(names(driver))
        .containsExactlyInAnyOrder("name", "version", "informationUri", "rules");
    List<String> ids = new ArrayList<>();
    for (JsonNode rule : driver.get("rules")) {
      assertThat(names(rule))
          .containsExactlyInAnyOrder("id", "shortDescription", "helpUri", "help");
      assertThat(URI.create(rule.get("helpUri").asText()).isAbsolute()).isTrue();
      assertThat(rule.at("/shortDescription/text").asText()).isNotBlank();
      assertThat(rule.at("/help/text").asText()).isNotBlank();
      ids.add(rule.get("id").asText());
    }
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(only.get("results")).isNotEmpty();
    for (JsonNode result : only.get("results")) {
      assertThat(names(result))
          .containsExactlyInAnyOrder("ruleId", "ruleIndex", "level", "message", "locations");
      assertThat(ids.get(result.get("ruleIndex").asInt()))
          .isEqualTo(result.get("ruleId").asText());
      assertThat(result.get("level").asText()).isIn("none", "note", "warning", "error");
      assertThat(result.at("/message/text").asText()).isNotBlank();
      JsonNode place = result.at("/locations/0/physicalLocation");
      assertThat(place.at("/artifactLocation/uri").asText()).endsWith("ml");
      assertThat(place.at("/region/startLine").asInt()).isPositive();
      assertThat(place.at("/region/startColumn").asInt()).isPositive();
    }
    assertThat(only.findValuesAsText("uri"))
        .contains(both.toUri().toASCIIString(), broken.toUri().toASCIIString());
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new LinkedHashSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
