package io.github.mig4j.layout;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.List;

/**
 * Every placement of some profiles as a bit mask, with its amounts of the budgets that can be
 * exceeded. The table is immutable; a {@link State} is mutable.
 */
final class PlacementTable {

  private final GpuModel gpu;
  private final List<GpuInstanceProfile> profiles;
  private final List<Placement> placements = new ArrayList<>();
  private final int[] slices;
  private final int[] profileOf;
  private final int[][] amounts;
  private final int[] capacities;

  /** Creates the table; the placements of all profiles must be known. */
  PlacementTable(GpuModel gpu, List<GpuInstanceProfile> profiles) {
    this.gpu = gpu;
    this.profiles = List.copyOf(profiles);
    for (GpuInstanceProfile profile : profiles) {
      for (int start : profile.starts()) {
        placements.add(new Placement(profile.profile(), start, profile.size().getAsInt()));
      }
    }
    placements.sort(null);
    slices = placements.stream().mapToInt(PlacementTable::mask).toArray();
    profileOf = placements.stream().mapToInt(p -> indexOf(p)).toArray();
    List<Budget> binding = new ArrayList<>();
    for (Budget budget : Budget.values()) {
      if (gpu.capacity(budget).isPresent()
          && upperBound(budget) > gpu.capacity(budget).getAsInt()) {
        binding.add(budget);
      }
    }
    capacities = binding.stream().mapToInt(b -> gpu.capacity(b).getAsInt()).toArray();
    amounts = this.profiles.stream()
        .map(p -> binding.stream().mapToInt(b -> p.amount(b).orElse(0)).toArray())
        .toArray(int[][]::new);
  }

  GpuModel gpu() {
    return gpu;
  }

  List<GpuInstanceProfile> profiles() {
    return profiles;
  }

  int size() {
    return slices.length;
  }

  Placement placement(int index) {
    return placements.get(index);
  }

  int indexOfPlacement(Placement placement) {
    return placements.indexOf(placement);
  }

  int profileOf(int placement) {
    return profileOf[placement];
  }

  State emptyState() {
    return new State();
  }

  private static int mask(Placement placement) {
    return ((1 << placement.size()) - 1) << placement.start();
  }

  private int indexOf(Placement placement) {
    for (int i = 0; i < profiles.size(); i++) {
      if (profiles.get(i).profile().equals(placement.profile())) {
        return i;
      }
    }
    throw new IllegalStateException("No profile of " + placement);
  }

  /** An upper bound of the amount that placements without a common slice take together. */
  private long upperBound(Budget budget) {
    long[] best = new long[GpuModel.MAX_MEMORY_SLICES + 1];
    for (int slice = GpuModel.MAX_MEMORY_SLICES - 1; slice >= 0; slice--) {
      best[slice] = best[slice + 1];
      for (int i = 0; i < placements.size(); i++) {
        Placement p = placements.get(i);
        if (p.start() == slice) {
          long amount = profiles.get(profileOf[i]).amount(budget).orElse(0);
          best[slice] = Math.max(best[slice], amount + best[p.end()]);
        }
      }
    }
    return best[0];
  }

  /** Which placements are taken; not thread-safe. */
  final class State {
    private final int[] counts = new int[profiles.size()];
    private final int[] taken = new int[capacities.length];
    private int occupied;

    /** Whether a placement can be added without breaking any rule. */
    boolean accepts(int placement) {
      int profile = profileOf[placement];
      if ((occupied & slices[placement]) != 0
          || counts[profile] >= profiles.get(profile).maxInstances()) {
        return false;
      }
      for (int i = 0; i < taken.length; i++) {
        if (taken[i] + amounts[profile][i] > capacities[i]) {
          return false;
        }
      }
      return true;
    }

    void add(int placement) {
      change(placement, 1);
    }

    void remove(int placement) {
      change(placement, -1);
    }

    private void change(int placement, int sign) {
      int profile = profileOf[placement];
      occupied ^= slices[placement];
      counts[profile] += sign;
      for (int i = 0; i < taken.length; i++) {
        taken[i] += sign * amounts[profile][i];
      }
    }

    /** How many placements can be added, each on its own. */
    int choices() {
      int choices = 0;
      for (int i = 0; i < slices.length; i++) {
        if (accepts(i)) {
          choices++;
        }
      }
      return choices;
    }

    boolean isMaximal() {
      for (int i = 0; i < slices.length; i++) {
        if (accepts(i)) {
          return false;
        }
      }
      return true;
    }

    int count(int profile) {
      return counts[profile];
    }

    int[] counts() {
      return counts.clone();
    }
  }
}
