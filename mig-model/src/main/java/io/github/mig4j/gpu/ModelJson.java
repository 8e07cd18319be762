package io.github.mig4j.gpu;

import io.github.mig4j.gpu.GpuInstanceProfile.Field;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;

/** A model as JSON: each fact under the name that {@code migctl model --json} prints. */
final class ModelJson {

  private static final Map<Budget, String> AMOUNTS = new EnumMap<>(Map.of(
      Budget.MEMORY_MIB, "memoryMib",
      Budget.SMS, "sms",
      Budget.COPY_ENGINES, "copyEngines",
      Budget.DECODERS, "decoders",
      Budget.ENCODERS, "encoders",
      Budget.JPEG_ENGINES, "jpegEngines",
      Budget.OFA_ENGINES, "ofaEngines"));

  private ModelJson() {}

  static Map<String, Object> of(GpuModel gpu) {
    return JsonFields.of("id", gpu.id())
        .and("architecture", gpu.architecture())
        .and("chip", gpu.chip())
        .and("computeCapability", gpu.computeCapability())
        .and("mig", gpu.supportsMig())
        .and("computeSlices", gpu.computeSlices())
        .and("memorySlices", gpu.memorySlices())
        .and("slicesProvenance", gpu.slicesProvenance())
        .and("memoryMib", gpu.totalMemoryMib())
        .and("marketedMemoryGb", gpu.marketedMemoryGb())
        .and("memoryProvenance", gpu.memoryProvenance())
        .and("minimumDriver", gpu.minimumDriver())
        .and("driverFrom", gpu.driverFrom())
        .and("driverBefore", gpu.driverBefore())
        .and("driverProvenance", gpu.driverProvenance())
        .and("sharedEngines", gpu.sharedEngines())
        .and("confidence", gpu.layoutConfidence())
        .and("products", gpu.products())
        .and("boards", gpu.boards())
        .and("profiles", gpu.profiles())
        .map();
  }

  static Map<String, Object> of(GpuInstanceProfile profile) {
    return JsonFields.of("name", profile.profile())
        .and("id", profile.id())
        .and("size", profile.size())
        .and("starts", profile.starts())
        .and("maxInstances", profile.maxInstances())
        .and("memoryMib", profile.amount(Budget.MEMORY_MIB))
        .and("sms", profile.amount(Budget.SMS))
        .and("copyEngines", profile.amount(Budget.COPY_ENGINES))
        .and("decoders", profile.amount(Budget.DECODERS))
        .and("encoders", profile.amount(Budget.ENCODERS))
        .and("jpegEngines", profile.amount(Budget.JPEG_ENGINES))
        .and("ofaEngines", profile.amount(Budget.OFA_ENGINES))
        .and("resource", profile.profile().resourceName())
        .and("source", profile.provenance().source())
        .and("confidence", profile.provenance().confidence())
        .and("fieldProvenance", profile.fieldProvenance())
        .map();
  }

  static GpuModel read(Map<String, Object> json) {
    JsonInput in = JsonInput.of("GPU model", json).ignoring("mig", "confidence");
    GpuModel.Builder model = GpuModel.builder()
        .id(in.text("id"))
        .architecture(in.text("architecture"))
        .chip(in.optionalText("chip"))
        .computeCapability(in.optionalText("computeCapability"))
        .memorySlices(in.optionalInteger("memorySlices"))
        .totalMemoryMib(in.optionalInteger("memoryMib"))
        .marketedMemoryGb(in.optionalInteger("marketedMemoryGb"));
    in.optionalInteger("computeSlices").ifPresent(model::computeSlices);
    provenance(in, "slicesProvenance", model::slicesProvenance);
    provenance(in, "memoryProvenance", model::memoryProvenance);
    provenance(in, "driverProvenance", model::driverProvenance);
    driver(in, "minimumDriver", model::minimumDriver);
    driver(in, "driverFrom", model::driverFrom);
    driver(in, "driverBefore", model::driverBefore);
    in.texts("sharedEngines")
        .forEach(name -> model.addSharedEngines(CatalogFile.constant(Budget.class, name)));
    model.addAllProducts(in.objects("products", ModelJson::product));
    model.addAllBoards(in.objects("boards", ModelJson::board));
    model.addAllProfiles(in.objects("profiles", ModelJson::profile));
    return in.requireNoOthers(model).build();
  }

  private static GpuProduct product(Map<String, Object> json) {
    JsonInput in = JsonInput.of("product", json);
    return in.requireNoOthers(new GpuProduct(in.text("name"), in.text("label"), provenance(in)));
  }

  private static GpuBoard board(Map<String, Object> json) {
    JsonInput in = JsonInput.of("board", json);
    return in.requireNoOthers(new GpuBoard(
        PciDeviceId.parse(in.text("pci")),
        in.text("name"),
        in.texts("sharedWith"),
        provenance(in)));
  }

  private static GpuInstanceProfile profile(Map<String, Object> json) {
    JsonInput in = JsonInput.of("GPU instance profile", json).ignoring("resource");
    GpuInstanceProfile.Builder profile = GpuInstanceProfile.builder()
        .profile(MigProfile.parse(in.text("name")))
        .id(in.optionalInteger("id"))
        .size(in.optionalInteger("size"))
        .addAllStarts(in.integers("starts"))
        .maxInstances(in.integer("maxInstances"))
        .provenance(provenance(in));
    AMOUNTS.forEach((budget, name) ->
        in.optionalInteger(name).ifPresent(amount -> profile.putAmounts(budget, amount)));
    in.fields("fieldProvenance")
        .allObjects()
        .forEach((field, provenance) -> profile.putFieldProvenance(
            CatalogFile.constant(Field.class, field), readProvenance(provenance)));
    return in.requireNoOthers(profile).build();
  }

  private static void provenance(JsonInput in, String name, Consumer<Provenance> to) {
    in.optionalObject(name).map(ModelJson::readProvenance).ifPresent(to);
  }

  private static Provenance readProvenance(Map<String, Object> json) {
    JsonInput in = JsonInput.of("provenance", json);
    return in.requireNoOthers(provenance(in));
  }

  private static Provenance provenance(JsonInput in) {
    return new Provenance(in.text("source"), Confidence.parse(in.text("confidence")));
  }

  private static void driver(JsonInput in, String name, Consumer<DriverVersion> to) {
    in.optionalText(name)
        .map(version -> DriverVersion.parse(version)
            .orElseThrow(() -> new IllegalArgumentException(
                "Not a GPU model: '%s' must be a driver version, but was '%s'"
                    .formatted(name, version))))
        .ifPresent(to);
  }
}
