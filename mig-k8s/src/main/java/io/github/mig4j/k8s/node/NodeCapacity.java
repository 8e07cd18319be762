package io.github.mig4j.k8s.node;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A node with GPUs among others: what it offers, and what of that pods have taken.
 *
 * <p>Nodes and pods do not say on which GPU a pod runs, nor where on it. So this is counts for each
 * node, and a node on which a pod uses a GPU is pinned as a whole.
 *
 * @param status what the node says, with the strategy that the ClusterPolicy sets, if it sets one
 * @param labels the node's labels
 * @param used devices taken by pods that have not ended, by resource name; under {@code
 *     resource.k8s.io/claims} the number of pods with resource claims, which may be for its GPUs
 * @param layouts what each GPU holds, by index, as the configuration in force says; none if that is
 *     not known or MIG is off
 */
public record NodeCapacity(
    MigNodeStatus status,
    Map<String, String> labels,
    SortedMap<String, Long> used,
    SortedMap<Integer, MigLayout> layouts) {

  /** Copies the maps. */
  public NodeCapacity {
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(labels, "labels");
    Objects.requireNonNull(used, "used");
    Objects.requireNonNull(layouts, "layouts");
    labels = Map.copyOf(labels);
    used = Collections.unmodifiableSortedMap(new TreeMap<>(used));
    layouts = Collections.unmodifiableSortedMap(new TreeMap<>(layouts));
  }

  /**
   * What pods can still be given.
   *
   * @return counts by resource name, those of which there are none left out
   */
  public SortedMap<String, Long> free() {
    SortedMap<String, Long> free = new TreeMap<>();
    status.allocatable().forEach((resource, count) -> {
      long rest = count - used.getOrDefault(resource, 0L);
      if (rest > 0) {
        free.put(resource, rest);
      }
    });
    return free;
  }

  /**
   * Whether a pod uses a GPU of the node, so that none may be cut again.
   *
   * @return true if a device is taken
   */
  public boolean isPinned() {
    return !used.isEmpty();
  }

  /**
   * Why a planner does not get the node.
   *
   * @return sentences with subject, value and remedy; none if it does
   */
  public List<String> obstacles() {
    List<String> obstacles = new ArrayList<>();
    String node = status.node();
    if (status.model().isEmpty()) {
      obstacles.add("Node %s: the model of its GPUs is not known from product '%s'; see its status"
          .formatted(node, status.product().orElse("")));
    } else if (!status.model().get().supportsMig()) {
      obstacles.add("Node %s: its GPU %s has no MIG; share it by time-slicing or MPS instead"
          .formatted(node, status.model().get().id()));
    }
    if (gpus() == 0) {
      obstacles.add(
          "Node %s: the number of its GPUs is not known; wait for GPU Feature Discovery, or for the change under way"
              .formatted(node));
    }
    if (status.strategy() != MigStrategy.MIXED) {
      obstacles.add(
          "Node %s: MIG strategy %s does not offer what a plan may make; set it to mixed, as MigOperator.use does"
              .formatted(node, status.strategy()));
    }
    if (status.ready().equals(Optional.of(false))) {
      obstacles.add("Node %s: it is not ready; wait until its kubelet answers".formatted(node));
    }
    if (status.cordoned()) {
      obstacles.add("Node %s: it is cordoned, so no pod would come; uncordon it".formatted(node));
    }
    return List.copyOf(obstacles);
  }

  /**
   * The node as a planner sees it.
   *
   * @return the node with its labels and GPUs, pinned where pods run; empty if there are {@link
   *     #obstacles}
   */
  public Optional<PlanNode> toPlanNode() {
    if (!obstacles().isEmpty()) {
      return Optional.empty();
    }
    GpuModel model = status.model().orElseThrow();
    int gpus = gpus();
    PlanNode node = PlanNode.named(status.node()).labels(labels);
    Map<String, Long> left = new HashMap<>(used);
    for (int index = 0; index < gpus; index++) {
      MigLayout layout = layouts.get(index);
      node = node.gpu(
          layout == null ? PlanGpu.of(model) : PlanGpu.of(layout).pinning(taken(layout, left)));
    }
    return Optional.of(isPinned() ? node.pinned() : node);
  }

  /**
   * The instances of a GPU that count as taken. Which of equal ones they are makes no
   * difference, since the node stays as it is; all, where what is used does not name a profile.
   */
  private List<Placement> taken(MigLayout layout, Map<String, Long> left) {
    boolean all = used.keySet().stream()
        .anyMatch(resource -> MigProfile.ofResourceName(resource).isEmpty());
    return layout.placements().stream()
        .filter(
            placement -> all || left.merge(placement.profile().resourceName(), -1L, Long::sum) >= 0)
        .toList();
  }

  /** Physical GPUs; 0 if not known. */
  int gpus() {
    return Math.max(status.gpus().orElse(0), layouts.isEmpty() ? 0 : layouts.lastKey() + 1);
  }

  /** The node, what pods use and what is free, in one line. */
  @Override
  public String toString() {
    return "%s: used %s, free %s".formatted(status.node(), used, free());
  }
}
