package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.PlacementResult;
import io.github.mig4j.layout.RunningInstances;
import io.github.mig4j.lint.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Tests {@link NvidiaSmi} with listings that others published, each with the expected content, in
 * the folder {@code -Dmig4j.corpus}.
 */
@EnabledIfSystemProperty(
    named = "mig4j.corpus",
    matches = ".*",
    disabledReason = "no -Dmig4j.corpus")
class SmiCorpusTest {

  private static final String FOLDER = "smi/";

  private static final Pattern READ = Pattern.compile("(\\d+g\\.\\d+gb\\S*) is read");
  private static final Pattern LINE = Pattern.compile("\\(line (\\d+)\\)");
  private static final Pattern RUNNING = Pattern.compile("run on GPU (\\d+)");
  private static final Pattern FITS =
      Pattern.compile("(\\d+g\\.\\d+gb\\S*) (does not fit|fits at (\\d+))");

  @TestFactory
  List<DynamicTest> everyListing_isReadAsItSays() throws IOException {
    Path corpus = Path.of(System.getProperty("mig4j.corpus"));
    JsonNode index = new ObjectMapper().readTree(Files.readString(corpus.resolve("index.json")));
    List<DynamicTest> tests = new ArrayList<>();
    int skipped = 0;
    for (JsonNode entry : index) {
      String file = entry.path("file").asText();
      if (file.startsWith(FOLDER)) {
        String text = Files.readString(corpus.resolve(file));
        tests.add(dynamicTest(file, () -> check(text, entry.path("expected"))));
      } else {
        skipped++;
      }
    }
    System.out.printf(
        "SmiCorpusTest: %d listings, %d other files skipped%n", tests.size(), skipped);
    assertThat(tests).as("listings in %s", corpus).isNotEmpty();
    return tests;
  }

  /** The cases beside the corpus have their answer in words, of which these tests know some. */
  @TestFactory
  List<DynamicTest> everyFieldCase_isReadAsItSays() throws IOException {
    Path cases = Path.of(System.getProperty("mig4j.corpus")).resolveSibling("field-cases");
    List<DynamicTest> tests = new ArrayList<>();
    if (Files.exists(cases.resolve("cases.json"))) {
      for (JsonNode entry :
          new ObjectMapper().readTree(cases.resolve("cases.json").toFile())) {
        String file = entry.path("file").asText();
        if (file.endsWith(".txt")) {
          String text = Files.readString(cases.resolve(file));
          tests.add(dynamicTest(file, () -> checkCase(text, entry.path("right").asText())));
        }
      }
    }
    return tests;
  }

  private static void checkCase(String text, String right) {
    var listing = NvidiaSmi.read(text);

    assertThat(listing.listings()).isNotEmpty();
    assertThat(listing.isComplete()).isNotEqualTo(right.contains("cut off"));
    results(READ, right)
        .forEach(profile -> assertThat(listing.gpus())
            .anySatisfy(gpu -> assertThat(gpu.model().profile(MigProfile.parse(profile.group(1))))
                .isPresent()));
    results(LINE, right)
        .forEach(line -> assertThat(listing.findings())
            .anySatisfy(finding -> assertThat(finding.location().orElseThrow().line())
                .isEqualTo(Integer.parseInt(line.group(1)))));
    if (right.contains("with a note")) {
      assertThat(listing.findings())
          .isNotEmpty()
          .allSatisfy(finding -> assertThat(finding.severity()).isEqualTo(Severity.NOTE));
    }
    var running = RunningInstances.in(listing);
    results(RUNNING, right)
        .forEach(gpu -> assertThat(running)
            .extracting(RunningInstances::gpu)
            .contains(Integer.parseInt(gpu.group(1))));
    for (var each : running) {
      results(FITS, right)
          .forEach(fit -> assertThat(models(each, fit.group(1))).allSatisfy(model -> {
            var request = MigLayout.on(model).keeping(each.placements());
            boolean fits = fit.group(2).startsWith("fits");
            request = fits
                ? request.addAt(fit.group(1), Integer.parseInt(fit.group(3)))
                : request.add(fit.group(1), 1);
            assertThat(request.place() instanceof PlacementResult.Placed).isEqualTo(fits);
          }));
    }
  }

  /** The listing does not say which model it is of. */
  private static List<GpuModel> models(RunningInstances running, String profile) {
    return GpuCatalog.bundled().models().stream()
        .filter(model -> model.profile(MigProfile.parse(profile)).isPresent())
        .filter(model -> running.placements().stream()
            .allMatch(placement -> model.profile(placement.profile()).isPresent()))
        .toList();
  }

  private static Stream<MatchResult> results(Pattern pattern, String text) {
    return pattern.matcher(text).results();
  }

  private static void check(String text, JsonNode expected) {
    var listing = NvidiaSmi.read(text);
    var gpus = listing.gpus();
    assertThat(listing.findings()).isEmpty();

    List<Integer> indexes = new ArrayList<>();
    expected.path("gpus").forEach(gpu -> indexes.add(gpu.asInt()));
    assertThat(gpus).extracting(NvidiaSmi.Gpu::index).containsExactlyElementsOf(indexes);
    int profiles = gpus.stream().mapToInt(gpu -> gpu.model().profiles().size()).sum();
    assertThat(profiles).isEqualTo(expected.path("profiles").size());
    for (JsonNode wanted : expected.path("profiles")) {
      var gpu = gpus.get(indexes.indexOf(wanted.path("gpu").asInt()));
      var name = MigProfile.parse(wanted.path("name").asText());
      var profile = gpu.model().profile(name).orElseThrow();
      assertThat(profile.id()).hasValue(wanted.path("id").asInt());
      assertThat(gpu.free()).containsEntry(name, wanted.path("free").asInt());
      assertThat(profile.maxInstances()).isEqualTo(wanted.path("total").asInt());
      assertThat(profile.amount(Budget.SMS)).hasValue(wanted.path("sm").asInt());
      int mib = profile.amount(Budget.MEMORY_MIB).getAsInt();
      assertThat(mib % 64).isZero();
      assertThat(mib / 1024.0)
          .isBetween(
              wanted.path("memory_gib").asDouble() - 0.006,
              wanted.path("memory_gib").asDouble() + 0.006);
    }
    for (var gpu : gpus) {
      JsonNode placements = expected.path("placements").path(String.valueOf(gpu.index()));
      for (var profile : gpu.model().profiles()) {
        JsonNode wanted = placements.path(String.valueOf(profile.id().getAsInt()));
        List<Integer> starts = new ArrayList<>();
        wanted.path("starts").forEach(start -> starts.add(start.asInt()));
        assertThat(profile.starts()).isEqualTo(starts);
        assertThat(profile.size().stream().boxed())
            .isEqualTo(wanted.has("size") ? List.of(wanted.path("size").asInt()) : List.of());
      }
    }
  }
}
