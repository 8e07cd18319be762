package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Converts a demand and GPUs into a {@link Covering}, and its columns into layouts.
 *
 * <p>Each kind of demand is a row, and each supply of equal GPUs is a row. For each maximal
 * multiset of instances of a GPU there is a column with cost 1, which takes one GPU from the supply
 * and adds its instances to the kinds. A GPU with a layout adds its instances at no cost. Another
 * column removes these instances and adds the GPU to the supply. Instances that can meet several
 * kinds have a row of their own, and columns transfer them to the kinds.
 */
final class LayoutProblem {

  /** Whether the number of GPUs is limited to the added ones. */
  enum Supply {
    LIMITED,
    UNLIMITED
  }

  /** A group of equal GPUs, and the new layouts of its first GPUs. */
  private static final class PlannedGroup {
    final GpuGroup key;
    int count;
    final Deque<LayoutCount> newLayouts = new ArrayDeque<>();

    PlannedGroup(GpuGroup key) {
      this.key = key;
    }
  }

  /** A number of GPUs that get a layout. */
  record LayoutCount(MigLayout layout, int count) {}

  /** Removes layouts for a number of GPUs from a queue, or fewer if the queue ends. */
  private static Deque<LayoutCount> takeFrom(Deque<LayoutCount> queue, int gpus) {
    Deque<LayoutCount> taken = new ArrayDeque<>();
    int left = gpus;
    while (left > 0 && !queue.isEmpty()) {
      LayoutCount next = queue.remove();
      int n = Math.min(left, next.count());
      taken.add(new LayoutCount(next.layout(), n));
      if (n < next.count()) {
        queue.addFirst(new LayoutCount(next.layout(), next.count() - n));
      }
      left -= n;
    }
    return taken;
  }

  /** GPUs of one model for the same kinds of demand, with the possible layouts. */
  private final class GpuPool {
    final GpuModel model;
    private final Map<MigProfile, Integer> rowOf = new HashMap<>();
    final int supplyRow;
    final List<LayoutColumn> layoutColumns = new ArrayList<>();
    final List<PlannedGroup> unpartitioned = new ArrayList<>();
    final Map<Map<Integer, Integer>, PartitionedGpus> partitioned = new LinkedHashMap<>();

    GpuPool(GpuModel model, BitSet allowed) {
      this.model = model;
      Map<MigProfile, BitSet> users = new TreeMap<>();
      allowed.stream()
          .forEach(kind -> newProfile(rows.kinds.get(kind), model)
              .ifPresent(p -> users.computeIfAbsent(p, any -> new BitSet()).set(kind)));
      users.forEach((profile, who) -> rowOf.put(profile, rows.rowFor(who)));
      supplyRow = covering.addRow(0);
      if (!users.isEmpty()) {
        choices.maximal(model, users.keySet()).forEach(this::addLayoutColumn);
      }
    }

    /** The row of new instances of a profile. */
    int rowOf(MigProfile profile) {
      return Objects.requireNonNull(rowOf.get(profile));
    }

    private void addLayoutColumn(SortedMap<MigProfile, Integer> instances) {
      SortedMap<Integer, Integer> gains = new TreeMap<>();
      instances.forEach((profile, count) -> gains.merge(rowOf(profile), count, Integer::sum));
      if (supply == Supply.LIMITED) {
        gains.put(supplyRow, -1);
      }
      layoutColumns.add(new LayoutColumn(instances, covering.addColumn(1, gains)));
    }

    void add(PlannedGroup group, Map<Integer, Integer> free) {
      if (group.key.gpu().layout().orElseThrow().placements().isEmpty()) {
        unpartitioned.add(group);
        covering.addNeed(supplyRow, -group.count);
      } else if (!layoutColumns.isEmpty()) {
        PartitionedGpus gpus =
            partitioned.computeIfAbsent(free, any -> new PartitionedGpus(free, supplyRow));
        gpus.groups.add(group);
        covering.addNeed(gpus.limitRow, -group.count);
      }
    }
  }

  /** A multiset of instances for one GPU, and its column. */
  private record LayoutColumn(SortedMap<MigProfile, Integer> instances, int column) {}

