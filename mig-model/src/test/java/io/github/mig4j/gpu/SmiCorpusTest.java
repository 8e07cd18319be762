package io.github.mig4j.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
