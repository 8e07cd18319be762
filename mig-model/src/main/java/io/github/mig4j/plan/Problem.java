package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
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
 * A demand and GPUs as a {@link Covering}, and the way back from columns to layouts.
 *
 * <p>A kind of demand is a row. So is a supply of GPUs that can be cut alike: a column takes one of
 * them and gives its instances to the kinds. There is one for each largest choice of instances that
 * a GPU can hold, and it costs 1. A GPU that is cut already gives its instances for nothing, until a
 * column takes them back and adds the GPU to the supply. Instances that could meet several kinds go
 * to a row of their own, from which columns pass them on.
 */
final class Problem {

  /** Whether there are only the GPUs that were added, or as many of them as it takes. */
  enum Supply {
    LIMITED,
    UNLIMITED
  }

  /** A lot, and the layouts that the plan gives to the first of its GPUs. */
  private static final class Lot {
    final GpuLot alike;
    int count;
    final Deque<LayoutCount> newLayouts = new ArrayDeque<>();

    Lot(GpuLot alike) {
      this.alike = alike;
    }
  }

  /** A number of GPUs that get a layout. */
  record LayoutCount(MigLayout layout, int count) {}

  /** Takes layouts for some GPUs off a queue, as far as there are any. */
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

  /** GPUs of one model for the same kinds of demand: in how many ways they can be cut. */
  private final class Cuttable {
    final GpuModel model;
    private final Map<MigProfile, Integer> rowOf = new HashMap<>();
    final int supplyRow;
    final List<Cut> cuts = new ArrayList<>();
    final List<Lot> uncut = new ArrayList<>();
    final Map<Map<Integer, Integer>, Present> presents = new LinkedHashMap<>();

    Cuttable(GpuModel model, BitSet allowed) {
      this.model = model;
      Map<MigProfile, BitSet> users = new TreeMap<>();
      allowed.stream()
          .forEach(kind -> newProfile(rows.kinds().get(kind), model)
              .ifPresent(p -> users.computeIfAbsent(p, any -> new BitSet()).set(kind)));
      users.forEach((profile, who) -> rowOf.put(profile, rows.rowFor(who)));
      supplyRow = covering.addRow(0);
      if (!users.isEmpty()) {
        Layouts.of(model)
            .over(users.keySet().stream().map(MigProfile::toString).toArray(String[]::new))
            .maximalMultisets()
            .forEach(this::addCut);
      }
    }

    /** The row to which new instances of a profile go. */
    int rowOf(MigProfile profile) {
      return Objects.requireNonNull(rowOf.get(profile));
    }

    private void addCut(SortedMap<MigProfile, Integer> instances) {
      int[] gains = new int[covering.rows()];
      instances.forEach((profile, count) -> gains[rowOf(profile)] += count);
      if (supply == Supply.LIMITED) {
        gains[supplyRow] = -1;
      }
      cuts.add(new Cut(instances, covering.addColumn(1, gains)));
    }

    void add(Lot lot, Map<Integer, Integer> free) {
      if (lot.alike.gpu().layout().orElseThrow().placements().isEmpty()) {
        uncut.add(lot);
        covering.addNeed(supplyRow, -lot.count);
      } else if (!cuts.isEmpty()) {
        Present present = presents.computeIfAbsent(free, any -> new Present(free, supplyRow));
        present.lots.add(lot);
        covering.addNeed(present.limitRow, -lot.count);
      }
    }
  }

  /** One way to cut a GPU, and the column which does. */
  private record Cut(SortedMap<MigProfile, Integer> instances, int column) {}

  /** GPUs which give the same instances now, and the column that takes one of them back. */
  private final class Present {
    final List<Lot> lots = new ArrayList<>();
    final int limitRow;
    final int column;

    Present(Map<Integer, Integer> free, int supplyRow) {
      limitRow = covering.addRow(0);
      int[] gains = new int[covering.rows()];
      free.forEach((row, count) -> gains[row] -= count);
      gains[limitRow] = -1;
      gains[supplyRow] = 1;
      column = covering.addColumn(0, gains);
    }
  }

  private record CuttableKey(GpuModel model, BitSet kinds) {
    /** The hash of a whole model takes long. */
    @Override
    public int hashCode() {
      return 31 * model.id().hashCode() + kinds.hashCode();
    }
  }

  private final Demand demand;
  private final Supply supply;
  private final Rows rows;
  private final Covering covering;
  private final Map<GpuLot, Lot> lots = new LinkedHashMap<>();
  private final Map<CuttableKey, Cuttable> cuttables = new LinkedHashMap<>();

  Problem(Demand demand, Supply supply) {
    this.demand = demand;
    this.supply = supply;
    this.rows = new Rows(demand);
    this.covering = rows.covering();
  }

  /** Which kinds of demand may be met on a node with these labels. */
  BitSet allowedBy(Map<String, String> labels) {
    return rows.allowedBy(labels);
  }

  /** Adds GPUs; those that are alike and may meet the same kinds are one lot. */
  GpuLot add(PlanGpu gpu, int count, BitSet allowed) {
    GpuLot alike = new GpuLot(gpu, allowed);
    lots.computeIfAbsent(alike, Lot::new).count += count;
    return alike;
  }

