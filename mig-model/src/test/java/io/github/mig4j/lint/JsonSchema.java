package io.github.mig4j.lint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.JsonText;
import io.github.mig4j.text.LineColumn;
import io.github.mig4j.text.YamlText;
import io.github.mig4j.text.YamlValue;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A schema of docs/schemas, with the keywords that it uses; any other keyword is refused. */
public final class JsonSchema {

  private final JsonNode root;

  public JsonSchema(String name) throws IOException {
    this.root =
        new ObjectMapper().readTree(Path.of("..", "docs", "schemas", name).toFile());
  }

  /** Whether a text is YAML whose first document, as Go reads it, is valid. */
  public boolean accepts(String yaml) {
    Findings findings = new Findings("a test");
    YamlText text = YamlText.parse(yaml, Embedding.NONE, findings);
    if (text.documents().isEmpty()) {
      return text.fault().isEmpty();
    }
    Optional<YamlValue> value = GoYaml.convert(text.documents().get(0), Embedding.NONE, findings);
    return value.isPresent() && accepts(root, tree(JsonText.of(value.get())));
  }

  private static JsonNode tree(String json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (IOException e) {
      throw new AssertionError(json, e);
    }
  }

  /** As draft 7 has it, keywords beside a reference are ignored. */
  private boolean accepts(JsonNode schema, JsonNode value) {
    if (schema.has("$ref")) {
      return accepts(root.at(schema.get("$ref").asText().substring(1)), value);
    }
    return StreamSupport.stream(((Iterable<String>) schema::fieldNames).spliterator(), false)
        .allMatch(keyword -> accepts(schema, keyword, schema.get(keyword), value));
  }

  private boolean accepts(JsonNode schema, String keyword, JsonNode operand, JsonNode value) {
    return switch (keyword) {
      case "$schema", "$id", "title", "description", "definitions", "then", "else" -> true;
      case "type" -> stream(operand).anyMatch(type -> isOfType(type.asText(), value));
      case "enum" -> stream(operand).anyMatch(each -> isEqual(each, value));
      case "required" -> !value.isObject() || stream(operand).allMatch(k -> value.has(k.asText()));
      case "minProperties" -> !value.isObject() || value.size() >= operand.asInt();
      case "maxProperties" -> !value.isObject() || value.size() <= operand.asInt();
      case "minItems" -> !value.isArray() || value.size() >= operand.asInt();
      case "maxItems" -> !value.isArray() || value.size() <= operand.asInt();
      case "maxLength" -> !value.isTextual() || value.asText().length() <= operand.asInt();
      case "pattern" ->
        !value.isTextual()
            || Pattern.compile(operand.asText()).matcher(value.asText()).find();
      case "minimum" -> !value.isNumber() || compare(value, operand) >= 0;
      case "maximum" -> !value.isNumber() || compare(value, operand) <= 0;
      case "items" -> !value.isArray() || stream(value).allMatch(item -> accepts(operand, item));
      case "properties" ->
        !value.isObject()
            || names(operand)
                .filter(value::has)
                .allMatch(name -> accepts(operand.get(name), value.get(name)));
      case "additionalProperties" ->
        !value.isObject()
            || names(value)
                .filter(name -> !schema.path("properties").has(name))
                .allMatch(name ->
                    operand.isObject() ? accepts(operand, value.get(name)) : operand.asBoolean());
      case "propertyNames" ->
        !value.isObject()
            || names(value)
                .allMatch(name -> accepts(
                    operand, tree(JsonText.of(new YamlValue.Text(LineColumn.START, name)))));
      case "anyOf" -> stream(operand).anyMatch(each -> accepts(each, value));
      case "allOf" -> stream(operand).allMatch(each -> accepts(each, value));
      case "not" -> !accepts(operand, value);
      case "if" -> accepts(schema.get(accepts(operand, value) ? "then" : "else"), value);
      default -> throw new AssertionError("This test does not know the keyword " + keyword);
    };
  }

  private static boolean isOfType(String type, JsonNode value) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isTextual();
      case "boolean" -> value.isBoolean();
      case "null" -> value.isNull();
      case "number" -> value.isNumber();
      case "integer" ->
        value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
      default -> throw new AssertionError(type);
    };
  }

  private static boolean isEqual(JsonNode a, JsonNode b) {
    return a.isNumber() && b.isNumber() ? compare(a, b) == 0 : a.equals(b);
  }

  private static int compare(JsonNode a, JsonNode b) {
    BigDecimal value = a.decimalValue();
    return value.compareTo(b.decimalValue());
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return list.isArray() ? StreamSupport.stream(list.spliterator(), false) : Stream.of(list);
  }

  private static Stream<String> names(JsonNode map) {
    return StreamSupport.stream(((Iterable<String>) map::fieldNames).spliterator(), false);
  }
}
