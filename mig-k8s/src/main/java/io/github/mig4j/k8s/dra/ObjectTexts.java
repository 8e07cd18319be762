package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlProblems;
import io.github.mig4j.text.YamlText;
import io.github.mig4j.text.YamlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads Kubernetes objects as trees of this library's Jackson 2. fabric8 8 uses Jackson 3.
 */
final class ObjectTexts {

  private static final ObjectMapper TREES = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final String EXPECTED =
      "expected what 'kubectl get resourceslices -o yaml' prints";

  private ObjectTexts() {}

  /** The objects of a file, including those in lists. */
  static List<JsonNode> parse(String text) {
    YamlText yaml = YamlText.parse(text, Embedding.NONE, Refusing.PROBLEMS, Integer.MAX_VALUE);
    yaml.fault().ifPresent(fault -> fault.report(Refusing.PROBLEMS));
    List<JsonNode> objects = new ArrayList<>();
    yaml.documents()
        .forEach(document -> GoYaml.convert(document, Embedding.NONE, Refusing.PROBLEMS)
            .ifPresent(value -> add(tree(value), objects)));
    return objects;
  }

  private static void add(JsonNode document, List<JsonNode> objects) {
    if (document.isNull()) {
      return;
    }
    if (!document.path("kind").isTextual()) {
      throw new IllegalArgumentException(
          "Not a Kubernetes object: it has no kind; %s".formatted(EXPECTED));
    }
    if (document.path("items").isArray()) {
      document.path("items").forEach(item -> add(item, objects));
    } else {
      objects.add(document);
    }
  }

  private static JsonNode tree(YamlValue value) {
    if (value instanceof YamlValue.Mapping mapping) {
      ObjectNode object = NODES.objectNode();
      mapping.entries().forEach((key, entry) -> object.set(key, tree(entry.value())));
      return object;
    }
    if (value instanceof YamlValue.Sequence sequence) {
      ArrayNode array = NODES.arrayNode();
      sequence.items().forEach(item -> array.add(tree(item)));
      return array;
    }
    if (value instanceof YamlValue.Text text) {
      return NODES.textNode(text.value());
    }
    if (value instanceof YamlValue.Bool bool) {
      return NODES.booleanNode(bool.value());
    }
    if (value instanceof YamlValue.Decimal number) {
      return NODES.numberNode(number.value());
    }
    return value instanceof YamlValue.Int number
        ? NODES.numberNode(number.value())
        : NODES.nullNode();
  }

  /** The tree of an object that was read from a cluster. */
  static JsonNode tree(KubernetesSerialization fabric8, GenericKubernetesResource object) {
    return TREES.valueToTree(fabric8.convertValue(object, Map.class));
  }

  /** A copy in which no object has a field that is null, an empty object or an empty list. */
  static JsonNode withoutEmptyFields(JsonNode value) {
    if (value.isArray()) {
      ArrayNode items = NODES.arrayNode();
      value.forEach(item -> items.add(withoutEmptyFields(item)));
      return items;
    }
    if (!value.isObject()) {
      return value;
    }
    ObjectNode fields = NODES.objectNode();
    value.properties().forEach(field -> {
      JsonNode content = withoutEmptyFields(field.getValue());
      if (!content.isNull() && !(content.isContainerNode() && content.isEmpty())) {
        fields.set(field.getKey(), content);
      }
    });
    return fields;
  }

  /** Refuses a text at its first error. */
  private enum Refusing implements YamlProblems {
    PROBLEMS;

    @Override
    public void report(
        YamlProblems.Problem problem, YamlLocation where, String message, String remedy) {
      if (problem.isError()) {
        throw new IllegalArgumentException("Line %d, column %d: %s; %s"
            .formatted(where.at().line(), where.at().column(), message, EXPECTED));
      }
    }

    @Override
    public String program() {
      return "kubectl";
    }
  }
}
