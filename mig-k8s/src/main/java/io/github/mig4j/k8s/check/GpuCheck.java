package io.github.mig4j.k8s.check;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.node.ExpectedOffers;
import io.github.mig4j.k8s.node.GeneratedConfig;
import io.github.mig4j.k8s.node.GpuRecord;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.ModelReading;
import io.github.mig4j.k8s.node.NodeReading;
import io.github.mig4j.node.HardwareEvidence;
import io.github.mig4j.node.NodeGpu;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** Which GPUs a node has. */
final class GpuCheck {

  private final Node node;
  private final MigNodeStatus status;
  private final StatedGpus stated;
  private final GpuRecord recorded;
  private final HardwareEvidence evidence;
  private final MigSettings settings;
  private final PreflightFindings findings;
  private final boolean contradicted;

  GpuCheck(
      Node node,
      MigNodeStatus status,
      StatedGpus stated,
      MigSettings settings,
      HardwareEvidence evidence,
      PreflightFindings findings) {
    this.node = node;
    this.status = status;
    this.stated = stated;
    this.recorded = GpuRecord.read(node, status, settings);
    this.evidence = evidence;
    this.settings = settings;
    this.findings = findings;
    this.contradicted = isContradicted();
  }

  /**
   * The models that the caller states, the labels name or the last change recorded; none if what the
   * node shows contradicts these, which is reported.
   */
  List<GpuModel> models() {
    return contradicted ? List.of() : stated.modelsOr(status.model(), recorded);
  }

  /**
   * Looks for more GPUs than the labels describe, which is one model only (k8s-device-plugin,
   * internal/lm). While a change is in progress, labels and resources are of different times.
   */
  private boolean isContradicted() {
    boolean isChanging =
        !status.paused().isEmpty() || status.state().filter(MigState::isAtWork).isPresent();
    if (stated instanceof StatedGpus.Each || isChanging) {
      return false;
    }
    List<NodeGpu> described = recorded.models().size() > 1 ? recorded.gpus() : labelled();
    Optional<String> contradiction =
        described.isEmpty() ? Optional.empty() : contradiction(described);
    contradiction.ifPresent(shown -> findings.error(
        PreflightCode.SEVERAL_MODELS,
        "%s, but %s"
            .formatted(
                recorded.models().size() > 1
                    ? "annotation %s records %s"
                        .formatted(ChangeRecord.GPUS_KEY, GpuRecord.text(described))
                    : "the labels describe one model only, %d %s"
                        .formatted(described.size(), described.get(0).model().id()),
                shown),
        "state the node's GPUs in the request"));
    return contradiction.isPresent();
  }

  private List<NodeGpu> labelled() {
    return status.model().isPresent() && status.gpus().isPresent()
        ? NodeGpu.several(status.model().get(), status.gpus().getAsInt())
        : List.of();
  }

  /** What shows that the node has other GPUs than these, or more. */
  private Optional<String> contradiction(List<NodeGpu> described) {
    List<GpuModel> models = described.stream().map(NodeGpu::model).distinct().toList();
    boolean offersMig = NodeReading.offeredProfiles(node).findAny().isPresent();
    boolean hasMig = models.stream().anyMatch(GpuModel::supportsMig);
    if (NodeReading.leastGpus(node, models) > described.size() || (offersMig && !hasMig)) {
      return Optional.of("the node offers " + status.allocatable());
    }
    List<String> unexplained = evidence.unexplainedBy(described);
    return unexplained.isEmpty()
        ? Optional.empty()
        : Optional.of("ConfigMap %s of the node's MIG manager is for %s too"
            .formatted(GeneratedConfig.mapOf(status.node()), String.join(", ", unexplained)));
  }

  /**
   * The GPUs that the caller states, or as many as there are of the model that the labels name. Several
   * models at once only the record of the last change shows. Empty if they are not known. What the
   * node's own list says of a model beats the catalogue.
   *
   * @param document the configurations, of which the one in force shows how many MIG devices a GPU has
   */
  List<NodeGpu> gpus(MigConfigDocument document) {
    if (contradicted) {
      return List.of();
    }
    List<NodeGpu> gpus = ofCatalogue(document);
    reportDifferences(gpus);
    return gpus.stream()
        .map(gpu -> new NodeGpu(
            gpu.index(), evidence.corrected(gpu.model()), gpu.deviceId(), gpu.subsystem()))
        .toList();
  }

  private void reportDifferences(List<NodeGpu> gpus) {
    Stream.concat(
            ModelReading.of(node, settings, evidence).differences().stream(),
            gpus.stream()
                .map(NodeGpu::model)
                .distinct()
                .flatMap(model -> evidence.disagreements(model).stream())
                .map(HardwareEvidence.Disagreement::message))
        .forEach(difference -> findings.warning(
            PreflightCode.HARDWARE_DIFFERS,
            "ConfigMap %s lists what the node's GPUs accept, and it differs from the catalogue: %s"
                .formatted(GeneratedConfig.mapOf(status.node()), difference),
            "the node's list is used; correct the model as docs/add-a-gpu.md describes"));
  }

  private List<NodeGpu> ofCatalogue(MigConfigDocument document) {
    if (stated instanceof StatedGpus.Each each) {
      return each.gpus();
    }
    if (recorded.models().size() > 1 && stated == StatedGpus.Nothing.NOTHING) {
      return recorded.gpus();
    }
    Optional<GpuModel> model = status
        .model()
        .or(() -> recorded.models().stream().findFirst())
        .filter(GpuModel::supportsMig);
    OptionalInt count = model.isPresent() ? count(document, model.get()) : OptionalInt.empty();
    return count.isPresent() ? NodeGpu.several(model.get(), count.getAsInt()) : List.of();
  }

  /**
   * The caller's number, that of the labels, or, where these count MIG devices, what follows from the
   * configuration in force; or else that of the last change.
   */
  private OptionalInt count(MigConfigDocument document, GpuModel model) {
    if (stated instanceof StatedGpus.Count count) {
      return OptionalInt.of(count.count());
    }
    if (status.gpus().isPresent()) {
      return status.gpus();
    }
    int underSingle =
        ExpectedOffers.gpusUnderSingle(node, ExpectedOffers.inForce(status, document));
    if (underSingle > 0) {
      return OptionalInt.of(underSingle);
    }
    if (recorded.gpus().isEmpty()) {
      findings.error(
          PreflightCode.UNKNOWN_GPU_COUNT,
          "the labels do not show how many %s the node has".formatted(model.id()),
          "state the node's GPUs in the request");
      return OptionalInt.empty();
    }
    return OptionalInt.of(recorded.gpus().size());
  }
}
