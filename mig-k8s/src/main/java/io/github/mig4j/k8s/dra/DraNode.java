package io.github.mig4j.k8s.dra;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A node and its GPUs.
 *
 * @param name the node's name; empty if its slices do not name it
 * @param gpus its GPUs by PCI address, which is how mig-parted counts them; by the names of their
 *     devices, if one does not publish its address
 */
public record DraNode(String name, List<DraGpu> gpus) {

  private static final String WHOLE_GPU = "nvidia.com/gpu";

  public DraNode {
    gpus = List.copyOf(gpus);
  }

  /**
   * The model of all its GPUs.
   *
   * @return the model, or empty if they differ or one is not known
   */
  public Optional<GpuModel> model() {
    Set<Optional<GpuModel>> models = gpus.stream().map(DraGpu::model).collect(Collectors.toSet());
    return models.size() == 1 ? models.iterator().next() : Optional.empty();
  }

  /**
   * What its GPUs are cut into, by the names under which the device plugin would offer the same
   * with strategy {@code mixed}. A GPU that is not cut counts as {@code nvidia.com/gpu}.
   *
   * @return counts by resource name, e.g. {@code nvidia.com/mig-1g.23gb=7}
   */
  public SortedMap<String, Long> resources() {
    SortedMap<String, Long> counts = new TreeMap<>();
    for (DraGpu gpu : gpus) {
      SortedMap<MigProfile, Integer> devices = gpu.cutInto();
      if (devices.isEmpty()) {
        counts.merge(WHOLE_GPU, 1L, Long::sum);
      }
      devices.forEach(
          (profile, count) -> counts.merge(profile.resourceName(), count.longValue(), Long::sum));
    }
    return Collections.unmodifiableSortedMap(counts);
  }

  /**
   * How many devices claims could still be given, of each profile alone or as whole GPUs.
   *
   * @return counts of at least 1 by resource name
   */
  public SortedMap<String, Long> room() {
    SortedMap<String, Long> counts = new TreeMap<>();
    for (DraGpu gpu : gpus) {
      if (gpu.isFree()) {
        counts.merge(WHOLE_GPU, 1L, Long::sum);
      }
      gpu.room()
          .forEach((profile, count) ->
              counts.merge(profile.resourceName(), count.longValue(), Long::sum));
    }
    return Collections.unmodifiableSortedMap(counts);
  }

  /**
   * The node as a planner sees it, exact to the instance: what claims hold is pinned where it is.
   * Slices do not contain the node's labels; {@link PlanNode#labels} adds them.
   *
   * @return the node with its GPUs by their indexes; empty if the node's name, a GPU's model, PCI
   *     address or layout is not known, or if not all of its slices are there
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
}