  /**
   * GPUs with the same current instances, and the column that removes the instances of one of them.
   */
  private final class PartitionedGpus {
    final List<PlannedGroup> groups = new ArrayList<>();
    final int limitRow;
    final int column;

    PartitionedGpus(Map<Integer, Integer> free, int supplyRow) {
      limitRow = covering.addRow(0);
      SortedMap<Integer, Integer> gains = new TreeMap<>();
      free.forEach((row, count) -> gains.put(row, -count));
      gains.put(limitRow, -1);
      gains.put(supplyRow, 1);
      column = covering.addColumn(0, gains);
    }
  }

  private record PoolKey(ModelKey model, BitSet kinds) {}

  private final Demand demand;
  private final Supply supply;
  final DemandRows rows;
  private final Covering covering;
  private final Map<GpuGroup, PlannedGroup> groups = new LinkedHashMap<>();
  private final Map<PoolKey, GpuPool> pools = new LinkedHashMap<>();
  private final LayoutChoices choices;
  private final Effort effort;

  LayoutProblem(Demand demand, Supply supply, Effort effort) {
    this.demand = demand;
    this.supply = supply;
    this.effort = effort;
    this.rows = new DemandRows(demand);
    this.covering = rows.covering;
    this.choices = new LayoutChoices(covering, effort);
  }

  /** Adds GPUs. Equal GPUs that can meet the same kinds are one group. */
  GpuGroup add(PlanGpu gpu, int count, BitSet allowed) {
    GpuGroup key = new GpuGroup(gpu, allowed);
    groups.computeIfAbsent(key, PlannedGroup::new).count += count;
    return key;
  }

  /**
   * After {@link #solve}, returns the layouts of the next GPUs of a group. GPUs without one keep
   * their layout.
   */
  List<LayoutCount> nextLayouts(GpuGroup group, int gpus) {
    return List.copyOf(takeFrom(Objects.requireNonNull(groups.get(group)).newLayouts, gpus));
  }

  ShortfallReasons reasons() {
    ShortfallReasons reasons = new ShortfallReasons(demand, rows);
    groups.values().forEach(group -> reasons.add(group.key, group.count));
    return reasons;
  }

  /** Solves the problem. Every group then has its new layouts. */
  PrioritySearch.Outcome solve() {
    groups.values().forEach(this::cover);
    PrioritySearch.Outcome outcome = new PrioritySearch(rows, maxCost() + 1, effort).meet(demand);
    new LayoutAssignment(outcome).assign();
    return outcome;
  }

  /** The maximum number of GPUs that change; each of them meets at least one device. */
  private long maxCost() {
    long all = groups.values().stream().mapToLong(group -> group.count).sum();
    return supply == Supply.UNLIMITED ? demand.count() : Math.min(all, demand.count());
  }

  private void cover(PlannedGroup group) {
    if (group.key.gpu().layout().isEmpty()) {
      return;
    }
    Map<Integer, Integer> free = freeInstances(group);
    free.forEach((row, each) -> covering.addNeed(row, -(long) each * group.count));
    if (!group.key.gpu().isPinned()) {
      PoolKey key = new PoolKey(new ModelKey(group.key.gpu().model()), group.key.kinds());
      pools
          .computeIfAbsent(key, any -> new GpuPool(key.model().model(), key.kinds()))
          .add(group, free);
    }
  }

  /** The number of current instances of one GPU of the group by row. */
  private Map<Integer, Integer> freeInstances(PlannedGroup group) {
    Map<Integer, Integer> free = new TreeMap<>();
    group.key.gpu().looseDevices().forEach((profile, count) -> {
      BitSet users =
          rows.those(group.key.kinds(), kind -> kind.accepts(group.key.gpu().model(), profile));
      if (!users.isEmpty()) {
        free.merge(rows.rowFor(users), count, Integer::sum);
      }
    });
    return free;
  }

  /** The profile of a new device of a kind, if the placements of the model are known. */
  static Optional<MigProfile> newProfile(DemandItem kind, GpuModel model) {
    return isPlaceable(model) ? kind.profileOn(model) : Optional.empty();
  }

