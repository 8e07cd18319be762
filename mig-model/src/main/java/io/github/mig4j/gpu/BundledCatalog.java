package io.github.mig4j.gpu;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads the bundled catalogue from the tokens of its JSON, which at the start of a program takes a
 * fraction of the time of Jackson's databind. A file of a user is read by {@link CatalogFile#parse}, which
 * says what is wrong in it; both give the same models of the bundled file.
 */
@SuppressWarnings("NullAway") // The records of CatalogFile refuse what is missing.
final class BundledCatalog {

  private final Map<String, Object> fields;

  private BundledCatalog(Object fields) {
    this.fields = asMap(fields);
  }

  static List<GpuModel> read(String json) {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      parser.nextToken();
      return CatalogFile.modelsOf(new BundledCatalog(value(parser)).file());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> fields(parser);
      case START_ARRAY -> values(parser);
      case VALUE_NUMBER_INT -> parser.getIntValue();
      case VALUE_STRING -> parser.getText();
      default -> null;
    };
  }

  private static Map<String, Object> fields(JsonParser parser) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      fields.put(name, value(parser));
    }
    return fields;
  }

  private static List<Object> values(JsonParser parser) throws IOException {
    List<Object> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(value(parser));
    }
    return values;
  }

  @SuppressWarnings("unchecked") // The bundled file has these types, which its test reads.
  private static Map<String, Object> asMap(Object value) {
    return (Map<String, Object>) value;
  }

  private CatalogFile file() {
    Map<String, CatalogFile.Source> sources = new LinkedHashMap<>();
    asMap(fields.get("sources")).forEach((key, value) -> {
      BundledCatalog source = new BundledCatalog(value);
      sources.put(key, new CatalogFile.Source(source.text("confidence"), source.text("where")));
    });
    return new CatalogFile(sources, objects("models", BundledCatalog::model), text("about"));
  }

  private CatalogFile.Model model() {
    return new CatalogFile.Model(
        text("id"),
        text("architecture"),
        text("chip"),
        text("compute-capability"),
        objects("products", BundledCatalog::product),
        objects("boards", BundledCatalog::board),
        text("minimum-driver"),
        text("driver-from"),
        text("driver-before"),
        text("driver-source"),
        number("memory-mib"),
        text("memory-source"),
        number("marketed-memory-gb"),
        number("compute-slices"),
        number("memory-slices"),
        text("slices-source"),
        list("shared-engines"),
        objects("profiles", BundledCatalog::profile));
  }

  private CatalogFile.Product product() {
    return new CatalogFile.Product(text("name"), text("label"), text("source"), text("confidence"));
  }

  private CatalogFile.Board board() {
    return new CatalogFile.Board(text("pci"), text("name"), list("shared-with"), text("source"));
  }

  private CatalogFile.Profile profile() {
    Map<String, String> sources = new LinkedHashMap<>();
    if (fields.get("sources") != null) {
      asMap(fields.get("sources")).forEach((key, value) -> sources.put(key, (String) value));
    }
    return new CatalogFile.Profile(
        text("name"),
        number("id"),
        number("size"),
        list("starts"),
        number("max"),
        number("memory-mib"),
        number("sm"),
        number("ce"),
        number("dec"),
        number("enc"),
        number("jpeg"),
        number("ofa"),
        text("source"),
        sources);
  }

  private <T> List<T> objects(String name, Function<BundledCatalog, T> read) {
    List<T> objects = new ArrayList<>();
    List<Object> values = list(name);
    if (values != null) {
      values.forEach(value -> objects.add(read.apply(new BundledCatalog(value))));
    }
    return objects;
  }

  @SuppressWarnings("unchecked") // As above.
  private <T> List<T> list(String name) {
    return (List<T>) fields.get(name);
  }

  private String text(String name) {
    return (String) fields.get(name);
  }

  private Integer number(String name) {
    return (Integer) fields.get(name);
  }
}
