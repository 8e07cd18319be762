package io.github.mig4j.examples;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** What a value in JSON can be: in words for the documentation, and as JSON Schema. */
sealed interface JsonKind {

  /** In words, such as {@code list of text}. */
  String words();

  /** Adds the keywords of JSON Schema that say the same. */
  void describe(ObjectNode schema);

  /** Kinds without parts. */
  enum Plain implements JsonKind {
    TEXT("text", "string"),
    WHOLE_NUMBER("whole number", "integer"),
    NUMBER("number", "number"),
    BOOLEAN("boolean", "boolean"),
    OBJECT("object", "object"),
    EMPTY_LIST("empty list", "array"),
    ANY("any", "");

    private final String words;
    private final String type;

    Plain(String words, String type) {
      this.words = words;
      this.type = type;
    }

    @Override
    public String words() {
      return words;
    }

    @Override
    public void describe(ObjectNode schema) {
      if (!type.isEmpty()) {
        schema.put("type", type);
      }
      if (this == EMPTY_LIST) {
        schema.put("maxItems", 0);
      }
    }
  }

  /** One of these texts, or one boolean. */
  record Constants(List<Object> values) implements JsonKind {
    @Override
    public String words() {
      String list = values.stream().map("`%s`"::formatted).collect(Collectors.joining(", "));
      return values.size() == 1 ? list : "one of " + list;
    }

    @Override
    public void describe(ObjectNode schema) {
      ArrayNode all = schema.putArray("enum");
      values.forEach(all::addPOJO);
    }
  }

  /** The form of another row. */
  record Reference(String row) implements JsonKind {
    @Override
    public String words() {
      return row;
    }

    @Override
    public void describe(ObjectNode schema) {
      schema.put("$ref", "#/$defs/" + row);
    }
  }

  /** A list. */
  record ListOf(JsonKind item) implements JsonKind {
    @Override
    public String words() {
      return "list of " + item.words();
    }

    @Override
    public void describe(ObjectNode schema) {
      schema.put("type", "array");
      item.describe(schema.putObject("items"));
    }
  }

  /** An object whose keys are not fixed. */
  record MapOf(JsonKind value) implements JsonKind {
    @Override
    public String words() {
      return "map of " + value.words();
    }

    @Override
    public void describe(ObjectNode schema) {
      schema.put("type", "object");
      value.describe(schema.putObject("additionalProperties"));
    }
  }

  /** One of several kinds. */
  record OneOf(List<JsonKind> kinds) implements JsonKind {
    /** The kind itself if it is one; constants are put together. */
    static JsonKind of(List<JsonKind> kinds) {
      if (kinds.stream().allMatch(Constants.class::isInstance)) {
        return new Constants(kinds.stream()
            .flatMap(kind -> ((Constants) kind).values().stream())
            .distinct()
            .toList());
      }
      return kinds.size() == 1 ? kinds.get(0) : new OneOf(kinds);
    }

    @Override
    public String words() {
      return kinds.stream().map(JsonKind::words).collect(Collectors.joining(" or "));
    }

    @Override
    public void describe(ObjectNode schema) {
      ArrayNode any = schema.putArray("anyOf");
      kinds.forEach(kind -> kind.describe(any.addObject()));
    }
  }

  /** A field of an object. */
  record Field(JsonKind kind, boolean required) {}

  /** An object with these fields and no others. */
  record Fields(SortedMap<String, Field> fields) implements JsonKind {
    @Override
    public String words() {
      return "{%s}".formatted(list());
    }

    /** The fields, each as {@code `name` kind}, or {@code `name?` kind} if it can be absent. */
    String list() {
      return fields.entrySet().stream()
          .map(field -> "`%s%s` %s"
              .formatted(
                  field.getKey(),
                  field.getValue().required() ? "" : "?",
                  field.getValue().kind().words()))
          .collect(Collectors.joining("; "));
    }

    @Override
    public void describe(ObjectNode schema) {
      schema.put("type", "object");
      ObjectNode properties = schema.putObject("properties");
      fields.forEach((name, field) -> field.kind().describe(properties.putObject(name)));
      List<String> required = fields.entrySet().stream()
          .filter(field -> field.getValue().required())
          .map(Map.Entry::getKey)
          .toList();
      if (!required.isEmpty()) {
        ArrayNode names = schema.putArray("required");
        required.forEach(names::add);
      }
      schema.put("additionalProperties", false);
    }
  }
}
