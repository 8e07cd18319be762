package io.github.mig4j.k8s.dra;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
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
import java.util.function.Function;
import java.util.function.Predicate;
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
    gpus = List.copyOf(Objects.requireNonNull(gpus, "gpus"));
  }

  /** {@return the model of all its GPUs; empty if they differ or one is unknown} */
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
    // A MIG device whose profile cannot be read is not counted, but its GPU is not whole.
    return counts(gpu -> ExistingDevices.of(gpu).devices().isEmpty(), DraGpu::cutInto);
  }

  /**
   * {@return how many more devices can be allocated, if all are of one profile, or whole GPUs:
   * counts of at least 1 by resource name}
   */
  public SortedMap<String, Long> room() {
    return counts(DraGpu::isFree, DraGpu::room);
  }

  private SortedMap<String, Long> counts(
      Predicate<DraGpu> isWhole, Function<DraGpu, Map<MigProfile, Integer>> devices) {
    SortedMap<String, Long> counts = new TreeMap<>();
    for (DraGpu gpu : gpus) {
      if (isWhole.test(gpu)) {
        counts.merge(GpuResource.GPU, 1L, Long::sum);
      }
      devices
          .apply(gpu)
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
