package io.github.mig4j.node;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Which entries of a configuration are for which GPU of a node. */
final class Selection {
  final MigConfig config;
  final List<NodeGpu> gpus;
  private final Map<Integer, List<Integer>> entriesByGpu = new HashMap<>();

  /** By entry: the GPUs that pass its filters. */
  private final List<List<NodeGpu>> passing = new ArrayList<>();

  Selection(MigConfig config, List<NodeGpu> gpus) {
    this.config = config;
    this.gpus = gpus;
    gpus.forEach(gpu -> entriesByGpu.put(gpu.index(), new ArrayList<>()));
    for (int i = 0; i < config.entries().size(); i++) {
      MigConfigSpec entry = config.entries().get(i);
      passing.add(passing(entry.deviceFilters()));
      for (NodeGpu gpu : passing.get(i)) {
        if (entry.devices().selects(gpu.index())) {
          entriesFor(gpu).add(i);
        }
      }
    }
  }

  /** Asks once for several GPUs of the same kind in a row. */
  private List<NodeGpu> passing(List<DeviceFilter> filters) {
    List<NodeGpu> passing = new ArrayList<>();
    boolean passes = false;
    for (int i = 0; i < gpus.size(); i++) {
      NodeGpu gpu = gpus.get(i);
      if (i == 0 || !gpu.isOfKindOf(gpus.get(i - 1))) {
        passes = gpu.passes(filters);
      }
      if (passes) {
        passing.add(gpu);
      }
    }
    return passing;
  }

  /** The GPUs that pass the filters of an entry, whether their indexes are in it or not. */
  List<NodeGpu> passing(int entry) {
    return passing.get(entry);
  }

  MigConfigSpec entry(int index) {
    return config.entries().get(index);
  }

  /** Every entry for a GPU, in the order in which they apply. */
  List<Integer> entriesFor(NodeGpu gpu) {
    return entriesByGpu.getOrDefault(gpu.index(), List.of());
  }

  /** The last entry for a GPU. */
  Optional<Integer> decidingEntry(NodeGpu gpu) {
    List<Integer> selecting = entriesFor(gpu);
    return selecting.isEmpty()
        ? Optional.empty()
        : Optional.of(selecting.get(selecting.size() - 1));
  }

  /** What the last entry for a GPU asks of it. */
  Optional<MigSetting> wanted(NodeGpu gpu) {
    return decidingEntry(gpu).map(this::entry).map(MigSetting::of);
  }

  /**
   * Whether one entry switches MIG off and another on for a GPU. mig-parted applies the modes of all
   * entries first, and then fails at the devices of the entry that did not have the last word.
   */
  boolean hasConflictingModes(NodeGpu gpu) {
    return gpu.model().supportsMig()
        && entriesFor(gpu).stream().map(i -> entry(i).migEnabled()).distinct().count() > 1;
  }

  List<NodeGpu> selectedBy(int entry) {
    return gpus.stream().filter(gpu -> entriesFor(gpu).contains(entry)).toList();
  }

  List<NodeGpu> decidedBy(int entry) {
    return gpus.stream()
        .filter(gpu -> decidingEntry(gpu).equals(Optional.of(entry)))
        .toList();
  }

  IntStream entryIndexes() {
    return IntStream.range(0, config.entries().size());
  }

  /** E.g. {@code GPU 0 (a30-24gb)} or {@code GPUs 0-3, 6 (b200-180gb)}; all of one model. */
  static String name(List<NodeGpu> gpus) {
    return "%s %s (%s)"
        .formatted(
            gpus.size() == 1 ? "GPU" : "GPUs",
            ranges(gpus.stream().map(NodeGpu::index).toList()),
            gpus.get(0).model().id());
  }

  /** E.g. {@code 0-3, 6}. */
  static String ranges(List<Integer> indexes) {
    List<Integer> sorted = indexes.stream().sorted().toList();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sorted.size(); ) {
      int last = i;
      while (last + 1 < sorted.size() && sorted.get(last + 1) == sorted.get(last) + 1) {
        last++;
      }
      text.append(i > 0 ? ", " : "").append(sorted.get(i));
      if (last > i) {
        text.append(last > i + 1 ? "-" : ", ").append(sorted.get(last));
      }
      i = last + 1;
    }
    return text.toString();
  }
}
