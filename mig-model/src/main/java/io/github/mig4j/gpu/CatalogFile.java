package io.github.mig4j.gpu;

import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import io.github.mig4j.text.JsonFields;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Reads the catalogue's file: a table of sources, then models that refer to it. */
final class CatalogFile {

  private static final List<String> FILE = fields("about, sources, models");
  private static final List<String> SOURCE = fields("confidence, where");
  private static final List<String> MODEL =
      fields("id, architecture, chip, compute-capability, products, boards, minimum-driver,"
          + " driver-from, driver-before, driver-source, memory-mib, memory-source,"
          + " marketed-memory-gb, compute-slices, memory-slices, slices-source, shared-engines,"
          + " profiles");
  private static final List<String> PRODUCT = fields("name, label, source, confidence");
  private static final List<String> BOARD = fields("pci, name, shared-with, source");
  private static final List<String> PROFILE = fields(
      "name, id, size, starts, max, memory-mib, sm, ce, dec, enc, jpeg, ofa, source, sources");
  private static final Map<Budget, String> AMOUNTS = new EnumMap<>(Map.of(
      Budget.MEMORY_MIB, "memory-mib",
      Budget.SMS, "sm",
      Budget.COPY_ENGINES, "ce",
      Budget.DECODERS, "dec",
      Budget.ENCODERS, "enc",
      Budget.JPEG_ENGINES, "jpeg",
      Budget.OFA_ENGINES, "ofa"));

  private final Map<String, Provenance> sources = new LinkedHashMap<>();
  private final Set<String> ids = new HashSet<>();

  private static List<String> fields(String names) {
    return List.of(names.split(", "));
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
    return CatalogValue.parse(json, FILE, new CatalogFile()::models);
  }

  private List<GpuModel> models(CatalogValue file) {
    file.required("sources");
    file.required("models");
    file.optionalText("about");
    file.fields("sources")
        .forEach((key, source) -> sources.put(key, source.read(SOURCE, CatalogFile::source)));
    return file.list("models", MODEL, this::model);
  }

  private static Provenance source(CatalogValue json) {
    Confidence confidence = Confidence.parse(json.text("confidence"));
    return new Provenance(json.text("where"), confidence);
  }

  private GpuModel model(CatalogValue json) {
    if (!ids.add(json.text("id"))) {
      throw new IllegalArgumentException(
          "another model has the same id '%s'".formatted(json.text("id")));
    }
    GpuModel.Builder model = GpuModel.builder()
        .id(json.text("id"))
        .architecture(json.text("architecture"))
        .chip(json.optionalText("chip"))
        .computeCapability(json.optionalText("compute-capability"))
        .totalMemoryMib(json.optionalNumber("memory-mib"))
        .marketedMemoryGb(json.optionalNumber("marketed-memory-gb"))
        .computeSlices(json.number("compute-slices"))
        .memorySlices(json.optionalNumber("memory-slices"))
        .minimumDriver(driver(json, "minimum-driver"))
        .driverFrom(driver(json, "driver-from"))
        .driverBefore(driver(json, "driver-before"))
        .addAllProducts(json.list("products", PRODUCT, this::product))
        .addAllBoards(json.list("boards", BOARD, this::board))
        .addAllProfiles(json.list("profiles", PROFILE, this::profile))
        .addAllSharedEngines(
            json.list("shared-engines", name -> constant(Budget.class, name.text())));
    json.optionalText("memory-source").map(this::source).ifPresent(model::memoryProvenance);
    json.optionalText("slices-source").map(this::source).ifPresent(model::slicesProvenance);
    json.optionalText("driver-source").map(this::source).ifPresent(model::driverProvenance);
    return model.build();
  }

  private static Optional<DriverVersion> driver(CatalogValue json, String name) {
    return json.optionalText(name)
        .map(version -> DriverVersion.parse(version)
            .orElseThrow(() -> new IllegalArgumentException(
                "Not a version of a driver: '%s'. Expected e.g. '580.82'".formatted(version))));
  }

  private GpuProduct product(CatalogValue json) {
    Provenance known = source(json.text("source"));
    Provenance provenance = json.optionalText("confidence")
        .map(own -> new Provenance(known.source(), Confidence.parse(own)))
        .orElse(known);
    return new GpuProduct(json.text("name"), json.text("label"), provenance);
  }

  private GpuBoard board(CatalogValue json) {
    return new GpuBoard(
        PciDeviceId.parse(json.text("pci")),
        json.text("name"),
        json.list("shared-with", CatalogValue::text),
        source(json.text("source")));
  }

  private GpuInstanceProfile profile(CatalogValue json) {
    GpuInstanceProfile.Builder profile = GpuInstanceProfile.builder()
        .profile(MigProfile.parse(json.text("name")))
        .id(json.optionalNumber("id"))
        .size(json.optionalNumber("size"))
        .maxInstances(json.number("max"))
        .addAllStarts(json.list("starts", CatalogValue::number))
        .provenance(source(json.text("source")));
    AMOUNTS.forEach((budget, name) ->
        json.optionalNumber(name).ifPresent(amount -> profile.putAmounts(budget, amount)));
    json.fields("sources")
        .forEach((field, source) ->
            profile.putFieldProvenance(constant(Field.class, field), source(source.text())));
    return profile.build();
  }

  private Provenance source(String key) {
    Provenance known = sources.get(key);
    if (known == null) {
      throw new IllegalArgumentException(
          "source '%s' is not in the table of sources %s".formatted(key, sources.keySet()));
    }
    return known;
  }

  /** The constant of a name as files and JSON have it. */
  static <E extends Enum<E>> E constant(Class<E> type, String text) {
    return JsonFields.constant(type, text)
        .orElseThrow(() -> new IllegalArgumentException("'%s' is unknown. Expected one of %s"
            .formatted(
                text, Stream.of(type.getEnumConstants()).map(JsonFields::name).toList())));
  }
}
