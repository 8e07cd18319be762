package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.node.NodeGpu;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The GPUs that the last change of a node assumed, in an annotation of the node. It is read when the
 * labels do not name the GPUs: under strategy single they count MIG devices, and while feature discovery
 * is stopped they may be absent.
 *
 * @param gpus the GPUs of the node; empty if none are recorded, or the labels contradict the record
 */
public record GpuRecord(List<NodeGpu> gpus) {

  private static final String SEPARATOR = ",";

  public GpuRecord {
    gpus = List.copyOf(gpus);
  }

  /** The value of the annotation: the ids of the models in the order of the GPUs. */
  public static String text(List<NodeGpu> gpus) {
    return gpus.stream()
        .sorted(Comparator.comparing(NodeGpu::index))
        .map(gpu -> gpu.model().id())
        .collect(Collectors.joining(SEPARATOR));
  }

  /** Whether the annotation of a node is of other GPUs, or does not exist. */
  public static boolean differs(Node node, List<NodeGpu> gpus) {
    return !text(gpus).equals(Cluster.annotations(node).get(ChangeRecord.GPUS_KEY));
  }

  /** Reads the annotation, if every model is known and the labels fit to one of them. */
  public static GpuRecord read(Node node, MigNodeStatus status, MigSettings settings) {
    String text = Cluster.annotations(node).getOrDefault(ChangeRecord.GPUS_KEY, "");
    List<GpuModel> models = Stream.of(text.split(SEPARATOR, -1))
        .flatMap(id -> model(id, settings).stream())
        .toList();
    List<NodeGpu> gpus = IntStream.range(0, models.size())
        .mapToObj(index -> NodeGpu.of(index, models.get(index)))
        .toList();
    boolean isWhole = text(gpus).equals(text);
    return new GpuRecord(isWhole && agrees(models, node, status, settings) ? gpus : List.of());
  }

  private static Optional<GpuModel> model(String id, MigSettings settings) {
    return settings.catalog().models().stream()
        .filter(model -> model.id().equals(id))
        .findFirst();
  }

  private static boolean agrees(
      List<GpuModel> models, Node node, MigNodeStatus status, MigSettings settings) {
    List<GpuModel> labelled = status
        .model()
        .map(List::of)
        .orElseGet(() -> status.product().isEmpty()
            ? models
            : ModelReading.of(node, settings).candidates());
    return models.stream()
        .filter(labelled::contains)
        .anyMatch(model -> status.gpus().isEmpty()
            || status.gpus().getAsInt() == models.stream().filter(model::equals).count());
  }

  /** The recorded models. */
  public List<GpuModel> models() {
    return gpus.stream().map(NodeGpu::model).distinct().toList();
  }
}
