package io.github.mig4j.layout;

import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Every placement of some profiles as a bit mask, with its amounts of the budgets that can be
 * exceeded. The table is immutable; a {@link State} is mutable.
 */
final class PlacementTable {

  private final GpuModel gpu;
  private final List<GpuInstanceProfile> profiles;
  /** By ascending start. */
  private final List<Placement> placements = new ArrayList<>();

  private final int[] slices;
  private final int[] profileOf;
  private final int[] maxInstances;
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
    slices = new int[placements.size()];
    profileOf = new int[placements.size()];
    for (int i = 0; i < slices.length; i++) {
      slices[i] = mask(placements.get(i).start(), placements.get(i).size());
      profileOf[i] = indexOf(placements.get(i));
    }
    maxInstances = new int[profiles.size()];
    List<Budget> binding = binding();
    capacities = new int[binding.size()];
    amounts = new int[profiles.size()][binding.size()];
    for (int profile = 0; profile < maxInstances.length; profile++) {
      maxInstances[profile] = profiles.get(profile).maxInstances();
      for (int i = 0; i < capacities.length; i++) {
        amounts[profile][i] = profiles.get(profile).amount(binding.get(i)).orElse(0);
      }
    }
    for (int i = 0; i < capacities.length; i++) {
      capacities[i] = gpu.capacity(binding.get(i)).getAsInt();
    }
  }

  /** The budgets that placements without a common slice can exceed. */
  private List<Budget> binding() {
    return Stream.of(Budget.values())
        .filter(budget -> gpu.capacity(budget).isPresent()
            && upperBound(budget) > gpu.capacity(budget).getAsInt())
        .toList();
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

  List<Placement> placements() {
    return Collections.unmodifiableList(placements);
  }

  int indexOfPlacement(Placement placement) {
    return placements.indexOf(placement);
  }

  /** The slices that a placement covers, as bits. */
  int slices(int placement) {
    return slices[placement];
  }

  int profileOf(int placement) {
    return profileOf[placement];
  }

  State emptyState() {
    return new State();
  }

  /** Memory slices as bits. */
  static int mask(int start, int size) {
    return ((1 << size) - 1) << start;
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
    long[] amountOf = new long[profiles.size()];
    for (int profile = 0; profile < amountOf.length; profile++) {
      amountOf[profile] = profiles.get(profile).amount(budget).orElse(0);
    }
    long[] best = new long[GpuModel.MAX_MEMORY_SLICES + 1];
    int next = placements.size() - 1;
    for (int slice = GpuModel.MAX_MEMORY_SLICES - 1; slice >= 0; slice--) {
      best[slice] = best[slice + 1];
      for (; next >= 0 && placements.get(next).start() == slice; next--) {
        long amount = amountOf[profileOf[next]] + best[placements.get(next).end()];
        best[slice] = Math.max(best[slice], amount);
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
      if ((occupied & slices[placement]) != 0 || counts[profile] >= maxInstances[profile]) {
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

    int[] counts() {
      return counts.clone();
    }
  }
}
