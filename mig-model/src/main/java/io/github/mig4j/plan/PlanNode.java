package io.github.mig4j.plan;

import io.github.mig4j.JsonForm;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.fleet.FleetIndex;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A node with GPUs as input for a planner. Immutable: methods that add something return a new node.
 *
 * <pre>{@code
 * PlanNode node = PlanNode.named("gpu-node-7").label("zone", "a").gpus(b200, 8);
 * }</pre>
 */
public final class PlanNode implements JsonForm {

  /** Equal GPUs with consecutive indexes. */
  record Run(PlanGpu gpu, int count) {}

  private final String name;
  private final SortedMap<String, String> labels;
  private final List<Run> runs;

  private PlanNode(String name, SortedMap<String, String> labels, List<Run> runs) {
    this.name = name;
    this.labels = labels;
    this.runs = runs;
  }

  /**
   * Creates a node without GPUs.
   *
   * @param name the node's name, or any other unique name for a group of GPUs
   */
  public static PlanNode named(String name) {
    Objects.requireNonNull(name, "name");
    return new PlanNode(name, Collections.emptySortedMap(), List.of());
  }

  /** Adds a label. */
  public PlanNode label(String key, String value) {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    return labels(Map.of(key, value));
  }

  /** Adds labels. */
  public PlanNode labels(Map<String, String> more) {
    Objects.requireNonNull(more, "more");
    SortedMap<String, String> all = new TreeMap<>(labels);
    all.putAll(more);
    return new PlanNode(name, Collections.unmodifiableSortedMap(all), runs);
  }

  /** Adds one GPU, as {@link #gpus(PlanGpu, int)} does. */
  public PlanNode gpu(PlanGpu gpu) {
    return gpus(gpu, 1);
  }

  /** Adds GPUs without MIG devices, as {@link #gpus(PlanGpu, int)} does. */
  public PlanNode gpus(GpuModel model, int count) {
    return gpus(PlanGpu.of(model), count);
  }

  /**
   * Adds equal GPUs at the next indexes.
   *
   * @param count how many, at least 1
   * @throws IllegalArgumentException if the count is below 1, or if the node would have more than
   *     {@link Integer#MAX_VALUE} GPUs
   */
  public PlanNode gpus(PlanGpu gpu, int count) {
    Objects.requireNonNull(gpu, "gpu");
    if (count < 1) {
      throw new IllegalArgumentException(
          "Node %s: the count of %s must be at least 1, but was %d".formatted(name, gpu, count));
    }
    long all = (long) gpuCount() + count;
    if (all > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "Node %s: a node must have at most %d GPUs, but would have %d"
              .formatted(name, Integer.MAX_VALUE, all));
    }
    List<Run> more = new ArrayList<>(runs);
    more.add(new Run(gpu, count));
    return new PlanNode(name, labels, Collections.unmodifiableList(more));
  }

  /**
   * Pins every GPU of the node. This is for a node whose pods use GPUs, if it is not known which
   * ones.
   */
  public PlanNode pinned() {
    return new PlanNode(
        name,
        labels,
        runs.stream().map(run -> new Run(run.gpu().pinned(), run.count())).toList());
  }

  /** {@return the name} */
  public String name() {
    return name;
  }

  /** {@return the labels, as values by key} */
  public SortedMap<String, String> labels() {
    return labels;
  }

  /** {@return the number of GPUs on the node} */
  public int gpuCount() {
    return runs.stream().mapToInt(Run::count).sum();
  }

  /**
   * {@return the GPU at an index, from 0}
   *
   * @throws IndexOutOfBoundsException if the node has no GPU at this index
   */
  public PlanGpu gpu(int index) {
    int left = index;
    for (Run run : runs) {
      if (left >= 0 && left < run.count()) {
        return run.gpu();
      }
      left -= run.count();
    }
    throw new IndexOutOfBoundsException(
        "Node %s has no GPU at index %d; it has %d GPUs".formatted(name, index, gpuCount()));
  }

  /**
   * The GPUs with MIG for a {@link FleetIndex}, by index, with their pinned instances as the
   * running ones. A GPU that is pinned as a whole is cordoned, with all its instances running. GPUs
   * whose placements are not known are not included, and keep their index.
   */
  public List<FleetGpu> fleetGpus() {
    List<FleetGpu> gpus = new ArrayList<>();
    int index = 0;
    for (Run run : runs) {
      Optional<MigLayout> running = run.gpu().running();
      for (int i = 0; i < run.count(); i++, index++) {
        if (running.isPresent()) {
          FleetGpu gpu = FleetGpu.of(name, index, running.get());
          gpus.add(run.gpu().isPinnedWhole() ? gpu.cordoned() : gpu);
        }
      }
    }
    return Collections.unmodifiableList(gpus);
  }

  List<Run> runs() {
    return runs;
  }

  /** The name and the number of GPUs, e.g. {@code gpu-node-7 (8 GPUs)}. */
  @Override
  public String toString() {
    return "%s (%d GPUs)".formatted(name, gpuCount());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("name", name())
        .and("labels", labels())
        .and("gpuCount", gpuCount())
        .map();
  }
}
