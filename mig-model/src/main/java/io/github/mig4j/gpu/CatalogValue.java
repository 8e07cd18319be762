package io.github.mig4j.gpu;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.github.mig4j.text.Quoted;
import io.github.mig4j.text.YamlPath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A value of a catalogue's file. What is missing, unknown or of another kind is refused with its
 * line and path. Jackson's databind would take a tenth of a second at its first use.
 */
final class CatalogValue {

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final int line;
  private final YamlPath path;
  private Map<String, CatalogValue> fields = Map.of();
  private List<CatalogValue> items = List.of();
  private @Nullable Object value;

  private CatalogValue(JsonParser parser, YamlPath path) throws IOException {
    this.line = parser.currentTokenLocation().getLineNr();
    this.path = path;
    if (parser.hasToken(JsonToken.VALUE_STRING)) {
      value = parser.getText();
    } else if (parser.hasToken(JsonToken.START_OBJECT)) {
      value = fields = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        fields.put(name, new CatalogValue(parser, path.key(name)));
      }
    } else if (parser.hasToken(JsonToken.START_ARRAY)) {
      value = items = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        items.add(new CatalogValue(parser, path.item(items.size())));
      }
    } else if (parser.currentToken() != null && parser.currentToken().isNumeric()) {
      value = parser.getNumberValue();
    } else if (parser.currentToken() != null && parser.currentToken().isBoolean()) {
      value = parser.getBooleanValue();
    }
  }

  /** Reads a text with one object. */
  static <T> T parse(String json, Collection<String> names, Function<CatalogValue, T> reader) {
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() == null) {
        throw new IllegalArgumentException("Not a GPU catalogue: the text is empty."
            + " Expected an object with 'sources' and 'models'");
      }
      CatalogValue root = new CatalogValue(parser, YamlPath.ROOT);
      if (parser.nextToken() != null) {
        throw root.refused("must be one object, but another value follows", null);
      }
      return root.read(names, reader);
    } catch (JsonProcessingException e) {
      String line =
          e.getLocation() == null ? "" : "line %d: ".formatted(e.getLocation().getLineNr());
      String problem = e.getOriginalMessage().lines().findFirst().orElse("");
      throw new IllegalArgumentException("Not a GPU catalogue: " + line + problem, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Refused e) {
      throw new IllegalArgumentException("Not a GPU catalogue: " + e.getMessage(), e.getCause());
    }
  }

  /** Reads an object that has only fields with these names. */
  <T> T read(Collection<String> names, Function<CatalogValue, T> reader) {
    as(Map.class, "an object", fields);
    for (Map.Entry<String, CatalogValue> field : fields.entrySet()) {
      if (!names.contains(field.getKey())) {
        throw field.getValue().refused("this field is unknown. Expected one of " + names, null);
      }
    }
    try {
      return reader.apply(this);
    } catch (Refused e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw refused(String.valueOf(e.getMessage()), e);
    }
  }

  String text(String name) {
    return required(name).text();
  }

  Optional<String> optionalText(String name) {
    CatalogValue field = optional(name);
    return field == null ? Optional.empty() : Optional.of(field.text());
  }

  int number(String name) {
    return required(name).number();
  }

  OptionalInt optionalNumber(String name) {
    CatalogValue field = optional(name);
    return field == null ? OptionalInt.empty() : OptionalInt.of(field.number());
  }

  /** The values of a list; none if it is absent. */
  <T> List<T> list(String name, Function<CatalogValue, T> reader) {
    CatalogValue list = optional(name);
    List<T> values = new ArrayList<>();
    if (list != null) {
      for (CatalogValue each : list.as(List.class, "a list", list.items)) {
        values.add(reader.apply(each));
      }
    }
    return values;
  }

  /** The objects of a list, which have only fields with these names; none if it is absent. */
  <T> List<T> list(String name, Collection<String> names, Function<CatalogValue, T> reader) {
    return list(name, each -> each.read(names, reader));
  }

  /** The fields of an object; none if it is absent. */
  Map<String, CatalogValue> fields(String name) {
    CatalogValue object = optional(name);
    return object == null ? Map.of() : object.as(Map.class, "an object", object.fields);
  }

  CatalogValue required(String name) {
    CatalogValue field = optional(name);
    if (field == null) {
      throw new IllegalArgumentException("'%s' is missing".formatted(name));
    }
    return field;
  }

  private @Nullable CatalogValue optional(String name) {
    CatalogValue field = fields.get(name);
    return field == null || field.value == null ? null : field;
  }

  String text() {
    return as(String.class, "a text", toString());
  }

  int number() {
    return as(Integer.class, "a whole number", value instanceof Integer number ? number : 0);
  }

  private <T> T as(Class<?> kind, String words, T content) {
    if (!kind.isInstance(value)) {
      throw refused("must be %s, but was %s".formatted(words, Quoted.of(toString())), null);
    }
    return content;
  }

  private Refused refused(String problem, @Nullable Throwable cause) {
    String where = path.equals(YamlPath.ROOT) ? "" : path + ": ";
    return new Refused("line %d: %s%s".formatted(line, where, problem), cause);
  }

  @Override
  public String toString() {
    return String.valueOf(value);
  }

  /** Names the line and the path already. */
  private static final class Refused extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    Refused(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }
}
