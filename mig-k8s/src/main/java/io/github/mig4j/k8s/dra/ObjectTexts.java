package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.github.mig4j.text.Embedding;
import io.github.mig4j.text.GoYaml;
import io.github.mig4j.text.Template;
import io.github.mig4j.text.Wrapping;
import io.github.mig4j.text.YamlLocation;
import io.github.mig4j.text.YamlProblems;
import io.github.mig4j.text.YamlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads Kubernetes objects as trees of this library's Jackson 2. fabric8 8 uses Jackson 3.
 */
final class ObjectTexts {

  private static final ObjectMapper TREES = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final String EXPECTED =
      "expected what 'kubectl get resourceslices -o yaml' prints";

  /** The objects of a List, and those of a Template. */
  private static final List<String> LISTS = List.of("items", "objects");

  private ObjectTexts() {}

  /**
   * The objects of a file, including those in lists, templates and ConfigMaps. If the head of the text
   * is cut off, slices, their specs and their devices are recognised by their fields.
   */
  static List<JsonNode> parse(String text) {
    YamlText yaml = YamlText.parse(text, Embedding.NONE, Refusing.PROBLEMS, Integer.MAX_VALUE);
    requireNoTemplate(yaml.documents(), text);
    yaml.fault().ifPresent(fault -> refuse(fault, text));
    List<JsonNode> roots = new ArrayList<>();
    for (Node document : yaml.documents()) {
      convert(document, Embedding.NONE).ifPresent(value -> addRoots(value, roots));
    }
    List<JsonNode> objects = new ArrayList<>();
    roots.forEach(root -> object(root).ifPresent(objects::add));
    List<JsonNode> wrapped = hasDra(objects) ? List.of() : wrapped(Wrapping.of(yaml, text), text);
    if (objects.size() < roots.size() && wrapped.isEmpty()) {
      throw new IllegalArgumentException(
          "Not a Kubernetes object: it has no kind; %s".formatted(EXPECTED));
    }
    objects.addAll(wrapped);
    return objects;
  }

  private static List<JsonNode> wrapped(Wrapping wrapping, String text) {
    requireNoTemplate(
        wrapping.objects().stream().<Node>map(Wrapping.Wrapped::node).toList(), text);
    List<JsonNode> objects = wrapping.objects().stream()
        .flatMap(each -> convert(each.node(), each.embedding()).stream())
        .toList();
    if (!hasDra(objects)) {
      wrapping.faults().forEach(fault -> refuse(fault, text));
    }
    return objects;
  }

  private static boolean hasDra(List<JsonNode> objects) {
    return objects.stream().anyMatch(object -> object.path("kind").asText().startsWith("Resource"));
  }

  private static void refuse(YamlText.Fault fault, String text) {
    Template.causing(fault, text).ifPresent(ObjectTexts::refuse);
    fault.report(Refusing.PROBLEMS);
  }

  private static void requireNoTemplate(List<Node> read, String text) {
    if (Template.isReadAsMap(read)) {
      Template.in(text).ifPresent(ObjectTexts::refuse);
    }
  }

  private static void refuse(Template template) {
    throw new IllegalArgumentException("Line %d, column %d: %s; %s"
        .formatted(
            template.at().line(), template.at().column(), template.message(), template.remedy()));
  }

  private static Optional<JsonNode> convert(Node node, Embedding embedding) {
    return GoYaml.convert(node, embedding, Refusing.PROBLEMS)
        .map(value -> TREES.valueToTree(value.plain()));
  }

  private static void addRoots(JsonNode value, List<JsonNode> roots) {
    Optional<JsonNode> list =
        LISTS.stream().<JsonNode>map(value::path).filter(JsonNode::isArray).findFirst();
    if (list.isPresent()) {
      list.get().forEach(item -> addRoots(item, roots));
    } else if (value.isArray() && !isDevices(value)) {
      value.forEach(item -> addRoots(item, roots));
    } else if (!value.isNull()) {
      roots.add(value);
    }
  }

  /** The object that this is, or of which it is a part; empty if it is neither. */
  private static Optional<JsonNode> object(JsonNode value) {
    JsonNode spec = value.path("spec");
    if (value.path("kind").isTextual()) {
      return Optional.of(value);
    }
    if (spec.path("driver").isTextual() || isDevices(spec.path("devices"))) {
      return Optional.of(typed("ResourceSlice", value));
    }
    if (value.path("status").path("allocation").isObject()
        || spec.path("devices").path("requests").isArray()) {
      return Optional.of(typed("ResourceClaim", value));
    }
    if (value.path("driver").isTextual() || isDevices(value.path("devices"))) {
      return Optional.of(typed("ResourceSlice", NODES.objectNode().set("spec", value)));
    }
    return isDevices(value)
        ? Optional.of(typed(
            "ResourceSlice",
            NODES.objectNode().set("spec", NODES.objectNode().set("devices", value))))
        : Optional.empty();
  }

  private static JsonNode typed(String kind, JsonNode object) {
    ObjectNode typed = object.deepCopy();
    return typed.put("kind", kind);
  }

  /** The devices of a slice, as pages of documentation print them. */
  private static boolean isDevices(JsonNode document) {
    return document.isArray()
        && !document.isEmpty()
        && document.get(0).path("name").isTextual()
        && (document.get(0).has("attributes") || document.get(0).has("basic"));
  }

  /** The tree of an object that was read from a cluster. */
  static JsonNode tree(KubernetesSerialization fabric8, KubernetesResource object) {
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
  }
}
