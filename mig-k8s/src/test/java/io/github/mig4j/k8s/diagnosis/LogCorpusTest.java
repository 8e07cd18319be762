package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Corpus;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Holds {@link Diagnosis} against logs that others published, each with its decisive line, in the
 * folder that {@code -Dmig4j.corpus} names, and against the logs of field-cases beside it.
 */
@EnabledIfSystemProperty(
    named = "mig4j.corpus",
    matches = ".+",
    disabledReason = "no -Dmig4j.corpus")
class LogCorpusTest {

  /** A word of the cause in the index, and the codes that say the same. */
  private static final Map<String, Set<FailureCode>> CAUSES = Map.of(
      "configuration applied", Set.of(FailureCode.REPORTED_SUCCESS),
      "no mig.config label", Set.of(FailureCode.NOTHING_REQUESTED),
      "GPU in use", Set.of(FailureCode.IN_USE),
      "driver library not found", Set.of(FailureCode.NVML_NOT_FOUND),
      "reboot needed", Set.of(FailureCode.MODE_CHANGE_NEEDS_REBOOT),
      "insufficient resources", Set.of(FailureCode.INSUFFICIENT_RESOURCES),
      "invalid MIG configuration",
          Set.of(FailureCode.EMPTY_MIG_GPU, FailureCode.INVALID_UNDER_SINGLE),
      "driver in use", Set.of(FailureCode.DRIVER_IN_USE),
      "not the one on the GPUs", Set.of(FailureCode.NOT_APPLIED));

  @TestFactory
  List<DynamicTest> everyLog_isDiagnosedByItsDecisiveLine() throws IOException {
    return Corpus.published("logs/", (file, entry) -> check(file, entry.path("expected")));
  }

  @TestFactory
  List<DynamicTest> everyFieldCase_isDiagnosed() throws IOException {
    return Corpus.fieldCases(
        entry -> entry.path("file").asText().endsWith(".log"), LogCorpusTest::checkCase);
  }

  /** The state is in the question; the code, where there is one, is the first word of the answer. */
  private static void checkCase(Path file, JsonNode entry) throws IOException {
    List<String> log = Files.readAllLines(file);
    Nodes node = Nodes.bare();
    Matcher state = Pattern.compile("state ([a-z]+)").matcher(entry.path("ask").asText());
    if (state.find()) {
      node = node.config(requested(log), state.group(1)).paused();
    }

    Diagnosis diagnosis = Diagnosis.of(MigNodeStatus.of(node.build()), log);

    String right = entry.path("right").asText();
    Stream.of(FailureCode.values())
        .filter(code -> right.matches(code + "\\b.*"))
        .forEach(code -> assertThat(diagnosis.code()).isEqualTo(code));
    assertThat(log).contains(diagnosis.decisiveLine().orElseThrow());
    assertThat(diagnosis.component()).isPresent();
    Matcher gpu = Pattern.compile("GPU [0-9]+").matcher(right);
    if (gpu.find()) {
      assertThat(diagnosis.explanation()).startsWith(gpu.group());
    }
  }

  private static String requested(List<String> log) {
    return log.stream()
        .map(Pattern.compile("Updating to MIG config: ([^\"]+)")::matcher)
        .filter(Matcher::find)
        .map(found -> found.group(1))
        .findFirst()
        .orElse("small");
  }

  private static void check(Path file, JsonNode expected) throws IOException {
    List<String> log = Files.readAllLines(file);

    Diagnosis diagnosis =
        Diagnosis.of(MigNodeStatus.of(Nodes.bare().build(), MigSettings.defaults()), log);

    assertThat(diagnosis.decisiveLine()).contains(expected.path("decisive_line").asText());
    assertThat(CAUSES.entrySet())
        .filteredOn(cause -> expected.path("cause").asText().contains(cause.getKey()))
        .singleElement()
        .satisfies(cause -> assertThat(cause.getValue()).contains(diagnosis.code()));
    if (expected.has("gpu_index")) {
      assertThat(diagnosis.explanation()).startsWith("GPU " + expected.path("gpu_index") + " ");
    }
    assertThat(log)
        .containsAll(diagnosis.logLines().stream()
            .map(line -> line.replaceFirst(" \\([0-9]+ times\\)$", ""))
            .toList());
  }
}
