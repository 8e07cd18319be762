package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.lint.JsonSchema;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema of the device plugin's file has the verdicts of {@link DevicePluginVerdictsTest}. */
class DevicePluginSchemaTest {

  private static List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (Method test : DevicePluginVerdictsTest.class.getDeclaredMethods()) {
      boolean isEntry = test.getName().equals("read_entry_isJudgedAsThePluginDoes");
      Stream.ofNullable(test.getAnnotation(CsvSource.class))
          .flatMap(source -> Stream.of(source.value()))
          .map(row -> row.substring(0, row.lastIndexOf('|')).strip())
          .map(field -> isEntry
              ? "{version: v1, sharing: {timeSlicing: {resources: [{" + field + "}]}}}"
              : "{version: v1, " + field + "}")
          .forEach(texts::add);
      Stream.ofNullable(test.getAnnotation(ValueSource.class))
          .flatMap(source -> Stream.of(source.strings()))
          .forEach(texts::add);
    }
    return texts;
  }

  @Test
  void schema_hasTheVerdictOfEveryCase() throws IOException {
    JsonSchema schema = new JsonSchema("device-plugin.schema.json");
    List<String> texts = texts();

    assertThat(texts)
        .hasSizeGreaterThan(80)
        .allSatisfy(text -> assertThat(schema.accepts(text))
            .as(text)
            .isEqualTo(DevicePluginConfigFile.read(text).config().isPresent()));
  }

  @Test
  void schema_hasTheLimitsOfReplicasAndNames() throws IOException {
    JsonSchema schema = new JsonSchema("device-plugin.schema.json");

    assertThat(IntStream.rangeClosed(-1, 60).boxed().toList()).allSatisfy(replicas -> {
      String resources = "{resources: [{name: nvidia.com/gpu, replicas: " + replicas + "}]}";
      for (String kind : List.of("timeSlicing", "mps")) {
        String text = "sharing: {" + kind + ": " + resources + "}";
        assertThat(schema.accepts(text))
            .as(text)
            .isEqualTo(DevicePluginConfigFile.read(text).config().isPresent());
      }
    });
    assertThat(List.of(
            "nvidia.com/" + "g".repeat(52),
            "nvidia.com/" + "g".repeat(53),
            "g".repeat(52),
            "g".repeat(53)))
        .allSatisfy(name -> {
          String text = "sharing: {timeSlicing: {resources: [{name: " + name + ", replicas: 2}]}}";
          assertThat(schema.accepts(text))
              .isEqualTo(DevicePluginConfigFile.read(text).config().isPresent());
        });
  }
}
