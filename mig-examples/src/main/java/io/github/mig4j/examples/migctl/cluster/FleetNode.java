package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.GpuResources;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.NodeCapacity;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A node as the pictures of a fleet show it.
 *
 * @param name the node's name
 * @param heading what it has and what is requested
 * @param resources what it offers of each resource, and how much of it is in use
 * @param gpus its GPUs by index
 */
record FleetNode(String name, String heading, List<String> resources, List<Gpu> gpus) {

  /** What a part of a GPU is. */
  enum Kind {
    /** A device, or a whole GPU, that a pod has. */
    IN_USE,
    /** A device, or a whole GPU, that no pod has. */
    IDLE,
    /** Slices without a device, on which one can be created. */
    FREE,
    /** Slices on which no device can be created beside the others. */
    LOST,
    /** The layout is not known. */
    UNKNOWN
  }

  /** A part of a GPU, in memory slices. */
  record Part(Kind kind, String label, int size) {}

  /** A GPU and its parts in the order of its memory slices. */
  record Gpu(List<Part> parts) {

    int slices() {
      return parts.stream().mapToInt(Part::size).sum();
    }
  }

  static FleetNode of(NodeCapacity capacity) {
    MigNodeStatus status = capacity.status();
    SortedSet<String> names = new TreeSet<>(status.allocatable().keySet());
    names.addAll(capacity.used().keySet());
    List<String> resources = names.stream()
        .map(name -> "%s: %d of %d in use"
            .formatted(
                name,
                capacity.used().getOrDefault(name, 0L),
                status.allocatable().getOrDefault(name, 0L)))
        .toList();
    Map<String, Long> inUse = new HashMap<>(capacity.used());
    List<Gpu> gpus = IntStream.range(0, capacity.gpus())
        .mapToObj(index -> new Gpu(parts(capacity, index, inUse)))
        .toList();
    return new FleetNode(status.node(), heading(status), resources, gpus);
  }

  private static String heading(MigNodeStatus status) {
    String heading = "%s, %s, %s"
        .formatted(
            status.model().map(GpuModel::id).orElse("unknown GPU"),
            status.config().orElse("no configuration"),
            status.state().map(MigState::toString).orElse("no state"));
    return status.cordoned() ? heading + ", cordoned" : heading;
  }

  private static List<Part> parts(NodeCapacity capacity, int index, Map<String, Long> inUse) {
    MigLayout layout = capacity.layouts().get(index);
    boolean isWhole = layout == null ? isWhole(capacity) : layout.placements().isEmpty();
    if (isWhole) {
      return List.of(new Part(taken(inUse, GpuResources.GPU), "whole GPU", 8));
    }
    return layout == null
        ? List.of(new Part(Kind.UNKNOWN, "layout not known", 8))
        : parts(layout, inUse);
  }

  /** Whether the node offers each GPU whose layout is not known as a whole, perhaps shared. */
  private static boolean isWhole(NodeCapacity capacity) {
    int others = capacity.gpus() - capacity.layouts().size();
    long offered = capacity.status().allocatable().getOrDefault(GpuResources.GPU, 0L);
    return capacity.status().strategy() == MigStrategy.SINGLE
        ? offered == others
        : offered >= others;
  }

  private static List<Part> parts(MigLayout layout, Map<String, Long> inUse) {
    int end = layout.placements().stream().mapToInt(Placement::end).max().orElse(1);
    int slices = layout.gpu().memorySlices().orElse(end);
    List<Part> parts = new ArrayList<>();
    int next = 0;
    for (Placement placement : layout.placements()) {
      addGap(parts, layout, next, placement.start());
      parts.add(new Part(
          taken(inUse, placement.profile().resourceName()),
          placement.profile().toString(),
          placement.size()));
      next = placement.end();
    }
    addGap(parts, layout, next, slices);
    return parts;
  }

  /** Which device a pod has is not known to the API server, so the first ones count as in use. */
  private static Kind taken(Map<String, Long> inUse, String resource) {
    return inUse.merge(resource, -1L, Long::sum) >= 0 ? Kind.IN_USE : Kind.IDLE;
  }

  private static void addGap(List<Part> parts, MigLayout layout, int from, int to) {
    int start = from;
    while (start < to) {
      Kind kind = kind(layout, start);
      int end = start + 1;
      while (end < to && kind(layout, end) == kind) {
        end++;
      }
      parts.add(new Part(kind, kind == Kind.FREE ? "free" : "lost", end - start));
      start = end;
    }
  }

  private static Kind kind(MigLayout layout, int slice) {
    boolean usable = layout.freePlacements().stream()
        .anyMatch(placement -> placement.start() <= slice && slice < placement.end());
    return usable ? Kind.FREE : Kind.LOST;
  }
}
