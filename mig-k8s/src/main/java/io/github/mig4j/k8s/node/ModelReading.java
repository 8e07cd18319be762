package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.DriverVersion;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.node.HardwareEvidence;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Not API: the GPU model of a node, from its product label and from what can contradict that label:
 * memory, driver, resources, and what the node's own MIG manager lists.
 *
 * @param model the model; empty if it is not known
 * @param candidates the models that nothing contradicts
 * @param problem why the model is not known; empty if it is known, or there is no product label
 * @param differences where the node's own list and the catalogue differ; the model is as the list says
 */
public record ModelReading(
    Optional<GpuModel> model,
    List<GpuModel> candidates,
    Optional<Problem> problem,
    List<String> differences) {

  private static final String REMEDY_READ =
      "read the GPU with 'nvidia-smi mig -lgip' on the node, and add its model as docs/add-a-gpu.md describes";

  /**
   * Why the model is not known.
   *
   * @param verdict the predicate of a sentence about the product, e.g. {@code is not in the catalogue}
   * @param remedy what to do
   */
  public record Problem(String verdict, String remedy) {}

  /** Reads a node's labels and resources alone. */
  public static ModelReading of(Node node, MigSettings settings) {
    return of(node, settings, HardwareEvidence.none());
  }

  /** Reads a node with what its own MIG manager lists. */
  public static ModelReading of(Node node, MigSettings settings, HardwareEvidence evidence) {
    Map<String, String> labels = NodeFields.labels(node);
    @Nullable String product = labels.get(Labels.GPU_PRODUCT);
    if (product == null) {
      return new ModelReading(Optional.empty(), List.of(), Optional.empty(), List.of());
    }
    List<GpuModel> named = settings.catalog().find(product);
    if (named.isEmpty()) {
      return unknown(
          List.of(), "is not in the catalogue", "add its model as docs/add-a-gpu.md describes");
    }
    OptionalInt memory = memory(node);
    List<GpuModel> sameMemory = memory.isEmpty()
        ? named
        : named.stream().filter(m -> m.agreesWithMemory(memory.getAsInt())).toList();
    if (sameMemory.isEmpty()) {
      return unknown(List.of(), contradiction(named, memory.getAsInt(), settings), REMEDY_READ);
    }
    Optional<DriverVersion> driver = DriverLabel.of(labels);
    List<GpuModel> sameDriver = sameMemory.stream()
        .filter(m -> driver.isEmpty() || m.agreesWithDriver(driver.get()))
        .toList();
    if (sameDriver.isEmpty()) {
      return unknown(
          List.of(),
          "has profile names that are not known for driver %s".formatted(driver.orElseThrow()),
          REMEDY_READ);
    }
    return chosen(sameDriver, driver, node, evidence, product);
  }

  /** Of several candidates, what the node offers, the driver and the node's own list leave one. */
  private static ModelReading chosen(
      List<GpuModel> sameDriver,
      Optional<DriverVersion> driver,
      Node node,
      HardwareEvidence evidence,
      String product) {
    List<GpuModel> candidates = narrowed(sameDriver, model -> offersAll(model, node, product));
    candidates = narrowed(
        candidates,
        model -> driver.isEmpty()
            || model.minimumDriver().stream()
                .allMatch(least -> driver.get().compareTo(least) >= 0));
    int fewest = candidates.stream()
        .mapToInt(model -> evidence.disagreements(model).size())
        .min()
        .orElse(0);
    candidates = narrowed(candidates, model -> evidence.disagreements(model).size() == fewest);
    if (candidates.size() == 1) {
      GpuModel model = candidates.get(0);
      return new ModelReading(
          Optional.of(evidence.corrected(model)),
          candidates,
          Optional.empty(),
          evidence.disagreements(model).stream()
              .map(HardwareEvidence.Disagreement::message)
              .toList());
    }
    String ids = candidates.stream().map(GpuModel::id).collect(Collectors.joining(" or "));
    boolean byDriver = driver.isEmpty()
        && candidates.stream()
            .allMatch(m -> m.driverFrom().isPresent() || m.driverBefore().isPresent());
    return byDriver
        ? unknown(
            candidates,
            "can be %s: its profile names depend on the driver, and no label shows the driver's version"
                .formatted(ids),
            "deploy GPU Feature Discovery, which sets %s".formatted(DriverLabel.FULL))
        : unknown(candidates, "can be %s".formatted(ids), "narrow the catalogue in the settings");
  }

  private static ModelReading unknown(List<GpuModel> candidates, String verdict, String remedy) {
    return new ModelReading(
        Optional.empty(), candidates, Optional.of(new Problem(verdict, remedy)), List.of());
  }

  private static String contradiction(List<GpuModel> named, int memory, MigSettings settings) {
    String others = settings.catalog().models().stream()
        .filter(GpuModel::supportsMig)
        .filter(other -> other.totalMemoryMib().isPresent() && other.agreesWithMemory(memory))
        .map(GpuModel::id)
        .collect(Collectors.joining(", "));
    return "is contradicted by label %s=%d: %s%s"
        .formatted(
            Labels.GPU_MEMORY,
            memory,
            named.stream().map(ModelReading::memory).collect(Collectors.joining(", ")),
            others.isEmpty() ? "" : "; this is the memory of " + others);
  }

  private static String memory(GpuModel model) {
    if (model.totalMemoryMib().isPresent()) {
      return "%s has %d MiB".formatted(model.id(), model.totalMemoryMib().getAsInt());
    }
    return model.marketedMemoryGb().isPresent()
        ? "%s has %d GB".formatted(model.id(), model.marketedMemoryGb().getAsInt())
        : "%s has a profile %s"
            .formatted(
                model.id(),
                model
                    .wholeGpu()
                    .map(whole -> whole.profile().toString())
                    .orElse("of another size"));
  }

  /** Where no model meets the condition, it says nothing. */
  private static List<GpuModel> narrowed(List<GpuModel> models, Predicate<GpuModel> condition) {
    List<GpuModel> fitting = models.stream().filter(condition).toList();
    return fitting.isEmpty() ? models : fitting;
  }

  /** The memory of the whole GPU in MiB; under strategy single the label is about a MIG device. */
  public static OptionalInt memory(Node node) {
    OptionalInt memory = NodeFields.number(NodeFields.labels(node), Labels.GPU_MEMORY);
    return memory.orElse(0) == 0 || NodeReading.isOfDevice(node) ? OptionalInt.empty() : memory;
  }

  /** Under strategy single the product label names the profile, under mixed each resource. */
  private static boolean offersAll(GpuModel model, Node node, String product) {
    return Stream.concat(
            NodeReading.offeredProfiles(node), GpuProduct.Label.parse(product).profile().stream())
        .allMatch(profile -> model.profile(profile).isPresent());
  }
}