  static boolean isPlaceable(GpuModel model) {
    return model.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable);
  }

  /** Converts columns into layouts without surplus instances. */
  private final class LayoutAssignment {
    private final long[] times;
    private final long[] surplus;

    LayoutAssignment(PrioritySearch.Outcome outcome) {
      times = outcome.times.clone();
      surplus = covering.surplus(times);
      demand
          .items()
          .forEach(item ->
              surplus[rows.kindOf(item)] -= item.count() - outcome.unmet.getOrDefault(item, 0));
    }

    void assign() {
      for (DemandRows.Transfer transfer : rows.transfers) {
        long back = Math.min(times[transfer.column()], Math.max(0, surplus[transfer.to()]));
        surplus[transfer.to()] -= back;
        surplus[transfer.from()] += back;
      }
      pools.values().forEach(this::assign);
    }

    /**
     * Assigns the layouts, first to GPUs without a layout. If surplus instances make a layout
     * unnecessary, a GPU keeps its layout.
     */
    private void assign(GpuPool pool) {
      Deque<LayoutCount> layouts = layouts(pool);
      pool.unpartitioned.forEach(group -> group.newLayouts.addAll(
          takeFrom(layouts, supply == Supply.UNLIMITED ? Integer.MAX_VALUE : group.count)));
      for (PartitionedGpus gpus : pool.partitioned.values()) {
        int left = (int) times[gpus.column];
        for (PlannedGroup group : gpus.groups) {
          int n = Math.min(left, group.count);
          group.newLayouts.addAll(takeFrom(layouts, n));
          left -= n;
        }
      }
    }

    private Deque<LayoutCount> layouts(GpuPool pool) {
      Map<SortedMap<MigProfile, Integer>, Long> wanted = new LinkedHashMap<>();
      for (LayoutColumn column : pool.layoutColumns) {
        if (times[column.column()] > 0) {
          trimmed(column, pool).forEach((devices, n) -> wanted.merge(devices, n, Long::sum));
        }
      }
      wanted.keySet().removeIf(Map::isEmpty);
      Deque<LayoutCount> layouts = new ArrayDeque<>();
      wanted.forEach((devices, n) -> layouts.add(
          new LayoutCount(MigLayout.place(pool.model, devices).orElseThrow(), Math.toIntExact(n))));
      return layouts;
    }

    /** Removes surplus instances, from as few GPUs as possible. */
    private Map<SortedMap<MigProfile, Integer>, Long> trimmed(LayoutColumn column, GpuPool pool) {
      Map<SortedMap<MigProfile, Integer>, Long> parts = new LinkedHashMap<>();
      parts.put(column.instances(), times[column.column()]);
      for (Map.Entry<MigProfile, Integer> instances : column.instances().entrySet()) {
        MigProfile profile = instances.getKey();
        int row = pool.rowOf(profile);
        Map<SortedMap<MigProfile, Integer>, Long> smaller = new LinkedHashMap<>();
        parts.forEach((devices, n) -> {
          long whole = Math.min(n, Math.max(0, surplus[row]) / instances.getValue());
          surplus[row] -= whole * instances.getValue();
          int rest =
              whole < n ? (int) Math.max(0, Math.min(surplus[row], instances.getValue() - 1)) : 0;
          surplus[row] -= rest;
          put(smaller, without(devices, profile, instances.getValue()), whole);
          put(smaller, without(devices, profile, rest), rest > 0 ? 1 : 0);
          put(smaller, devices, n - whole - (rest > 0 ? 1 : 0));
        });
        parts = smaller;
      }
      return parts;
    }

    private void put(
        Map<SortedMap<MigProfile, Integer>, Long> parts,
        SortedMap<MigProfile, Integer> devices,
        long n) {
      if (n > 0) {
        parts.merge(devices, n, Long::sum);
      }
    }

    private SortedMap<MigProfile, Integer> without(
        SortedMap<MigProfile, Integer> devices, MigProfile profile, int count) {
      SortedMap<MigProfile, Integer> fewer = new TreeMap<>(devices);
      fewer.computeIfPresent(profile, (name, all) -> all == count ? null : all - count);
      return fewer;
    }
  }
}
