package io.github.mig4j.k8s.dra;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.JsonFields;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A node and its GPUs.
 *
 * @param name the node's name; empty if its slices do not contain it
 * @param gpus its GPUs in the order of their PCI addresses, as in mig-parted; in the order of their
 *     devices' names if an address is unknown
 */
public record DraNode(String name, List<DraGpu> gpus) implements JsonForm {

  public DraNode {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(gpus, "gpus");
    gpus = List.copyOf(gpus);
  }

  /**
   * The model of all its GPUs.
   *
   * @return the model, or empty if they differ or one is unknown
   */
  public Optional<GpuModel> model() {
    Set<Optional<GpuModel>> models = gpus.stream().map(DraGpu::model).collect(Collectors.toSet());
    return models.size() == 1 ? models.iterator().next() : Optional.empty();
  }

  /**
   * The existing devices of its GPUs, under the resource names of the device plugin with strategy {@code
   * mixed}. A GPU without MIG devices counts as {@code nvidia.com/gpu}.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  public SortedMap<String, Long> resources() {
    SortedMap<String, Long> counts = new TreeMap<>();
    for (DraGpu gpu : gpus) {
      // A MIG device whose profile cannot be read is not counted, but its GPU is not whole.
      if (ExistingDevices.of(gpu).devices().isEmpty()) {
        counts.merge(GpuResource.GPU, 1L, Long::sum);
      }
      gpu.cutInto()
          .forEach((profile, count) ->
              counts.merge(profile.resourceName(), count.longValue(), Long::sum));
    }
    return Collections.unmodifiableSortedMap(counts);
  }

  /**
   * How many more devices can be allocated, if all are of one profile, or whole GPUs.
   *
   * @return counts of at least 1 by resource name
   */
  public SortedMap<String, Long> room() {
    SortedMap<String, Long> counts = new TreeMap<>();
    for (DraGpu gpu : gpus) {
      if (gpu.isFree()) {
        counts.merge(GpuResource.GPU, 1L, Long::sum);
      }
      gpu.room()
          .forEach((profile, count) ->
              counts.merge(profile.resourceName(), count.longValue(), Long::sum));
    }
    return Collections.unmodifiableSortedMap(counts);
  }

  /**
   * The node for a planner, with each allocated device pinned at its place. Slices do not contain the
   * node's labels; {@link PlanNode#labels} adds them.
   *
   * @return the node with its GPUs by index; empty if the node's name, a GPU's model, PCI address or
   *     layout is unknown, or if not all of its slices exist
   */
  public Optional<PlanNode> toPlanNode() {
    if (name.isEmpty()) {
      return Optional.empty();
    }
    PlanNode node = PlanNode.named(name);
    for (DraGpu gpu : gpus) {
      Optional<PlanGpu> planned = gpu.toPlanGpu();
      if (planned.isEmpty()) {
        return Optional.empty();
      }
      node = node.gpu(planned.get());
    }
    return Optional.of(node);
  }

  /** The node, its GPUs and its resources in one line. */
  @Override
  public String toString() {
    return "%s (%d GPUs), %s".formatted(name, gpus.size(), resources());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("node", name)
        .and("resources", resources())
        .and("room", room())
        .and("gpus", gpus)
        .map();
  }
}
