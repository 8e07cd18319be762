package io.github.mig4j.gpu;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import io.github.mig4j.text.JsonFields;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The catalogue's file format: a table of sources, then models that refer to it. */
record CatalogFile(
    Map<String, Source> sources,
    List<Model> models,
    @Nullable String about) {

  /** Created only for the file of a user, because it takes a tenth of a second. */
  private static final class Databind {
    static final ObjectMapper MAPPER = JsonMapper.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
        .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
        .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
        .build();
  }

  CatalogFile {
    require("sources", sources);
    require("models", models);
  }

  record Source(String confidence, String where) {
    Source {
      require("confidence", confidence);
      require("where", where);
    }
  }

  record Model(
      String id,
      String architecture,
      @Nullable String chip,
      @JsonProperty("compute-capability") @Nullable String computeCapability,
      @Nullable List<Product> products,
      @Nullable List<Board> boards,
      @JsonProperty("minimum-driver") @Nullable String minimumDriver,
      @JsonProperty("driver-from") @Nullable String driverFrom,
      @JsonProperty("driver-before") @Nullable String driverBefore,
      @JsonProperty("driver-source") @Nullable String driverSource,
      @JsonProperty("memory-mib") @Nullable Integer memoryMib,
      @JsonProperty("memory-source") @Nullable String memorySource,
      @JsonProperty("marketed-memory-gb") @Nullable Integer marketedMemoryGb,
      @JsonProperty("compute-slices") Integer computeSlices,
      @JsonProperty("memory-slices") @Nullable Integer memorySlices,
      @JsonProperty("slices-source") @Nullable String slicesSource,
      @JsonProperty("shared-engines") @Nullable List<String> sharedEngines,
      @Nullable List<Profile> profiles) {
    Model {
      require("id", id);
      require("architecture", architecture);
      require("compute-slices", computeSlices);
    }
  }

  record Product(
      String name, String label, String source, @Nullable String confidence) {
    Product {
      require("name", name);
      require("label", label);
      require("source", source);
    }
  }

  record Board(
      String pci,
      String name,
      @JsonProperty("shared-with") @Nullable List<String> sharedWith,
      String source) {
    Board {
      require("pci", pci);
      require("name", name);
      require("source", source);
    }
  }

  record Profile(
      String name,
      @Nullable Integer id,
      @Nullable Integer size,
      @Nullable List<Integer> starts,
      Integer max,
      @JsonProperty("memory-mib") @Nullable Integer memoryMib,
      @Nullable Integer sm,
      @Nullable Integer ce,
      @Nullable Integer dec,
      @Nullable Integer enc,
      @Nullable Integer jpeg,
      @Nullable Integer ofa,
      String source,
      @Nullable Map<String, String> sources) {
    Profile {
      require("name", name);
      require("max", max);
      require("source", source);
    }
  }

  static String bundledText() {
    try (InputStream in = CatalogFile.class.getResourceAsStream("gpus.json")) {
      if (in == null) {
        throw new IllegalStateException("gpus.json is missing beside " + CatalogFile.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<GpuModel> parse(String json) {
    CatalogFile file;
    try {
      file = Databind.MAPPER.readValue(json, CatalogFile.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Not a GPU catalogue: " + problem(e), e);
    }
    if (file == null) {
      throw new IllegalArgumentException(
          "Not a GPU catalogue: null. Expected an object with 'sources' and 'models'");
    }
    return modelsOf(file);
  }

  static List<GpuModel> modelsOf(CatalogFile file) {
    List<GpuModel> models = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < file.models.size(); i++) {
      Model m = file.models.get(i);
      try {
        if (!ids.add(m.id)) {
          throw new IllegalArgumentException("another model has the same id");
        }
        models.add(file.model(m));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "Not a GPU catalogue: models[%d] ('%s'): %s".formatted(i, m.id, e.getMessage()), e);
      }
    }
    return models;
  }

  /** Names the line, the path and the problem, without the names of Java classes. */
  private static String problem(JsonProcessingException e) {
    String line =
        e.getLocation() == null ? "" : "line %d: ".formatted(e.getLocation().getLineNr());
    if (!(e instanceof JsonMappingException mapping)) {
      return line + firstLine(e.getOriginalMessage());
    }
    String path = path(mapping);
    if (e instanceof UnrecognizedPropertyException unknown) {
      return line
          + "%s is unknown. Expected one of %s"
              .formatted(path, new TreeSet<>(unknown.getKnownPropertyIds()));
    }
    String problem = e.getCause() instanceof IllegalArgumentException missing
        ? missing.getMessage()
        : firstLine(e.getOriginalMessage());
    return line + (path.isEmpty() ? "" : path + ": ") + problem;
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return path.toString();
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }

  private static void require(String name, @Nullable Object value) {
    if (value == null) {
      throw new IllegalArgumentException("'%s' is missing".formatted(name));
    }
  }

  private GpuModel model(Model m) {
    GpuModel.Builder model = GpuModel.builder()
        .id(m.id)
        .architecture(m.architecture)
        .chip(Optional.ofNullable(m.chip))
        .computeCapability(Optional.ofNullable(m.computeCapability))
        .totalMemoryMib(optional(m.memoryMib))
        .marketedMemoryGb(optional(m.marketedMemoryGb))
        .computeSlices(m.computeSlices)
        .memorySlices(optional(m.memorySlices))
        .minimumDriver(driver(m.minimumDriver))
        .driverFrom(driver(m.driverFrom))
        .driverBefore(driver(m.driverBefore));
    Optional.ofNullable(m.memorySource).map(this::provenance).ifPresent(model::memoryProvenance);
    Optional.ofNullable(m.slicesSource).map(this::provenance).ifPresent(model::slicesProvenance);
    Optional.ofNullable(m.driverSource).map(this::provenance).ifPresent(model::driverProvenance);
    for (String engine : orEmpty(m.sharedEngines)) {
      model.addSharedEngines(constant(Budget.class, engine));
    }
    for (Product p : orEmpty(m.products)) {
      model.addProducts(new GpuProduct(p.name, p.label, provenance(p.source, p.confidence)));
    }
    for (Board b : orEmpty(m.boards)) {
      model.addBoards(new GpuBoard(
          PciDeviceId.parse(b.pci), b.name, orEmpty(b.sharedWith), provenance(b.source)));
    }
    for (Profile p : orEmpty(m.profiles)) {
      model.addProfiles(profile(p));
    }
    return model.build();
  }

  private static OptionalInt optional(@Nullable Integer number) {
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  private static Optional<DriverVersion> driver(@Nullable String version) {
    if (version == null) {
      return Optional.empty();
    }
    Optional<DriverVersion> parsed = DriverVersion.parse(version);
    if (parsed.isEmpty()) {
      throw new IllegalArgumentException(
          "Not a version of a driver: '%s'. Expected e.g. '580.82'".formatted(version));
    }
    return parsed;
  }

  private GpuInstanceProfile profile(Profile p) {
    GpuInstanceProfile.Builder profile = GpuInstanceProfile.builder()
        .profile(MigProfile.parse(p.name))
        .id(optional(p.id))
        .size(optional(p.size))
        .maxInstances(p.max)
        .addAllStarts(orEmpty(p.starts))
        .provenance(provenance(p.source));
    Map<Budget, Integer> amounts = new EnumMap<>(Budget.class);
    putIfKnown(amounts, Budget.MEMORY_MIB, p.memoryMib);
    putIfKnown(amounts, Budget.SMS, p.sm);
    putIfKnown(amounts, Budget.COPY_ENGINES, p.ce);
    putIfKnown(amounts, Budget.DECODERS, p.dec);
    putIfKnown(amounts, Budget.ENCODERS, p.enc);
    putIfKnown(amounts, Budget.JPEG_ENGINES, p.jpeg);
    putIfKnown(amounts, Budget.OFA_ENGINES, p.ofa);
    profile.putAllAmounts(amounts);
    if (p.sources != null) {
      p.sources.forEach((field, source) ->
          profile.putFieldProvenance(constant(Field.class, field), provenance(source)));
    }
    return profile.build();
  }

  private Provenance provenance(String source) {
    return provenance(source, null);
  }

  private Provenance provenance(String source, @Nullable String confidence) {
    Source known = sources.get(source);
    if (known == null) {
      throw new IllegalArgumentException("source '%s' is not in the table of sources %s"
          .formatted(source, new TreeSet<>(sources.keySet())));
    }
    return new Provenance(
        known.where, Confidence.parse(confidence == null ? known.confidence : confidence));
  }

  private static void putIfKnown(
      Map<Budget, Integer> amounts, Budget budget, @Nullable Integer amount) {
    if (amount != null) {
      amounts.put(budget, amount);
    }
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  /** The constant of a name as files and JSON have it. */
  static <E extends Enum<E>> E constant(Class<E> type, String text) {
    return JsonFields.constant(type, text)
        .orElseThrow(() -> new IllegalArgumentException("'%s' is unknown. Expected one of %s"
            .formatted(
                text, Stream.of(type.getEnumConstants()).map(JsonFields::name).toList())));
  }
}
