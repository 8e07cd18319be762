package io.github.mig4j.examples;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The form of each type in JSON: as values have it, as a table of the documentation, and as a JSON
 * Schema.
 */
final class JsonForms {

  private static final String ROOT = "io.github.mig4j.";
  private static final Pattern ROW = Pattern.compile("\\| `([\\w.]+)` \\| (.*) \\|");
  private static final Pattern FIELD = Pattern.compile("`([^`]+)` ([^;]+)");
  private static final String ANY = "any";

  /** For an object the kinds of each field; for anything else its own kinds, under no name. */
  private final SortedMap<String, SortedMap<String, SortedSet<String>>> forms = new TreeMap<>();

  /** Reads the rows of a page; other lines are left out. */
  static JsonForms in(String page) {
    JsonForms read = new JsonForms();
    for (String line : page.lines().toList()) {
      var row = ROW.matcher(line);
      if (row.matches()) {
        var form = read.forms.computeIfAbsent(row.group(1), any -> new TreeMap<>());
        var fields = FIELD.matcher(row.group(2)).results().toList();
        if (row.group(2).startsWith("one of") || fields.isEmpty()) {
          form.put("", new TreeSet<>(List.of(row.group(2).split(" or "))));
        } else {
          fields.forEach(field -> form.put(field.group(1), kinds(field)));
        }
      }
    }
    return read;
  }

  private static SortedSet<String> kinds(MatchResult field) {
    return new TreeSet<>(List.of(field.group(2).strip().split(" or ")));
  }

  /** What Jackson writes for a value in place of its fields; empty if nothing is said. */
  static Optional<Object> valueOf(Object value) {
    return annotated(value.getClass()).map(method -> invoke(method, value));
  }

