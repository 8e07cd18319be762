package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.gpu.PciDeviceId;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
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
class ConfigCorpusTest {

  private static final Set<Code> UNPLACEABLE =
      Set.of(NodeCode.UNKNOWN_PROFILE, NodeCode.NOT_PLACEABLE, NodeCode.MIG_NOT_SUPPORTED);

  private static final Pattern MODEL = Pattern.compile("(\\S+)(?: \\((\\S+)\\))?");

  private static final Pattern NAMES =
      Pattern.compile("configs ([\\w.-]+(?:(?:, | and )[\\w.-]+)*)");
  private static final Pattern STRATEGY = Pattern.compile("strategy (none|single|mixed)");
  private static final Pattern GPU = Pattern.compile("GPU ([\\w-]+)");
  private static final Pattern IMPOSSIBLE = Pattern.compile("([\\w.-]+) is not placeable");

  private final Path corpus = Path.of(System.getProperty("mig4j.corpus", ""));

  @TestFactory
  Stream<DynamicTest> read_andLint_agreeWithWhatIsKnownOfEachFile() throws IOException {
    assertThat(corpus.resolve("index.json")).exists();
    JsonNode index = new ObjectMapper().readTree(corpus.resolve("index.json").toFile());
    List<DynamicTest> tests = new ArrayList<>();
    Map<String, Integer> skipped = new TreeMap<>();
    for (JsonNode entry : index) {
      String file = entry.get("file").asText();
      String folder = file.substring(0, file.indexOf('/'));
      if (folder.equals("configs")) {
        tests.add(DynamicTest.dynamicTest(file, () -> check(file, entry.get("expected"))));
      } else {
        skipped.merge(folder, 1, Integer::sum);
      }
    }
    System.out.println(
        "Corpus: " + tests.size() + " configurations; left to other tests: " + skipped);
    assertThat(tests).isNotEmpty();
    return tests.stream();
  }

  /** The cases beside the corpus have their answer in words, of which these tests know some. */
  @TestFactory
  Stream<DynamicTest> read_andLint_agreeWithEachFieldCase() throws IOException {
    Path cases = corpus.resolveSibling("field-cases");
    List<DynamicTest> tests = new ArrayList<>();
    if (Files.exists(cases.resolve("cases.json"))) {
      for (JsonNode entry :
          new ObjectMapper().readTree(cases.resolve("cases.json").toFile())) {
        String file = entry.path("file").asText();
        String ask = entry.path("ask").asText();
        if (ask.startsWith("validate")) {
          tests.add(DynamicTest.dynamicTest(
              file,
              () -> checkCase(cases.resolve(file), ask, entry.path("right").asText())));
        }
      }
    }
    return tests.stream();
  }

  private static void checkCase(Path path, String ask, String right) throws IOException {
    MigConfigFile file = MigConfigFile.read(Files.readAllBytes(path));
    if (right.startsWith("valid")) {
      assertThat(file.findings()).noneMatch(Finding::isError);
    }
    if (right.startsWith("refused")) {
      assertThat(file.document()).isEmpty();
      assertThat(file.findings()).anyMatch(Finding::isError);
    }
    if (right.contains("ONE finding")) {
      assertThat(file.findings()).hasSize(1);
    }
    found(NAMES, right).map(names -> List.of(names.split(", | and "))).ifPresent(names -> {
      assertThat(file.orElseThrow().configs().keySet()).containsExactlyElementsOf(names);
      List<String> lines = file.text().lines().toList();
      assertThat(names)
          .allSatisfy(
              name -> assertThat(lines.get(file.locationOf(name).line() - 1)).contains(name));
    });
    found(STRATEGY, right)
        .ifPresent(
            strategy -> assertThat(file.strategy()).map(MigStrategy::toString).contains(strategy));
    Optional<String> gpu = found(GPU, ask);
    Optional<String> impossible = found(IMPOSSIBLE, right);
    if (gpu.isPresent() && impossible.isPresent()) {
      GpuModel model = GpuCatalog.bundled().require(gpu.get());
      assertThat(NodeLint.of(file, NodeGpu.several(model, 1), MigStrategy.MIXED, impossible.get()))
          .anyMatch(finding -> finding.isError() && UNPLACEABLE.contains(finding.code()));
    }
  }

  private static Optional<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(result -> result.group(1)).findFirst();
  }

  private void check(String name, JsonNode expected) throws IOException {
    MigConfigFile file = MigConfigFile.read(Files.readAllBytes(corpus.resolve(name)));

    assertThat(file.document().isPresent())
        .as("%s", file.findings())
        .isEqualTo(expected.get("valid").asBoolean());
    if (expected.has("configs")) {
      List<String> configs = new ArrayList<>();
      expected.get("configs").forEach(config -> configs.add(config.asText()));
      assertThat(file.orElseThrow().configs().keySet()).containsExactlyElementsOf(configs);
    }
    if (expected.has("duplicate_keys")) {
      expected
          .get("duplicate_keys")
          .forEach(key -> assertThat(file.findings())
              .anyMatch(finding -> finding.code() == TextCode.DUPLICATE_KEY
                  && finding.location().orElseThrow().config().orElse("").equals(key.asText())));
    }
    expected
        .path("placeable")
        .fields()
        .forEachRemaining(config -> config
            .getValue()
            .fields()
            .forEachRemaining(gpu -> checkPlaceable(
                file, config.getKey(), gpu.getKey(), gpu.getValue().asBoolean())));
  }

  private static void checkPlaceable(
      MigConfigFile file, String config, String gpu, boolean placeable) {
    Matcher name = MODEL.matcher(gpu);
    assertThat(name.matches()).as(gpu).isTrue();
    GpuModel model = GpuCatalog.bundled().require(name.group(1));
    List<NodeGpu> gpus = NodeGpu.several(model, 8).stream()
        .map(each ->
            name.group(2) == null ? each : each.withDeviceId(PciDeviceId.parse(name.group(2))))
        .toList();

    List<Finding> errors = NodeLint.of(file, gpus, MigStrategy.MIXED, config).stream()
        .filter(Finding::isError)
        .toList();

    if (placeable) {
      assertThat(errors).as("%s on %s", config, gpu).isEmpty();
    } else {
      assertThat(errors).as("%s on %s", config, gpu).anyMatch(f -> UNPLACEABLE.contains(f.code()));
    }
  }
}
