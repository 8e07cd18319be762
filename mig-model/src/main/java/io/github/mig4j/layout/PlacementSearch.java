package io.github.mig4j.layout;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Violation.BudgetExceeded;
import io.github.mig4j.layout.Violation.MigNotSupported;
import io.github.mig4j.layout.Violation.NoArrangement;
import io.github.mig4j.layout.Violation.Overlap;
import io.github.mig4j.layout.Violation.SizeDiffers;
import io.github.mig4j.layout.Violation.StartNotAllowed;
import io.github.mig4j.layout.Violation.TooManyInstances;
import io.github.mig4j.layout.Violation.UnknownProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Searches a layout for one request. It counts the GPU instances and checks each rule on its own.
 * If no rule is violated, it searches starts by backtracking: a greedy choice of starts rejects
 * {3g, 2g, 1g, 1g} on a 7-slice GPU, which fits.
 */
final class PlacementSearch {

  /** Largest first, because the search then fails early; then by name, for a fixed order. */
  private static final Comparator<GpuInstanceProfile> LARGEST_FIRST = Comparator.comparingInt(
          (GpuInstanceProfile p) -> p.size().orElse(0))
      .reversed()
      .thenComparing(GpuInstanceProfile::profile, Comparator.reverseOrder());

  private final GpuModel gpu;
  private final List<MigLayout.Start> fixed;
  private final SortedMap<MigProfile, Integer> devices;
  private final SortedMap<MigProfile, Integer> free;
  private final SortedMap<MigProfile, Integer> gpuInstances;
  private final List<Violation> violations = new ArrayList<>();

  PlacementSearch(
      GpuModel gpu, SortedMap<MigProfile, Integer> anywhere, List<MigLayout.Start> fixed) {
    this.gpu = gpu;
    this.fixed = fixed;
    this.devices = withStarts(anywhere);
    SortedMap<MigProfile, Integer> offered = new TreeMap<>(anywhere);
    offered.keySet().removeIf(name -> gpu.profile(name).isEmpty());
    this.free = ComputeInstances.gpuInstances(offered);
    this.gpuInstances = withStarts(free);
    gpuInstances.keySet().removeIf(name -> gpu.profile(name).isEmpty());
  }

  private SortedMap<MigProfile, Integer> withStarts(SortedMap<MigProfile, Integer> anywhere) {
    SortedMap<MigProfile, Integer> all = new TreeMap<>(anywhere);
    fixed.forEach(start -> all.merge(start.profile(), 1, MigLayout::saturatedSum));
    return all;
  }

  PlacementResult result() {
    if (!gpu.supportsMig()) {
      return new PlacementResult.Rejected(gpu, List.of(new MigNotSupported(gpu)));
    }
    checkProfiles();
    checkBudgets();
    List<Placement> given = checkStarts();
    if (!violations.isEmpty()) {
      return new PlacementResult.Rejected(gpu, violations);
    }
    List<MigProfile> unplaceable = gpuInstances.keySet().stream()
        .filter(name -> !known(name).isPlaceable())
        .toList();
    if (!unplaceable.isEmpty()) {
      return new PlacementResult.Undetermined(gpu, unplaceable);
    }
    return new Backtracking(given)
        .search()
        .<PlacementResult>map(PlacementResult.Placed::new)
        .orElseGet(
            () -> new PlacementResult.Rejected(gpu, List.of(new NoArrangement(gpu, free, given))));
  }

  private void checkProfiles() {
    for (MigProfile device : devices.keySet()) {
      if (gpu.profile(device).isEmpty()) {
        violations.add(new UnknownProfile(gpu, device));
      }
    }
    gpuInstances.forEach((name, count) -> {
      int max = known(name).maxInstances();
      if (count > max) {
        violations.add(new TooManyInstances(gpu, name, count, max));
      }
    });
  }