  private static Optional<Method> annotated(Class<?> type) {
    List<Class<?>> ancestors = new ArrayList<>();
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      ancestors.add(each);
      addInterfaces(each, ancestors);
    }
    return ancestors.stream()
        .flatMap(each -> Arrays.stream(each.getDeclaredMethods()))
        .filter(method -> method.isAnnotationPresent(JsonValue.class))
        .findFirst();
  }

  private static void addInterfaces(Class<?> type, List<Class<?>> to) {
    for (Class<?> each : type.getInterfaces()) {
      to.add(each);
      addInterfaces(each, to);
    }
  }

  private static Object invoke(Method method, Object value) {
    try {
      AccessibleObject.setAccessible(new AccessibleObject[] {method}, true);
      return method.invoke(value);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(method + " of " + value.getClass(), e);
    }
  }

  /** Adds the form of a value. */
  void add(Object value) {
    Object json = valueOf(value).orElseThrow();
    var form = forms.computeIfAbsent(name(value.getClass()), any -> new TreeMap<>());
    if (value instanceof Enum<?> constant) {
      form.put("", new TreeSet<>(List.of(constants(constant))));
    } else if (json instanceof Map<?, ?> map) {
      map.forEach((key, each) -> add(form, key.toString(), each));
    } else {
      add(form, "", json);
    }
  }

  private static void add(SortedMap<String, SortedSet<String>> form, String field, Object value) {
    var kinds = form.computeIfAbsent(field, any -> new TreeSet<>());
    kinds.addAll(kinds(value));
    for (String empty : List.of("list of any", "map of any")) {
      if (kinds.stream()
          .anyMatch(kind -> !kind.equals(empty) && kind.startsWith(empty.substring(0, 7)))) {
        kinds.remove(empty);
      }
    }
  }

  private static SortedSet<String> kinds(Object value) {
    if (value instanceof Map<?, ?> map) {
      return prefixed("map of ", map.values());
    }
    if (value instanceof Collection<?> list) {
      return prefixed("list of ", list);
    }
    if (value instanceof Boolean) {
      return new TreeSet<>(List.of("boolean"));
    }
    return new TreeSet<>(List.of(
        value instanceof Number
            ? "number"
            : value instanceof String ? "text" : name(value.getClass())));
  }

  private static SortedSet<String> prefixed(String prefix, Collection<?> values) {
    var kinds = values.stream()
        .flatMap(value -> kinds(value).stream())
        .map(prefix::concat)
        .collect(Collectors.toCollection(TreeSet::new));
    return kinds.isEmpty() ? new TreeSet<>(List.of(prefix + ANY)) : kinds;
  }

  private static String constants(Enum<?> constant) {
    return Arrays.stream(constant.getDeclaringClass().getEnumConstants())
        .map(each -> "`" + valueOf(each).orElseThrow() + "`")
        .collect(Collectors.joining(", ", "one of ", ""));
  }

  /** A type by its simple name, a nested one behind the type that it belongs to. */
  static String name(Class<?> type) {
    Class<?> named = type;
    if (Enum.class.isAssignableFrom(type) && !type.isEnum()) {
      named = type.getSuperclass();
    } else if (type.getSimpleName().startsWith("Immutable")) {
      named = type.getSuperclass() == Object.class ? type.getInterfaces()[0] : type.getSuperclass();
    }
    String name = named.getName();
    return name.substring(name.lastIndexOf('.') + 1).replace('$', '.');
  }

  /** The rows of the page. */
  String toTable() {
    return forms.entrySet().stream()
        .map(type -> "| `%s` | %s |%n".formatted(type.getKey(), form(type.getValue())))
        .collect(Collectors.joining("", "| type | form |\n|---|---|\n", ""));
  }

  private static String form(SortedMap<String, SortedSet<String>> form) {
    return form.containsKey("")
        ? String.join(" or ", form.get(""))
        : form.entrySet().stream()
            .map(
                field -> "`%s` %s".formatted(field.getKey(), String.join(" or ", field.getValue())))
            .collect(Collectors.joining("; "));
  }

  /** A JSON Schema (2020-12) with a definition for each type. */
  String toSchema() {
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    ObjectNode schema = mapper.createObjectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "The JSON of mig4j");
    ObjectNode definitions = schema.putObject("$defs");
    forms.forEach((type, form) -> {
      ObjectNode definition = definitions.putObject(type);
      if (form.containsKey("")) {
        kinds(definition, form.get(""));
      } else {
        definition.put("type", "object");
        ObjectNode properties = definition.putObject("properties");
        form.forEach((field, kinds) -> kinds(properties.putObject(field), kinds));
        definition.put("additionalProperties", false);
      }
    });
    return schema.toPrettyString() + "\n";
  }

  private static void kinds(ObjectNode schema, SortedSet<String> kinds) {
    if (kinds.size() == 1) {
      kind(schema, kinds.first());
    } else {
      var any = schema.putArray("anyOf");
      kinds.forEach(kind -> kind(any.addObject(), kind));
    }
  }

  private static void kind(ObjectNode schema, String kind) {
    if (kind.startsWith("one of ")) {
      var constants = schema.putArray("enum");
      Pattern.compile("`([^`]+)`")
          .matcher(kind)
          .results()
          .forEach(constant -> constants.add(constant.group(1)));
    } else if (kind.startsWith("list of ")) {
      schema.put("type", "array");
      kind(schema.putObject("items"), kind.substring(8));
    } else if (kind.startsWith("map of ")) {
      schema.put("type", "object");
      kind(schema.putObject("additionalProperties"), kind.substring(7));
    } else if (kind.equals("text")) {
      schema.put("type", "string");
    } else if (List.of("number", "boolean").contains(kind)) {
      schema.put("type", kind);
    } else if (!kind.equals(ANY)) {
      schema.put("$ref", "#/$defs/" + kind);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonForms that && forms.equals(that.forms);
  }

  @Override
  public int hashCode() {
    return forms.hashCode();
  }

  @Override
  public String toString() {
    return toTable();
  }
}
