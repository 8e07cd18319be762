package io.github.mig4j.k8s.dra;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.fixture.Corpus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Holds the reader of slices against those that others published, as their index says, in the
 * folder that {@code -Dmig4j.corpus} names.
 */
@EnabledIfSystemProperty(
    named = "mig4j.corpus",
    matches = ".+",
    disabledReason = "no -Dmig4j.corpus")
class DraCorpusTest {

  @TestFactory
  List<DynamicTest> everyFile_isReadAsItsIndexSays() throws IOException {
    return Corpus.published(
        "dra/", (file, entry) -> check(Files.readString(file), entry.path("expected")));
  }

  @TestFactory
  List<DynamicTest> everyFieldCaseWithSlices_isRead() throws IOException {
    return Corpus.fieldCases(
        entry -> entry.path("ask").asText().contains("inventory"),
        (file, entry) -> assertThat(
                DraInventory.parse(Files.readString(file), GpuCatalog.bundled()).nodes())
            .isNotEmpty()
            .allSatisfy(node -> assertThat(node.gpus()).isNotEmpty()));
  }

  private static void check(String text, JsonNode expected) {
    DraInventory inventory = DraInventory.parse(text, GpuCatalog.bundled());
    List<Slice> slices = ObjectTexts.parse(text).stream().map(Slice::new).toList();
    expected.fields().forEachRemaining(field -> {
      JsonNode value = field.getValue();
      switch (field.getKey()) {
        case "slices", "documents" -> assertThat(slices).hasSize(value.asInt());
        case "drivers" ->
          assertThat(slices)
              .extracting(slice -> slice.driver().orElse(""))
              .contains(texts(value).toArray(String[]::new));
        case "gpus_per_node" ->
          assertThat(inventory.nodes())
              .isNotEmpty()
              .allSatisfy(node -> assertThat(node.gpus()).hasSize(value.asInt()));
        case "type" ->
          assertThat(gpus(inventory).stream().flatMap(gpu -> gpu.devices().stream()))
              .extracting(device -> device.kind().name().toLowerCase(Locale.ROOT))
              .containsOnly(value.asText());
        case "productName" ->
          assertThat(gpus(inventory))
              .allSatisfy(gpu -> assertThat(gpu.product()).contains(value.asText()));
        case "mig" ->
          assertThat(
                  gpus(inventory).stream().mapToInt(gpu -> gpu.cutInto().size()).sum())
              .isEqualTo(value.asInt());
        case "apiVersion" -> assertThat(DraVersion.parse(value.asText())).isNotNull();
        case "devices_shown" ->
          assertThat(gpus(inventory).stream().flatMap(gpu -> gpu.devices().stream()))
              .hasSize(value.asInt());
        case "device" -> checkDevice(inventory, slices, value);
        case "devices" ->
          assertThat(slices.stream().flatMap(slice -> slice.devices().stream()))
              .extracting(PublishedDevice::name)
              .isEqualTo(texts(value));
        case "sharedCounters" -> assertThat(counters(slices)).isEqualTo(amounts(value));
        case "max_partitions_at_once" -> assertThat(mostAtOnce(slices)).isEqualTo(value.asInt());
        default -> {
          // The index also has words for people.
        }
      }
    });
    assertThat(slices).isNotEmpty();
  }

  private static void checkDevice(DraInventory inventory, List<Slice> slices, JsonNode expected) {
    var device = gpus(inventory).get(0).devices().get(0);
    var published = slices.get(0).devices().get(0);
    assertThat(device.name()).isEqualTo(expected.path("name").asText());
    assertThat(device.kind()).isEqualTo(DraDevice.Kind.MIG);
    assertThat(device.profile())
        .contains(MigProfile.parse(expected.path("profile").asText()));
    assertThat(device.memoryMib() + "Mi")
        .isEqualTo("OptionalLong[" + expected.path("memory").asText().replace("Mi", "]Mi"));
    assertThat(published.capacities())
        .containsEntry("multiprocessors", expected.path("multiprocessors").asLong());
    if (expected.has("productName")) {
      assertThat(gpus(inventory).get(0).product())
          .contains(expected.path("productName").asText());
    }
  }

  private static List<DraGpu> gpus(DraInventory inventory) {
    return inventory.nodes().stream().flatMap(node -> node.gpus().stream()).toList();
  }

  private static Map<String, Map<String, Long>> counters(List<Slice> slices) {
    Map<String, Map<String, Long>> sets = new LinkedHashMap<>();
    slices.forEach(slice -> sets.putAll(slice.counterSets()));
    return sets;
  }

  private static int mostAtOnce(List<Slice> slices) {
    return new Counters(counters(slices))
        .most(slices.stream()
            .flatMap(slice -> slice.devices().stream())
            .filter(device -> device.name().contains("partition"))
            .toList());
  }

  private static Map<String, Map<String, Long>> amounts(JsonNode sets) {
    Map<String, Map<String, Long>> amounts = new LinkedHashMap<>();
    sets.fields().forEachRemaining(set -> {
      Map<String, Long> counters = new LinkedHashMap<>();
      set.getValue()
          .fields()
          .forEachRemaining(counter -> counters.put(
              counter.getKey(),
              Long.parseLong(counter.getValue().asText().replace("Gi", "")) << 30));
      amounts.put(set.getKey(), counters);
    });
    return amounts;
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(item -> texts.add(item.asText()));
    return texts;
  }
}
