package io.github.mig4j.k8s.dra;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads Kubernetes objects as trees of this library's Jackson 2. fabric8 8 uses Jackson 3.
 */
final class ObjectTexts {

  private static final ObjectMapper TREES = new ObjectMapper();

  private static final Pattern SEPARATOR = Pattern.compile("(?m)^---\\s*$");

  private ObjectTexts() {}

  /** The objects of a file, including those in lists. */
  static List<JsonNode> parse(String text) {
    List<JsonNode> objects = new ArrayList<>();
    for (String document : SEPARATOR.split(text, -1)) {
      if (!document.isBlank()) {
        add(read(document), objects);
      }
    }
    return objects;
  }

  private static void add(@Nullable JsonNode document, List<JsonNode> objects) {
    if (document == null || document.isNull()) {
      return;
    }
    if (!document.path("kind").isTextual()) {
      throw new IllegalArgumentException(
          "Not a Kubernetes object: it has no kind. Expected what 'kubectl get resourceslices -o yaml' prints");
    }
    if (document.path("items").isArray()) {
      document.path("items").forEach(item -> add(item, objects));
    } else {
      objects.add(document);
    }
  }

  private static @Nullable JsonNode read(String document) {
    try {
      return TREES.valueToTree(Serialization.unmarshal(document, Object.class));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "Not YAML: %s. Expected what 'kubectl get resourceslices -o yaml' prints"
              .formatted(String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }

  /** The tree of an object that was read from a cluster. */
  static JsonNode tree(KubernetesSerialization fabric8, GenericKubernetesResource object) {
    return TREES.valueToTree(fabric8.convertValue(object, Map.class));
  }
}
