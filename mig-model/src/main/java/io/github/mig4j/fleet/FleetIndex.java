package io.github.mig4j.fleet;

import io.github.mig4j.JsonForm;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The names of a fleet's GPUs in the cluster, both ways, and the comparison of the fleet with the
 * cluster.
 *
 * <pre>{@code
 * FleetIndex index = new FleetIndex(new Fleet(PlacementPolicy.standard()));
 * index.resync(List.of(FleetGpu.of("node-a", 0, running)));            // at the start, and later
 * long chosen = index.fleet().choose(request, index.gpusOf(passed));   // nodes that pass the filters
 * System.out.println(index.name(chosen));                              // node-a/0 1g.10gb@6:1
 * }</pre>
 *
 * <p>{@link #resync} adds and removes GPUs; do neither with the fleet itself, because the index would not
 * have their names. Not thread-safe, as the fleet.
 */
public final class FleetIndex {

  /** Returned in place of a GPU's number if the index does not have the GPU. */
  public static final int NONE = -1;

  /**
   * How the cluster differs from the fleet.
   *
   * @param added GPUs that the fleet does not have, as the cluster has them
   * @param removed GPUs that the cluster does not have, as the fleet has them
   * @param changed GPUs with other instances or another use, as the cluster has them
   */
  public record Changes(List<FleetGpu> added, List<FleetGpu> removed, List<FleetGpu> changed)
      implements JsonForm {

    public Changes {
      Objects.requireNonNull(added, "added");
      Objects.requireNonNull(removed, "removed");
      Objects.requireNonNull(changed, "changed");
      added = List.copyOf(added);
      removed = List.copyOf(removed);
      changed = List.copyOf(changed);
    }

    /** Whether the fleet and the cluster agree. */
    public boolean isEmpty() {
      return added.isEmpty() && removed.isEmpty() && changed.isEmpty();
    }

    /** The numbers of GPUs, e.g. {@code 1 added, 0 removed, 2 changed}. */
    @Override
    public String toString() {
      return "%d added, %d removed, %d changed"
          .formatted(added.size(), removed.size(), changed.size());
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("added", added)
          .and("removed", removed)
          .and("changed", changed)
          .map();
    }
  }

  private record Name(String node, int index) {

    static Name of(FleetGpu gpu) {
      return new Name(gpu.node(), gpu.index());
    }

    @Override
    public String toString() {
      return node + "/" + index;
    }
  }

  private final Fleet fleet;

  /** By node and index. */
  private final Map<String, SortedMap<Integer, Integer>> numbers = new TreeMap<>();

  private final Map<String, GpuSet> sets = new HashMap<>();

  /** By number; a removed GPU keeps its name. */
  private final List<Name> names = new ArrayList<>();

  /**
   * Creates the index of a fleet to which no GPU was added.
   *
   * @throws IllegalArgumentException if it has GPUs, which would have no names
   */
  public FleetIndex(Fleet fleet) {
    Objects.requireNonNull(fleet, "fleet");
    if (fleet.size() != 0) {
      throw new IllegalArgumentException(
          "The fleet must be empty, but has %d GPUs without names; add them with resync"
              .formatted(fleet.size()));
    }
    this.fleet = fleet;
  }

  /** {@return the fleet, to choose and place} */
  public Fleet fleet() {
    return fleet;
  }

  /**
   * {@return the number of a GPU in the fleet, or {@link #NONE}}
   *
   * @param index the GPU's index on its node, from 0
   */
  public int number(String node, int index) {
    Objects.requireNonNull(node, "node");
    Map<Integer, Integer> ofNode = numbers.get(node);
    return ofNode == null ? NONE : ofNode.getOrDefault(index, NONE);
  }

  /**
   * {@return the GPUs of a node, created once for each node; empty if the index does not have the
   * node}
   */
  public GpuSet gpusOf(String node) {
    Objects.requireNonNull(node, "node");
    return numbers.containsKey(node)
        ? sets.computeIfAbsent(
            node,
            any -> GpuSet.of(
                numbers.get(node).values().stream().mapToInt(Integer::intValue).toArray()))
        : GpuSet.of();
  }

  /**
   * {@return the GPUs of those of several nodes that the index has, such as those that pass a
   * scheduler's other filters}
   */
  public GpuSet gpusOf(Collection<String> nodes) {
    Objects.requireNonNull(nodes, "nodes");
    GpuSet.Builder all = GpuSet.builder();
    nodes.forEach(node -> all.addAll(gpusOf(node)));
    return all.build();
  }

  /** {@return the names of the nodes with GPUs, in alphabetical order} */
  public SortedSet<String> nodes() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(numbers.keySet()));
  }

  /**
   * {@return the name of the node of a GPU}
   *
   * @throws IllegalArgumentException if the index never had a GPU with this number
   */
  public String node(int gpu) {
    return name(gpu).node();
  }

  /**
   * {@return the index of a GPU on its node, from 0}
   *
   * @throws IllegalArgumentException if the index never had a GPU with this number
   */
  public int index(int gpu) {
    return name(gpu).index();
  }

  private Name name(int gpu) {
    if (gpu < 0 || gpu >= names.size()) {
      throw new IllegalArgumentException(
          "The index has no name of GPU %d; add GPUs with resync".formatted(gpu));
    }
    return names.get(gpu);
  }

  /**
   * {@return an instance as the cluster names it: node, index, profile, start and size, e.g. {@code
   * gpu-node-7/3 1g.10gb@6:1}}
   *
   * @throws IllegalArgumentException if the fleet has no such GPU or placement
   */
  public String name(long instance) {
    Placement placement = fleet.placementOf(instance);
    return name(Fleet.gpuOf(instance)) + " " + placement;
  }

  /**
   * {@return the instance at a place, whether it runs or not, as {@link Fleet#instanceAt} returns
   * it}
   *
   * @param index the GPU's index on its node, from 0
   * @throws IllegalArgumentException if the index does not have the GPU, or if the GPU does not offer
   *     the placement
   */
  public long instance(String node, int index, Placement placement) {
    Objects.requireNonNull(placement, "placement");
    int gpu = number(node, index);
    if (gpu == NONE) {
      throw new IllegalArgumentException("The index has no GPU %d of node %s; the node has %s"
          .formatted(index, node, numbers.getOrDefault(node, new TreeMap<>()).keySet()));
    }
    return fleet.instanceAt(gpu, placement.profile(), placement.start());
  }

  /**
   * {@return how all GPUs of the cluster differ from the fleet, which does not change} A GPU whose
   * model differs is removed and added.
   *
   * @throws IllegalArgumentException if two GPUs have the same node and index
   */
  public Changes diff(Collection<FleetGpu> cluster) {
    Objects.requireNonNull(cluster, "cluster");
    Map<Name, FleetGpu> wanted = byName(cluster);
    List<FleetGpu> added = new ArrayList<>();
    List<FleetGpu> removed = new ArrayList<>();
    List<FleetGpu> changed = new ArrayList<>();
    wanted.forEach((name, gpu) -> {
      Optional<FleetGpu> known = known(number(name.node(), name.index()));
      if (known.filter(it -> isOfModelOf(it, gpu)).isEmpty()) {
        added.add(gpu);
      } else if (!isLike(known.get(), gpu)) {
        changed.add(gpu);
      }
    });
    numbers.values().stream()
        .flatMap(ofNode -> ofNode.values().stream())
        .flatMap(gpu -> known(gpu).stream())
        .filter(gpu -> Optional.ofNullable(wanted.get(Name.of(gpu)))
            .filter(wantedGpu -> isOfModelOf(wantedGpu, gpu))
            .isEmpty())
        .forEach(removed::add);
    return new Changes(added, removed, changed);
  }

  private static Map<Name, FleetGpu> byName(Collection<FleetGpu> cluster) {
    Map<Name, FleetGpu> byName = new LinkedHashMap<>();
    for (FleetGpu gpu : cluster) {
      if (byName.put(Name.of(gpu), gpu) != null) {
        throw new IllegalArgumentException(
            "Node %s has two GPUs with index %d; each index must be unique on its node"
                .formatted(gpu.node(), gpu.index()));
      }
    }
    return byName;
  }

  private Optional<FleetGpu> known(int gpu) {
    if (!fleet.contains(gpu)) {
      return Optional.empty();
    }
    FleetGpu known = FleetGpu.of(node(gpu), index(gpu), fleet.state(gpu).layout());
    return Optional.of(fleet.isCordoned(gpu) ? known.cordoned() : known);
  }

  private static boolean isOfModelOf(FleetGpu one, FleetGpu other) {
    return one.running().gpu().equals(other.running().gpu());
  }

  /** Compute instances count as the GPU instance that they share, so placements are compared. */
  private static boolean isLike(FleetGpu one, FleetGpu other) {
    return one.use() == other.use()
        && one.running().placements().equals(other.running().placements());
  }

  /**
   * Makes the fleet equal to the cluster, and returns what has changed. What the fleet has placed
   * and the cluster does not show yet is freed, so add the instances of pods that are being bound
   * to the cluster's list. The GPUs that stay keep their numbers. Do not call it while a
   * {@linkplain Fleet#mark mark} is open.
   *
   * @param cluster every GPU of the cluster, from {@code PlanNode.fleetGpus()} or a list of your own
   * @throws IllegalArgumentException if two GPUs have the same node and index, or if a model has no
   *     {@linkplain GpuStates#of states}; nothing has changed then
   * @throws IllegalStateException if the cluster has a model that is new to a fleet with 4,096 models,
   *     those of removed GPUs included; no GPU has changed then
   */
  public Changes resync(Collection<FleetGpu> cluster) {
    Changes changes = diff(cluster);
    changes.added().forEach(gpu -> fleet.modelNumber(gpu.running().gpu()));
    changes.removed().forEach(this::remove);
    changes.added().forEach(this::add);
    changes.changed().forEach(this::change);
    return changes;
  }

  private void remove(FleetGpu gpu) {
    fleet.remove(number(gpu.node(), gpu.index()));
    SortedMap<Integer, Integer> ofNode = Objects.requireNonNull(numbers.get(gpu.node()), "ofNode");
    ofNode.remove(gpu.index());
    if (ofNode.isEmpty()) {
      numbers.remove(gpu.node());
    }
    sets.remove(gpu.node());
  }

  private void add(FleetGpu gpu) {
    int number = fleet.add(gpu.running());
    while (names.size() <= number) {
      names.add(Name.of(gpu));
    }
    numbers.computeIfAbsent(gpu.node(), any -> new TreeMap<>()).put(gpu.index(), number);
    sets.remove(gpu.node());
    setUse(number, gpu);
  }

  private void change(FleetGpu gpu) {
    int number = number(gpu.node(), gpu.index());
    MigLayout before = fleet.state(number).layout();
    for (Placement placement : before.placements()) {
      if (!gpu.running().placements().contains(placement)) {
        fleet.free(fleet.instanceAt(number, placement.profile(), placement.start()));
      }
    }
    for (Placement placement : gpu.running().placements()) {
      if (!before.placements().contains(placement)) {
        fleet.occupy(number, placement.profile(), placement.start());
      }
    }
    setUse(number, gpu);
  }

  private void setUse(int number, FleetGpu gpu) {
    if (gpu.use() == FleetGpu.Use.CORDONED) {
      fleet.cordon(number);
    } else {
      fleet.uncordon(number);
    }
  }

  /** The numbers of nodes and GPUs, e.g. {@code index of 125 nodes with 1000 GPUs}. */
  @Override
  public String toString() {
    return "index of %d nodes with %d GPUs"
        .formatted(numbers.size(), numbers.values().stream().mapToInt(Map::size).sum());
  }
}
