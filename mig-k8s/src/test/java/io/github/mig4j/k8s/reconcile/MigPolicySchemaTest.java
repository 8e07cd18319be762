package io.github.mig4j.k8s.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.YamlOutput;
import io.github.mig4j.text.YamlText;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The schema of the policy file refuses what the reader refuses for the file's form. */
class MigPolicySchemaTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** What depends on the catalogue, or on another value of the file. */
  private static final Set<PolicyCode> BEYOND_A_SCHEMA = Set.of(
      PolicyCode.UNKNOWN_MODEL,
      PolicyCode.UNKNOWN_PROFILE,
      PolicyCode.NO_MIG,
      PolicyCode.LAYOUT_DOES_NOT_FIT,
      PolicyCode.STOCK_DOES_NOT_FIT,
      PolicyCode.DUPLICATE_NAME,
      PolicyCode.SAME_NODE,
      PolicyCode.CAN_OVERLAP);

  /** Invalid values that a schema cannot see: unknown time zones, and two names of one model. */
  private static final List<String> UNSEEN = List.of("].zone: ", "is a second target for");

  private static boolean schemaAccepts(JsonSchema schema, String text) {
    Findings findings = new Findings("a test");
    YamlText yaml = YamlText.parse(text, Embedding.NONE, findings);
    return !yaml.documents().isEmpty()
        && GoYaml.convert(yaml.documents().get(0), Embedding.NONE, findings)
            .filter(value ->
                schema.validate(YamlOutput.json(value), InputFormat.JSON).isEmpty())
            .isPresent();
  }

  private static boolean hasForm(String text) {
    return MigPolicyFile.read(text).findings().stream()
        .allMatch(finding -> BEYOND_A_SCHEMA.contains(finding.code()) || isUnseen(finding));
  }

  private static boolean isUnseen(Finding finding) {
    return UNSEEN.stream().anyMatch(part -> finding.sentence().contains(part));
  }

  private static JsonSchema schema() throws IOException {
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7)
        .getSchema(
            JSON.readTree(Path.of("../docs/schemas/mig-policy.schema.json").toFile()));
  }

  /** The texts of the tests of the reader. */
  private static List<String> texts() {
    List<String> texts = new ArrayList<>(List.of(MigPolicyFileTest.FULL, "policies: [{}]", ""));
    for (Method test : MigPolicyFileTest.class.getDeclaredMethods()) {
      Stream.ofNullable(test.getAnnotation(CsvSource.class))
          .filter(source -> source.delimiter() == '|')
          .flatMap(source -> Stream.of(source.value()))
          .map(row -> MigPolicyFileTest.with(row.substring(0, row.lastIndexOf('|'))))
          .forEach(texts::add);
      Stream.ofNullable(test.getAnnotation(ValueSource.class))
          .flatMap(source -> Stream.of(source.strings()))
          .map(value -> test.getName().startsWith("read_pace")
              ? MigPolicyFileTest.with("{b200-180gb: {whole: true}}") + "  pace: " + value
              : value)
          .forEach(texts::add);
    }
    return texts;
  }

  @Test
  void schema_hasTheVerdictOfEveryCase() throws IOException {
    JsonSchema schema = schema();

    assertThat(texts())
        .hasSizeGreaterThan(35)
        .allSatisfy(
            text -> assertThat(schemaAccepts(schema, text)).as(text).isEqualTo(hasForm(text)));
  }

  /** Each value of a full file, replaced by each of these, removed, and with another key beside it. */
  @Test
  void schema_hasTheVerdictOfEveryFileWithOneOtherValue() throws IOException {
    JsonSchema schema = schema();
    List<JsonNode> values = new ArrayList<>();
    for (String value : List.of(
        "null, true, false, 0, 1, 2, -1, 1.5, 48, 49, 999999, 1000000, 1000001",
        "'', 'x', 'X', '-a', 'a b', 'a.b', '7', '0', '0%', '100%', '0100%', '101%', '0000001%', '1000000'",
        "'10m', '1h1s', '1s1h', '0s', 'm', '-1m', '1h30', '24:00', '23:59:59', '9:00', '23:59:59.5', 'SATURDAY', 'sAt', 'Satur'",
        "'UTC', 'Mars', 'yield', 'drain', 'Drain', [], {}, [1], ['x'], ['Sun'], [{}], {'a': 'b'}, {'a': 1}, {'1g.23gb': 7}",
        "{'1g.23GB': 7}, {'1g.23gb': 0}, {'1g.23gb': 1.0}, {'1g.23gb+me': 1}, {'whole': true}, {'mps': 2, 'whole': true}")) {
      JSON.readTree("[" + value.replace('\'', '"') + "]").forEach(values::add);
    }
    List<JsonPointer> places = new ArrayList<>();
    JsonNode full = JSON.readTree(
        MigPolicyFile.json(MigPolicyFile.read(MigPolicyFileTest.FULL).policies()));
    collect(full, JsonPointer.empty(), places);

    List<String> others = new ArrayList<>();
    for (JsonPointer place : places) {
      for (JsonNode value : values) {
        others.add(changed(full, place, value));
      }
      others.add(changed(full, place, null));
      if (full.at(place) instanceof ObjectNode object) {
        others.add(changed(full, place, object.deepCopy().put("other", "x")));
      }
    }

    Map<Boolean, List<String>> byVerdict =
        others.stream().collect(Collectors.partitioningBy(text -> schemaAccepts(schema, text)));
    assertThat(byVerdict.get(true)).hasSizeGreaterThan(100).allMatch(text -> hasForm(text));
    assertThat(byVerdict.get(false)).hasSizeGreaterThan(1000).noneMatch(text -> hasForm(text));
  }

  private static void collect(JsonNode node, JsonPointer at, Collection<JsonPointer> places) {
    if (!at.matches()) {
      places.add(at);
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      collect(field.getValue(), at.appendProperty(field.getKey()), places);
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      collect(node.get(i), at.appendIndex(i), places);
    }
  }

  /** A copy with another value, or without the value if that is null. */
  private static String changed(JsonNode full, JsonPointer place, JsonNode value) {
    JsonNode copy = full.deepCopy();
    JsonNode parent = copy.at(place.head());
    if (parent instanceof ObjectNode object) {
      String key = place.last().getMatchingProperty();
      if (value == null) {
        object.remove(key);
      } else {
        object.set(key, value);
      }
    } else if (parent instanceof ArrayNode array) {
      int index = place.last().getMatchingIndex();
      if (value == null) {
        array.remove(index);
      } else {
        array.set(index, value);
      }
    }
    return copy.toString();
  }
}
