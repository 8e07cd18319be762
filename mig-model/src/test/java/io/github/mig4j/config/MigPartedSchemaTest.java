package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.lint.JsonSchema;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema of the mig-parted file has the verdicts of mig-parted, and of this library. */
class MigPartedSchemaTest {

  /** A pattern without back references cannot see that a word is there twice. */
  private static final Set<String> BEYOND_A_SCHEMA = Set.of("the same attribute twice");

  private static String text(JsonNode c) {
    String text = c.get("text").asText();
    String entry = "profile".equals(c.get("kind").asText())
        ? "{devices: all, mig-enabled: true, mig-devices: {'%s': 1}}".formatted(text)
        : text.strip().replace("\n", "\n    ");
    return "file".equals(c.get("kind").asText())
        ? text
        : "version: v1\nmig-configs:\n  c:\n  - " + entry + "\n";
  }

  @Test
  void schema_hasTheVerdictOfEveryCase() throws IOException {
    JsonSchema schema = new JsonSchema("mig-parted.schema.json");
    List<String> different = new ArrayList<>();
    int compared = 0;
    for (JsonNode c :
        new ObjectMapper().readTree(getClass().getResourceAsStream("mig-parted-verdicts.json"))) {
      if (Set.of("file", "entry", "profile").contains(c.get("kind").asText())) {
        compared++;
        if (schema.accepts(text(c)) != "accepts".equals(c.get("go").asText())) {
          different.add(c.get("case").asText());
        }
      }
    }

    assertThat(different).containsExactlyInAnyOrderElementsOf(BEYOND_A_SCHEMA);
    assertThat(compared).isGreaterThan(85);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "version: v1\nmig-configs: {c: [{devices: all, mig-enabled: true, mig-devices: }]}\n",
        "version: v1\nmig-configs: {c: [{devices: all, mig-enabled: , mig-devices: {1g.5gb: 1}}]}\n",
        "version: v1\nmig-configs: {c: [{devices: [], mig-enabled: false}]}\n",
        "version: v1\nmig-configs: {c: [{devices: [0.0], mig-enabled: false}]}\n",
        "version: v1\nmig-configs: {c: [{devices: [0.5], mig-enabled: false}]}\n",
        "version: v1\nmig-configs: {c: [{devices: all, mig-enabled: true, mig-devices: {1g.5gb: 2.0}}]}\n",
        "version: v1\nmig-configs: {c: [{device-filter: [], devices: all, mig-enabled: false}]}\n",
        "version: v1\nmig-configs: {c: [{device-filter: [~], devices: all, mig-enabled: false}]}\n",
        "version: v1\nmig-configs: {c: [~]}\n",
      })
  void schema_andReader_agree(String file) throws IOException {
    assertThat(new JsonSchema("mig-parted.schema.json").accepts(file))
        .isEqualTo(MigConfigFile.read(file).document().isPresent());
  }

  @Test
  void schema_acceptsWhatIsGenerated() throws IOException {
    JsonSchema schema = new JsonSchema("mig-parted.schema.json");

    assertThat(GpuCatalog.bundled().models())
        .allSatisfy(model -> assertThat(
                schema.accepts(MigConfigDocument.generatedFor(List.of(model)).toYaml()))
            .isTrue());
  }
}
