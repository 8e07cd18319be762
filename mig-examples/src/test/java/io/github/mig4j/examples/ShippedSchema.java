package io.github.mig4j.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.github.mig4j.k8s.MigClient;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** The JSON Schema that mig-k8s contains. */
final class ShippedSchema {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonSchemaFactory FACTORY =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

  private final JsonNode all;
  private final Map<String, JsonSchema> byType = new HashMap<>();

  ShippedSchema() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(MigClient.class.getResourceAsStream("json-schema.json"))) {
      all = JSON.readTree(in);
    }
  }

  /** Why the JSON of a value is refused as what it is; empty if it is valid. */
  Optional<String> refusal(Object value) throws IOException {
    return refusal(JsonForms.name(value.getClass()), JSON.writeValueAsString(value));
  }

  /** Why a text is refused as JSON of a type; empty if it is valid. */
  Optional<String> refusal(String type, String json) throws IOException {
    if (!all.at("/$defs").has(type)) {
      return Optional.of("no definition of " + type);
    }
    String problems =
        byType.computeIfAbsent(type, this::schema).validate(JSON.readTree(json)).stream()
            .map(problem -> problem.getMessage())
            .sorted()
            .collect(Collectors.joining("; "));
    return problems.isEmpty() ? Optional.empty() : Optional.of(problems);
  }

  private JsonSchema schema(String type) {
    return FACTORY.getSchema(
        JSON.createObjectNode().put("$ref", "#/$defs/" + type).set("$defs", all.get("$defs")));
  }
}
