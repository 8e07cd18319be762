package io.github.mig4j.text;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the fields of a value from its JSON form, and refuses what is missing, unknown or of another kind. */
public final class JsonInput {

  private final String what;
  private final Map<?, ?> fields;
  private final Set<String> known = new TreeSet<>();

  private JsonInput(String what, Map<?, ?> fields) {
    this.what = what;
    this.fields = fields;
  }

  /**
   * The fields of a value.
   *
   * @param what the kind of value, for messages, such as {@code GPU model}
   * @param json the fields as a JSON mapper reads them
   */
  public static JsonInput of(String what, Map<?, ?> json) {
    return new JsonInput(what, Objects.requireNonNull(json, "json"));
  }

  /** A text that must be there. */
  public String text(String name) {
    return optionalText(name).orElseThrow(() -> missing(name));
  }

  /** A text, if it is there. */
  public Optional<String> optionalText(String name) {
    return get(name, "a text", value -> value instanceof String text ? text : null);
  }

  /** A whole number that must be there. */
  public int integer(String name) {
    return optionalInteger(name).orElseThrow(() -> missing(name));
  }

  /** A whole number, if it is there. */
  public OptionalInt optionalInteger(String name) {
    Optional<Integer> number = get(name, "a whole number", JsonInput::whole);
    return number.isPresent() ? OptionalInt.of(number.get()) : OptionalInt.empty();
  }

  /** A number, if it is there. */
  public Optional<Double> optionalNumber(String name) {
    return get(name, "a number", value -> value instanceof Number n ? n.doubleValue() : null);
  }

  /** A boolean that must be there. */
  public boolean truth(String name) {
    return get(name, "true or false", value -> value instanceof Boolean truth ? truth : null)
        .orElseThrow(() -> missing(name));
  }

  /** The values of a list of objects; none if the list is not there. */
  public <T> List<T> objects(String name, Function<Map<String, Object>, T> read) {
    return list(name, "a list of objects", value -> read.apply(asObject(name, value)));
  }

  /** The texts of a list; none if it is not there. */
  public List<String> texts(String name) {
    return list(name, "a list of texts", value -> value instanceof String text ? text : null);
  }

  /** The numbers of a list; none if it is not there. */
  public List<Integer> integers(String name) {
    return list(name, "a list of whole numbers", JsonInput::whole);
  }

  /** An object that must be there. */
  public Map<String, Object> object(String name) {
    return optionalObject(name).orElseThrow(() -> missing(name));
  }

  /** The fields of an object; none if it is not there. */
  public JsonInput fields(String name) {
    return of(what, optionalObject(name).orElse(Map.of()));
  }

  /** An object, if it is there. */
  public Optional<Map<String, Object>> optionalObject(String name) {
    return get(
        name, "an object", value -> value instanceof Map<?, ?> ? asObject(name, value) : null);
  }

  /** All fields, each of which must be an object. */
  public SortedMap<String, Map<String, Object>> allObjects() {
    return all(this::object);
  }

  /** All fields, each of which must be a text. */
  public SortedMap<String, String> allTexts() {
    return all(this::text);
  }

  /** All fields, each of which must be a whole number. */
  public SortedMap<String, Integer> allIntegers() {
    return all(this::integer);
  }

  private <T> SortedMap<String, T> all(Function<String, T> read) {
    SortedMap<String, T> all = new TreeMap<>();
    fields
        .keySet()
        .forEach(name -> all.put(String.valueOf(name), read.apply(String.valueOf(name))));
    return all;
  }

  /** Takes fields that follow from the others, and are not read. */
  public JsonInput ignoring(String... names) {
    known.addAll(List.of(names));
    return this;
  }

  /** Returns what was read, or refuses fields that were not read. */
  public <T> T requireNoOthers(T read) {
    for (Object name : fields.keySet()) {
      if (!known.contains(String.valueOf(name))) {
        throw new IllegalArgumentException("Not a %s: field %s is unknown. Expected %s"
            .formatted(what, Quoted.of(String.valueOf(name)), String.join(", ", known)));
      }
    }
    return read;
  }

  private <T> List<T> list(String name, String kind, Function<Object, @Nullable T> read) {
    return this.<List<T>>get(
            name, kind, value -> value instanceof List<?> list ? all(list, read) : null)
        .orElse(List.of());
  }

  private static <T> @Nullable List<T> all(List<?> list, Function<Object, @Nullable T> read) {
    List<T> all = new ArrayList<>();
    for (Object each : list) {
      T one = each == null ? null : read.apply(each);
      if (one == null) {
        return null;
      }
      all.add(one);
    }
    return all;
  }

  private <T> Optional<T> get(String name, String kind, Function<Object, @Nullable T> read) {
    known.add(name);
    Object value = fields.get(name);
    if (value == null) {
      return Optional.empty();
    }
    T result = read.apply(value);
    if (result == null) {
      throw new IllegalArgumentException("Not a %s: '%s' must be %s, but was %s"
          .formatted(what, name, kind, Quoted.of(String.valueOf(value))));
    }
    return Optional.of(result);
  }

  private Map<String, Object> asObject(String name, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException("Not a %s: '%s' must be a list of objects, but has %s"
          .formatted(what, name, Quoted.of(String.valueOf(value))));
    }
    Map<String, Object> object = new LinkedHashMap<>();
    map.forEach((key, each) -> object.put(String.valueOf(key), each));
    return object;
  }

  private static @Nullable Integer whole(Object value) {
    // A mapper may read all whole numbers as Long or BigInteger.
    if (!(value instanceof Integer || value instanceof Long || value instanceof BigInteger)) {
      return null;
    }
    BigInteger whole = new BigInteger(value.toString());
    return whole.bitLength() < Integer.SIZE ? (Integer) whole.intValue() : null;
  }

  private IllegalArgumentException missing(String name) {
    return new IllegalArgumentException("Not a %s: '%s' is missing".formatted(what, name));
  }
}
