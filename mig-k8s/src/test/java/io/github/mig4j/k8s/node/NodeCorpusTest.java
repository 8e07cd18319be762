package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Reads nodes that others published, each as its index says, in the folder that {@code
 * -Dmig4j.corpus} names.
 */
@EnabledIfSystemProperty(
    named = "mig4j.corpus",
    matches = ".+",
    disabledReason = "no -Dmig4j.corpus")
class NodeCorpusTest {

  @TestFactory
  List<DynamicTest> everyNode_isReadAsItSays() throws IOException {
    return Corpus.published(
        "nodes/", (file, entry) -> check(Files.readString(file), entry.path("expected")));
  }

  @TestFactory
  List<DynamicTest> everyFieldCase_isReadAndDiagnosed() throws IOException {
    return Corpus.fieldCases(
        entry -> entry.path("file").asText().startsWith("node-"),
        (file, entry) -> checkCase(Files.readString(file), entry.path("right").asText()));
  }

  /** The answer begins with whether there is a problem; labels and resources are in the JSON. */
  private static void checkCase(String text, String right) throws IOException {
    JsonNode node = new ObjectMapper().readTree(text);
    MigNodeStatus status = status(text);

    JsonNode labels = node.path("metadata").path("labels");
    assertThat(status.product()).hasValue(labels.path("nvidia.com/gpu.product").asText());
    assertThat(status.allocatable()).isEqualTo(positive(node.path("status").path("allocatable")));
    assertThat(status.capacity()).isEqualTo(positive(node.path("status").path("capacity")));
    if (right.startsWith("no problem")) {
      assertThat(status.problems()).isEmpty();
    } else if (right.startsWith("a problem")) {
      assertThat(status.problems()).isNotEmpty();
    }
  }

  private static void check(String text, JsonNode expected) {
    if (expected.has("single") && expected.has("mixed")) {
      List<String> parts = List.of(text.split("(?m)^# ")).stream()
          .filter(part -> !part.isBlank())
          .toList();
      for (String part : parts) {
        String strategy = part.startsWith("Single") ? "single" : "mixed";
        assertThat(status(part).allocatable()).isEqualTo(positive(expected.path(strategy)));
      }
      return;
    }
    MigNodeStatus status = status(text);
    checkText(expected, "product", status.product().orElse(null));
    checkText(expected, "mig.config", status.config().orElse(null));
    checkText(expected, "state", status.state().map(MigState::toString).orElse(null));
    checkText(expected, "sharing", status.sharing().orElse(null));
    if (expected.has("strategy")) {
      assertThat(status.strategy().toString())
          .isEqualTo(expected
              .path("strategy")
              .asText("none")
              .replaceFirst(" .*", "")
              .replace("null", "none"));
    }
    if (expected.has("replicas")) {
      assertThat(status.replicas()).hasValue(expected.path("replicas").asInt());
    }
    if (expected.has("mig")) {
      SortedMap<MigProfile, Integer> devices = new TreeMap<>();
      expected
          .path("mig")
          .fields()
          .forEachRemaining(each ->
              devices.put(MigProfile.parse(each.getKey()), each.getValue().asInt()));
      assertThat(status.devices()).isEqualTo(devices);
    }
    checkCount(expected, status);
    JsonNode resources = expected.path("resources");
    if (resources.has("allocatable")) {
      assertThat(status.allocatable()).isEqualTo(positive(resources.path("allocatable")));
      assertThat(status.capacity()).isEqualTo(positive(resources.path("capacity")));
    } else if (!resources.isMissingNode()) {
      assertThat(status.allocatable()).isEqualTo(positive(resources));
    }
  }

  /** The index has the label, which counts MIG devices where the product is one. */
  private static void checkCount(JsonNode expected, MigNodeStatus status) {
    JsonNode count = expected.path("gpu_count");
    if (count.isInt() && status.product().orElse("").contains("-MIG-")) {
      assertThat(status.gpus()).isEmpty();
      assertThat(status.devices().values()).containsExactly(count.asInt());
    } else if (count.isInt()) {
      assertThat(status.gpus()).hasValue(count.asInt());
    } else if (expected.has("gpu_count")) {
      assertThat(status.gpus()).isEmpty();
    }
  }

  private static void checkText(JsonNode expected, String field, String actual) {
    if (expected.has(field)) {
      assertThat(actual).as(field).isEqualTo(expected.path(field).textValue());
    }
  }

  private static Map<String, Long> positive(JsonNode resources) {
    Map<String, Long> positive = new TreeMap<>();
    resources.fields().forEachRemaining(each -> {
      if (each.getValue().asLong() > 0) {
        positive.put(each.getKey(), each.getValue().asLong());
      }
    });
    return positive;
  }

  private static MigNodeStatus status(String text) {
    return MigNodeStatus.parse(text).orElseThrow();
  }
}