  private void checkBudgets() {
    for (Budget budget : Budget.values()) {
      OptionalInt capacity = gpu.capacity(budget);
      if (capacity.isPresent()) {
        long needed = 0;
        for (Map.Entry<MigProfile, Integer> entry : gpuInstances.entrySet()) {
          needed += share(entry, budget);
        }
        if (needed > capacity.getAsInt()) {
          violations.add(new BudgetExceeded(gpu, budget, shares(budget), capacity.getAsInt()));
        }
      }
    }
  }

  private SortedMap<MigProfile, Long> shares(Budget budget) {
    SortedMap<MigProfile, Long> shares = new TreeMap<>();
    for (Map.Entry<MigProfile, Integer> entry : gpuInstances.entrySet()) {
      long share = share(entry, budget);
      if (share > 0) {
        shares.put(entry.getKey(), share);
      }
    }
    return shares;
  }

  /** What the instances of one profile take together. */
  private long share(Map.Entry<MigProfile, Integer> instances, Budget budget) {
    return (long) known(instances.getKey()).amount(budget).orElse(0) * instances.getValue();
  }

  /** Converts the requested starts into placements and checks them for overlap. */
  private List<Placement> checkStarts() {
    List<Placement> given = new ArrayList<>();
    for (MigLayout.Start start : fixed) {
      Optional<GpuInstanceProfile> profile =
          gpu.profile(start.profile()).filter(GpuInstanceProfile::isPlaceable);
      if (profile.isEmpty()) {
        continue;
      }
      int size = profile.get().size().getAsInt();
      if (start.size().orElse(size) != size) {
        Placement reported =
            new Placement(start.profile(), start.start(), start.size().getAsInt());
        violations.add(new SizeDiffers(gpu, reported, size));
        continue;
      }
      List<Integer> allowed = profile.get().starts();
      if (!allowed.contains(start.start())) {
        violations.add(new StartNotAllowed(gpu, start.profile(), start.start(), allowed));
        continue;
      }
      Placement placement = new Placement(start.profile(), start.start(), size);
      for (Placement earlier : given) {
        if (earlier.overlaps(placement)) {
          boolean inOrder = earlier.compareTo(placement) <= 0;
          violations.add(
              new Overlap(gpu, inOrder ? earlier : placement, inOrder ? placement : earlier));
        }
      }
      given.add(placement);
    }
    return given;
  }

  private GpuInstanceProfile known(MigProfile name) {
    return gpu.profile(name).orElseThrow();
  }

  /** Places the instances without a start, one after the other. */
  private final class Backtracking {
    private final List<GpuInstanceProfile> items;
    private final List<Placement> placed;
    private final Set<Long> deadEnds = new HashSet<>();

    Backtracking(List<Placement> given) {
      placed = new ArrayList<>(given);
      items = free.entrySet().stream()
          .flatMap(e -> Collections.nCopies(e.getValue(), known(e.getKey())).stream())
          .sorted(LARGEST_FIRST)
          .toList();
    }

    Optional<MigLayout> search() {
      int occupied = 0;
      for (Placement placement : placed) {
        occupied |= PlacementTable.mask(placement.start(), placement.size());
      }
      return place(0, occupied)
          ? Optional.of(new MigLayout(gpu, placed, devices))
          : Optional.empty();
    }

    /** Whether the items from {@code next} on fit beside the occupied slices. */
    private boolean place(int next, int occupied) {
      if (next == items.size()) {
        return true;
      }
      long state = (long) next << Integer.SIZE | occupied;
      if (deadEnds.contains(state)) {
        return false;
      }
      GpuInstanceProfile item = items.get(next);
      int size = item.size().getAsInt();
      for (int start : item.starts()) {
        int slices = PlacementTable.mask(start, size);
        if ((occupied & slices) == 0) {
          placed.add(new Placement(item.profile(), start, size));
          if (place(next + 1, occupied | slices)) {
            return true;
          }
          placed.remove(placed.size() - 1);
        }
      }
      deadEnds.add(state);
      return false;
    }
  }
}
