package io.github.mig4j.k8s.node;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.github.mig4j.JsonForm;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.fleet.FleetIndex;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.dra.DraDevice;
import io.github.mig4j.k8s.dra.DraGpu;
import io.github.mig4j.k8s.dra.DraNode;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.text.GpuResource;
import io.github.mig4j.text.JsonFields;
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
 * The GPU devices of a node: what it offers, and what pods use of that.
 *
 * <p>Nodes and pods do not say on which GPU a pod runs. So these are counts for the whole node, and the
 * whole node is pinned if a pod uses one of its GPUs.
 *
 * @param status the node's status, with the strategy of the ClusterPolicy if it sets one
 * @param labels the node's labels
 * @param used devices of pods that have not ended, by resource name; under {@code
 *     resource.k8s.io/claims} the number of pods with resource claims, which may be for its GPUs
 * @param layouts the layout of each GPU by index, from the configuration in force; empty if that is
 *     unknown or MIG is off
 */
public record NodeCapacity(
    MigNodeStatus status,
    Map<String, String> labels,
    SortedMap<String, Long> used,
    SortedMap<Integer, MigLayout> layouts)
    implements JsonForm {

  /** The label of {@link #publishing} with the product of the GPUs. */
  public static final String PRODUCT = "gpu.nvidia.com/productName";

  /** The name under which the pods with resource claims are counted. */
  static final String CLAIMS = "resource.k8s.io/claims";

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
   * Reads a node with its pods, such as from informers' caches.
   *
   * @param node the node
   * @param pods the pods of this node; others are left out
   * @param document the configurations of the MIG manager's ConfigMap; without it no layout is known
   * @param settings the label to read, and the catalogue in which to look up its product
   * @return its devices
   */
  public static NodeCapacity of(
      Node node, List<Pod> pods, Optional<MigConfigDocument> document, MigSettings settings) {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(pods, "pods");
    Objects.requireNonNull(document, "document");
    Objects.requireNonNull(settings, "settings");
    return MigFleet.capacity(
        node, pods, MigNodeStatus.of(node, settings), document, new HashMap<>());
  }

  /**
   * The same node with the devices that NVIDIA's DRA driver publishes, in place of those of the device
   * plugin. They have the names of the device plugin with strategy {@code mixed}; those that are not free
   * count as used, beside those that pods use by resource names. Each GPU has its layout.
   *
   * @param published the devices of this node
   * @return its devices; the label {@code gpu.nvidia.com/productName} is the product of its GPUs, if they
   *     have one
   */
  public NodeCapacity publishing(DraNode published) {
    Objects.requireNonNull(published, "published");
    SortedMap<String, Long> there = published.resources();
    SortedMap<String, Long> inUse = new TreeMap<>(there);
    published.gpus().stream()
        .flatMap(gpu -> gpu.devices().stream())
        .filter(device -> device.state() == DraDevice.State.FREE)
        .map(device -> device.profile().map(MigProfile::resourceName).orElse(GpuResource.GPU))
        .forEach(resource -> inUse.computeIfPresent(resource, (any, count) -> count - 1));
    inUse.values().removeIf(count -> count <= 0);
    used.forEach((resource, count) -> {
      if (!resource.equals(CLAIMS)) {
        inUse.merge(resource, count, Long::sum);
      }
    });
    SortedMap<Integer, MigLayout> cut = new TreeMap<>();
    for (int gpu = 0; gpu < published.gpus().size(); gpu++) {
      int index = gpu;
      published
          .gpus()
          .get(gpu)
          .layout()
          .filter(layout -> !layout.devices().isEmpty())
          .ifPresent(layout -> cut.put(index, layout));
    }
    Map<String, String> more = new HashMap<>(labels);
    List<Optional<String>> products =
        published.gpus().stream().map(DraGpu::product).distinct().toList();
    if (products.size() == 1 && products.get(0).isPresent()) {
      more.put(PRODUCT, products.get(0).get());
    }
    return new NodeCapacity(
        ((ImmutableMigNodeStatus) ImmutableMigNodeStatus.copyOf(status))
            .withModel(published.model())
            .withGpus(published.gpus().size())
            .withStrategy(MigStrategy.MIXED)
            .withAllocatable(there),
        more,
        inUse,
        cut);
  }

  /** {@return the number of devices that no pod uses, by resource name, without zeros} */
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
   * {@return whether a pod uses a GPU of the node, so that its GPUs must not be partitioned again}
   */
  public boolean isPinned() {
    return !used.isEmpty();
  }

  /**
   * {@return why a planner cannot use the node: sentences with subject, value and remedy; empty if
   * it can}
   */
  public List<String> obstacles() {
    List<String> obstacles = unknownGpus();
    String node = status.node();
    if (status.ready().equals(Optional.of(false))) {
      obstacles.add("Node %s: it is not ready; see 'kubectl describe node %1$s'".formatted(node));
    }
    if (status.cordoned()) {
      obstacles.add(
          "Node %s: it is cordoned, so no pod would be scheduled; run 'kubectl uncordon %1$s'"
              .formatted(node));
    }
    return List.copyOf(obstacles);
  }

  /** Why it is not known which GPUs with MIG the node has. */
  private List<String> unknownGpus() {
    List<String> obstacles = new ArrayList<>();
    String node = status.node();
    if (status.model().isEmpty()) {
      obstacles.add(
          "Node %s: the product '%s' does not identify the model of its GPUs; see its status"
              .formatted(node, status.product().orElse("")));
    } else if (!status.model().get().supportsMig()) {
      obstacles.add(
          "Node %s: its GPU %s does not support MIG; share it by time-slicing or MPS instead"
              .formatted(node, status.model().get().id()));
    }
    if (gpus() == 0) {
      obstacles.add(
          "Node %s: the number of its GPUs is unknown; wait for GPU Feature Discovery, or for the change in progress"
              .formatted(node));
    }
    if (status.strategy() != MigStrategy.MIXED) {
      obstacles.add(
          "Node %s: MIG strategy %s cannot offer every layout of a plan; set mig.strategy=mixed in the GPU Operator's helm values"
              .formatted(node, status.strategy()));
    }
    return obstacles;
  }

  /**
   * {@return the node for a planner with its labels and GPUs, pinned where pods run; empty if there
   * are {@link #obstacles}}
   */
  public Optional<PlanNode> toPlanNode() {
    return obstacles().isEmpty() ? Optional.of(planNode()) : Optional.empty();
  }

  private PlanNode planNode() {
    GpuModel model = status.model().orElseThrow();
    int gpus = gpus();
    PlanNode node = PlanNode.named(status.node()).labels(labels);
    Map<String, Long> left = new HashMap<>(used);
    for (int index = 0; index < gpus; index++) {
      MigLayout layout = layouts.get(index);
      node = node.gpu(
          layout == null ? PlanGpu.of(model) : PlanGpu.of(layout).pinning(taken(layout, left)));
    }
    return isPinned() ? node.pinned() : node;
  }

  /**
   * The GPUs for a scheduler's {@link FleetIndex}. They are cordoned if pods use GPUs of the node, because
   * it is not known on which one a pod runs, and if the node is cordoned or not ready.
   *
   * @return the GPUs; empty if {@link #obstacles} other than these hide which GPUs the node has
   */
  public List<FleetGpu> fleetGpus() {
    if (!unknownGpus().isEmpty()) {
      return List.of();
    }
    List<FleetGpu> gpus = planNode().fleetGpus();
    return obstacles().isEmpty() ? gpus : gpus.stream().map(FleetGpu::cordoned).toList();
  }

  /**
   * The instances of a GPU that count as used. Which of several equal ones is of no importance, because
   * the node is not changed. All instances count as used if a used resource names no profile.
   */
  private List<Placement> taken(MigLayout layout, Map<String, Long> left) {
    boolean all = used.keySet().stream()
        .anyMatch(resource -> MigProfile.ofResourceName(resource).isEmpty());
    return layout.placements().stream()
        .filter(
            placement -> all || left.merge(placement.profile().resourceName(), -1L, Long::sum) >= 0)
        .toList();
  }

  /**
   * {@return the number of physical GPUs, from the labels or from the layouts; 0 if it is unknown}
   */
  public int gpus() {
    return Math.max(status.gpus().orElse(0), layouts.isEmpty() ? 0 : layouts.lastKey() + 1);
  }

  /** The node, what pods use and what is free, in one line. */
  @Override
  public String toString() {
    return "%s: used %s, free %s".formatted(status.node(), used, free());
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("status", status)
        .and("labels", labels)
        .and("used", used)
        .and("layouts", layouts)
        .map();
  }
}
