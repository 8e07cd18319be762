package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.MigSetting;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeOffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Files that others published, each with what is known about it: {@code -Dmig4j.corpus=DIR} names a
 * folder with an index.json that lists them. They are not part of this project.
 */
@EnabledIfSystemProperty(named = "mig4j.corpus", matches = ".+")
class SharingCorpusTest {

  /** What the index says in words of a file that the plugin accepts. */
  private static final Map<String, SharingCode> PROBLEMS = Map.of(
      "sharing/05-kustomize-a100-mixed.yaml", SharingCode.MIG_WITHOUT_MIXED,
      "sharing/09-fail-requests-misplaced.yaml", SharingCode.MISPLACED_KEY);

  private static final Pattern OFFER =
      Pattern.compile("sharing ([\\w.-]+) offers each GPU (\\d+) times");
  private static final Pattern CAMEL_CASE = Pattern.compile("\\b[a-z]+[A-Z]\\w+");

  private final Path corpus = Path.of(System.getProperty("mig4j.corpus", ""));

  @TestFactory
  Stream<DynamicTest> readAll_agreesWithWhatIsKnownOfEachFile() throws IOException {
    JsonNode index = new ObjectMapper().readTree(corpus.resolve("index.json").toFile());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode entry : index) {
      String file = entry.get("file").asText();
      if (file.startsWith("sharing/")) {
        tests.add(DynamicTest.dynamicTest(file, () -> check(file, entry.get("expected"))));
      }
    }
    System.out.println("Corpus: " + tests.size() + " sharing configurations");
    assertThat(tests).isNotEmpty();
    return tests.stream();
  }

  /** The cases beside the corpus have their answer in words, of which these tests know some. */
  @TestFactory
  Stream<DynamicTest> readAll_agreesWithEachFieldCase() throws IOException {
    Path cases = corpus.resolveSibling("field-cases");
    List<DynamicTest> tests = new ArrayList<>();
    if (Files.exists(cases.resolve("cases.json"))) {
      for (JsonNode entry :
          new ObjectMapper().readTree(cases.resolve("cases.json").toFile())) {
        String file = entry.path("file").asText();
        String ask = entry.path("ask").asText();
        if (ask.contains("sharing reader") || ask.contains("DevicePluginConfigFile")) {
          tests.add(DynamicTest.dynamicTest(
              file,
              () -> checkCase(
                  Files.readString(cases.resolve(file)), entry.path("right").asText())));
        }
      }
    }
    return tests.stream();
  }

  private static void checkCase(String text, String right) {
    Map<String, DevicePluginConfigFile> files = DevicePluginConfigFile.readAll(text);
    List<Finding> findings =
        files.values().stream().flatMap(file -> file.findings().stream()).toList();

    assertThat(findings).noneMatch(Finding::isError);
    OFFER
        .matcher(right)
        .results()
        .forEach(offer -> assertThat(
                files.get(offer.group(1)).orElseThrow().sharing().orElseThrow().resources())
            .contains(new SharedResource("nvidia.com/gpu", Integer.parseInt(offer.group(2)))));
    if (right.contains("kind is missing")) {
      assertThat(findings)
          .filteredOn(finding -> finding.code() == TextCode.KIND_MISSING)
          .singleElement()
          .satisfies(finding -> assertThat(finding.severity().toString()).isEqualTo("note"));
    }
    if (right.contains("belongs under")) {
      assertThat(findings).extracting(Finding::code).contains(SharingCode.MISPLACED_KEY);
    }
    if (right.contains("there after every write")) {
      List<String> keys = CAMEL_CASE
          .matcher(right)
          .results()
          .map(MatchResult::group)
          .filter(text::contains)
          .distinct()
          .toList();
      assertThat(keys).isNotEmpty();
      assertThat(files.values())
          .allSatisfy(file -> assertThat(file.orElseThrow().toYaml()).contains(keys));
    }
  }

  private void check(String name, JsonNode expected) throws IOException {
    Map<String, DevicePluginConfigFile> files =
        DevicePluginConfigFile.readAll(Files.readString(corpus.resolve(name)));
    JsonNode valid =
        expected.has("valid_by_profile") ? expected.get("valid_by_profile") : expected.get("valid");

    files.forEach((profile, file) -> {
      boolean accepted = valid.isObject() ? valid.get(profile).asBoolean() : valid.asBoolean();
      assertThat(file.config().isPresent())
          .as("%s: %s", profile, file.findings())
          .isEqualTo(accepted);
      if (!accepted) {
        assertThat(file.findings().stream().filter(Finding::isError))
            .extracting(Finding::code)
            .containsOnly(SharingCode.TOO_FEW_REPLICAS);
      }
    });
    if (valid.isObject()) {
      assertThat(valid.fieldNames())
          .toIterable()
          .containsExactlyInAnyOrderElementsOf(files.keySet());
    }
    if (expected.has("problem")) {
      assertThat(files.values())
          .anySatisfy(file ->
              assertThat(file.findings()).extracting(Finding::code).contains(PROBLEMS.get(name)));
    }
    expected
        .path("profiles")
        .fields()
        .forEachRemaining(profile -> checkProfile(files.get(profile.getKey()), profile.getValue()));
    if (expected.has("advertised_as")) {
      Map<NodeGpu, MigSetting> whole =
          Map.of(NodeGpu.of(0, GpuCatalog.bundled().require("l40s")), MigSetting.OFF);
      assertThat(NodeOffer.of(whole, MigStrategy.NONE)
              .withSharing(files.get("default").orElseThrow())
              .resources())
          .containsKey(expected.get("advertised_as").asText());
    }
  }

  private static void checkProfile(DevicePluginConfigFile file, JsonNode expected) {
    assertThat(file).isNotNull();
    if (file.config().isEmpty()) {
      return;
    }
    DevicePluginConfig config = file.orElseThrow();
    if (!expected.isObject()) {
      assertThat(config).isEqualTo(DevicePluginConfig.unshared());
      return;
    }
    expected.fields().forEachRemaining(fact -> {
      JsonNode value = fact.getValue();
      switch (fact.getKey()) {
        case "migStrategy" ->
          assertThat(config.flags().migStrategy().map(MigStrategy::toString))
              .contains(value.asText());
        case "renameByDefault" ->
          assertThat(config.sharing().orElseThrow().renameByDefault()).isEqualTo(value.asBoolean());
        case "failRequestsGreaterThanOne" ->
          assertThat(config.sharing().orElseThrow().failRequestsGreaterThanOne())
              .isEqualTo(value.asBoolean());
        case "mps" -> assertThat(config.sharing().orElseThrow().kind()).isEqualTo(SharingKind.MPS);
        default ->
          assertThat(config.sharing().orElseThrow().resources())
              .contains(new SharedResource(fact.getKey(), value.asInt()));
      }
    });
    boolean shares =
        expected.properties().stream().anyMatch(p -> p.getKey().startsWith("nvidia.com/"));
    assertThat(config.sharing().isPresent()).isEqualTo(shares);
  }
}
