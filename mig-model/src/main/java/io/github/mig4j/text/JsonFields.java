package io.github.mig4j.text;

import io.github.mig4j.JsonForm;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * The fields of a value in its JSON form, in their order. An absent value has no field, what
 * has a form in JSON is its fields, and anything else but numbers and booleans is its text; so the
 * fields are the same with and without a mapper.
 */
public final class JsonFields {

  private final Map<String, Object> fields = new LinkedHashMap<>();

  private JsonFields() {}

  /** Begins with a field. */
  public static JsonFields of(String name, @Nullable Object value) {
    return new JsonFields().and(name, value);
  }

  /** A map as fields, in its order. */
  public static Map<String, Object> of(Map<?, ?> map) {
    JsonFields fields = new JsonFields();
    map.forEach((key, value) -> fields.and(key(key), value));
    return fields.map();
  }

  /** The values of a YAML text of the library's own, such as a file that it has written. */
  public static Map<String, Object> ofYaml(String yaml) {
    Object plain = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
    return plain instanceof Map<?, ?> map ? of(map) : Map.of();
  }

  /** An object among the fields; without fields if it is absent. */
  public static Map<String, Object> section(Map<String, Object> fields, String name) {
    return fields.get(name) instanceof Map<?, ?> map ? of(map) : Map.of();
  }

  /** Adds a field, unless its value is absent. */
  public JsonFields and(String name, @Nullable Object value) {
    Object plain = plain(value);
    if (plain != null) {
      fields.put(name, plain);
    }
    return this;
  }

  /** Adds the fields of another value. */
  public JsonFields andAll(Map<String, Object> others) {
    fields.putAll(others);
    return this;
  }

  /** The fields. */
  public Map<String, Object> map() {
    return Collections.unmodifiableMap(fields);
  }

  /** The name of a constant, in lower case with dashes. */
  public static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The constant whose text in JSON is this one. */
  public static <E extends Enum<E>> Optional<E> constant(Class<E> type, String text) {
    for (E constant : type.getEnumConstants()) {
      if (key(constant).equals(text)) {
        return Optional.of(constant);
      }
    }
    return Optional.empty();
  }

  private static @Nullable Object plain(@Nullable Object value) {
    if (value instanceof Optional<?> optional) {
      return plain(optional.orElse(null));
    }
    if (value instanceof OptionalInt optional) {
      return optional.isPresent() ? optional.getAsInt() : null;
    }
    if (value instanceof OptionalLong optional) {
      return optional.isPresent() ? optional.getAsLong() : null;
    }
    if (value instanceof Map<?, ?> map) {
      return of(map);
    }
    if (value instanceof Collection<?> list) {
      return list.stream().map(JsonFields::plain).filter(Objects::nonNull).toList();
    }
    if (value instanceof JsonForm form) {
      return form.toJson();
    }
    return value == null || value instanceof Number || value instanceof Boolean
        ? value
        : key(value);
  }

  private static String key(Object key) {
    return key instanceof Enum<?> constant && constant.toString().equals(constant.name())
        ? name(constant)
        : key.toString();
  }
}
