package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.NodePatch;
import io.github.mig4j.node.NodeGpu;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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

  /**
   * Records the GPUs that a change assumes. If the node had more before, what it had is kept, until the
   * GPUs are back.
   */
  public static void write(NodePatch patch, List<NodeGpu> gpus) {
    Map<String, String> annotations = NodeFields.annotations(patch.node());
    String now = text(gpus);
    Optional<String> before = Optional.ofNullable(annotations.getOrDefault(
        ChangeRecord.GPUS_BEFORE_LOSS_KEY, annotations.get(ChangeRecord.GPUS_KEY)));
    NodePatch unused = before
        .filter(had -> isMissing(had, now))
        .map(had -> patch.annotate(ChangeRecord.GPUS_BEFORE_LOSS_KEY, had))
        .orElseGet(() -> patch.removeAnnotation(ChangeRecord.GPUS_BEFORE_LOSS_KEY))
        .annotate(ChangeRecord.GPUS_KEY, now);
  }

  /** The GPUs of an annotation for a message, e.g. {@code 8 b200-180gb}. */
  public static String describe(String text) {
    Map<String, Long> counts = Stream.of(text.split(SEPARATOR, -1))
        .collect(Collectors.groupingBy(id -> id, TreeMap::new, Collectors.counting()));
    return counts.entrySet().stream()
        .map(each -> "%d %s".formatted(each.getValue(), each.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static boolean isMissing(String before, String now) {
    List<String> left = new ArrayList<>(List.of(now.split(SEPARATOR, -1)));
    return Stream.of(before.split(SEPARATOR, -1)).anyMatch(id -> !left.remove(id));
  }

  /** Whether the annotation of a node is of other GPUs, or does not exist. */
  public static boolean differs(Node node, List<NodeGpu> gpus) {
    return !text(gpus).equals(NodeFields.annotations(node).get(ChangeRecord.GPUS_KEY));
  }

  /** Reads the annotation, if every model is known and the labels fit to one of them. */
  public static GpuRecord read(Node node, MigNodeStatus status, MigSettings settings) {
    String text = NodeFields.annotations(node).getOrDefault(ChangeRecord.GPUS_KEY, "");
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