  /** After solving: the layouts of the next GPUs of a lot; those without one stay as they are. */
  List<LayoutCount> deal(GpuLot lot, int gpus) {
    return List.copyOf(takeFrom(Objects.requireNonNull(lots.get(lot)).newLayouts, gpus));
  }

  Reasons reasons() {
    Reasons reasons = new Reasons(demand, rows);
    lots.values().forEach(lot -> reasons.add(lot.alike, lot.count));
    return reasons;
  }

  /** Solves the problem; every lot then has its new layouts. */
  Levels.Outcome solve(long effort) {
    lots.values().forEach(this::cover);
    long most = supply == Supply.UNLIMITED
        ? demand.count()
        : lots.values().stream().mapToLong(lot -> lot.count).sum();
    Levels.Outcome outcome = new Levels(rows, most + 1, effort).meet(demand);
    new Delivery(outcome).deliver();
    return outcome;
  }

  private void cover(Lot lot) {
    if (lot.alike.gpu().layout().isEmpty()) {
      return;
    }
    Map<Integer, Integer> free = freeInstances(lot);
    free.forEach((row, each) -> covering.addNeed(row, -(long) each * lot.count));
    if (!lot.alike.gpu().isPinned()) {
      CuttableKey key = new CuttableKey(lot.alike.gpu().model(), lot.alike.kinds());
      Cuttable cuttable = cuttables.get(key);
      if (cuttable == null) {
        cuttable = new Cuttable(key.model(), key.kinds());
        cuttables.put(key, cuttable);
      }
      cuttable.add(lot, free);
    }
  }

  /** How many instances one GPU of the lot gives to each row as it is. */
  private Map<Integer, Integer> freeInstances(Lot lot) {
    Map<Integer, Integer> free = new TreeMap<>();
    lot.alike.gpu().looseDevices().forEach((profile, count) -> {
      BitSet users = new BitSet();
      lot.alike.kinds().stream()
          .filter(kind -> rows.kinds().get(kind).accepts(lot.alike.gpu().model(), profile))
          .forEach(users::set);
      if (!users.isEmpty()) {
        free.merge(rows.rowFor(users), count, Integer::sum);
      }
    });
    return free;
  }

  /** The profile of which a new device of a kind is made, if it is known where it may start. */
  static Optional<MigProfile> newProfile(DemandItem kind, GpuModel model) {
    return isPlaceable(model) ? kind.profileOn(model) : Optional.empty();
  }

  static boolean isPlaceable(GpuModel model) {
    return model.profiles().stream().allMatch(GpuInstanceProfile::isPlaceable);
  }

  /** Turns columns into layouts that hold no more than what is needed. */
  private final class Delivery {
    private final long[] times;
    private final long[] surplus;

    Delivery(Levels.Outcome outcome) {
      times = outcome.times.clone();
      surplus = covering.surplus(times);
      demand
          .items()
          .forEach(item ->
              surplus[rows.kindOf(item)] -= item.count() - outcome.unmet.getOrDefault(item, 0));
    }

    void deliver() {
      for (Rows.Passing passing : rows.passings()) {
        long back = Math.min(times[passing.column()], Math.max(0, surplus[passing.to()]));
        surplus[passing.to()] -= back;
        surplus[passing.from()] += back;
      }
      cuttables.values().forEach(this::deliver);
    }

    /** GPUs that are not cut yet come first; a layout that is not needed then leaves one as it is. */
    private void deliver(Cuttable cuttable) {
      Deque<LayoutCount> layouts = layouts(cuttable);
      cuttable.uncut.forEach(lot -> lot.newLayouts.addAll(
          takeFrom(layouts, supply == Supply.UNLIMITED ? Integer.MAX_VALUE : lot.count)));
      for (Present present : cuttable.presents.values()) {
        int left = (int) times[present.column];
        for (Lot lot : present.lots) {
          int n = Math.min(left, lot.count);
          lot.newLayouts.addAll(takeFrom(layouts, n));
          left -= n;
        }
      }
    }

    private Deque<LayoutCount> layouts(Cuttable cuttable) {
      Map<SortedMap<MigProfile, Integer>, Long> wanted = new LinkedHashMap<>();
      for (Cut cut : cuttable.cuts) {
        if (times[cut.column()] > 0) {
          trimmed(cut, cuttable).forEach((devices, n) -> wanted.merge(devices, n, Long::sum));
        }
      }
      wanted.keySet().removeIf(Map::isEmpty);
      Deque<LayoutCount> layouts = new ArrayDeque<>();
      wanted.forEach((devices, n) -> layouts.add(new LayoutCount(
          MigLayout.place(cuttable.model, devices).orElseThrow(), Math.toIntExact(n))));
      return layouts;
    }

    /** Takes away what is needed nowhere, from as few GPUs as it can be taken. */
    private Map<SortedMap<MigProfile, Integer>, Long> trimmed(Cut cut, Cuttable cuttable) {
      Map<SortedMap<MigProfile, Integer>, Long> parts = new LinkedHashMap<>();
      parts.put(cut.instances(), times[cut.column()]);
      for (Map.Entry<MigProfile, Integer> instances : cut.instances().entrySet()) {
        MigProfile profile = instances.getKey();
        int row = cuttable.rowOf(profile);
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
