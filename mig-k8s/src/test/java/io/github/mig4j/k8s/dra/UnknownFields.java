package io.github.mig4j.k8s.dra;

import io.fabric8.kubernetes.api.model.KubernetesResource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Finds what fabric8's classes, which are generated from the API's definition, have no field for. */
final class UnknownFields {

  private UnknownFields() {}

  static List<String> in(Object typed) {
    return walk(typed).toList();
  }

  private static Stream<String> walk(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().flatMap(UnknownFields::walk);
    }
    if (!(value instanceof KubernetesResource)) {
      return Stream.of();
    }
    return Stream.of(value.getClass().getMethods())
        .filter(method -> method.getName().startsWith("get") && method.getParameterCount() == 0)
        .flatMap(method -> {
          try {
            Object found = method.invoke(value);
            return method.getName().equals("getAdditionalProperties")
                ? ((Map<?, ?>) found).keySet().stream().map(String::valueOf)
                : walk(found);
          } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
          }
        });
  }
}
