package io.github.mig4j.config;

import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where NVIDIA's driver puts a GPU instance that is made without a place. No rule was published;
 * "keep the most placements possible, and then the lowest start" explains every published
 * transcript, and is no more than that.
 */
final class DriverOrder {
  private DriverOrder() {}

  private static final Comparator<MigProfile> MIG_PARTED = Comparator.comparingInt(
          MigProfile::gpuSlices)
      .thenComparingInt(MigProfile::computeSlices)
      .thenComparing(MigProfile::suffix)
      .reversed();

  /**
   * Whether mig-parted's first ordering, largest first, is likely to be accepted; it tries others if
   * not. Empty if a place is not known, or a GPU instance is shared.
   */
  static Optional<Boolean> firstOrderingFits(GpuModel gpu, Map<MigProfile, Integer> devices) {
    if (devices.keySet().stream().anyMatch(profile -> !profile.isWholeGpuInstance())
        || gpu.profiles().stream().anyMatch(profile -> !profile.isPlaceable())) {
      return Optional.empty();
    }
    List<MigProfile> ordering = new ArrayList<>();
    devices.entrySet().stream()
        .sorted(Map.Entry.comparingByKey(MIG_PARTED))
        .forEach(each -> ordering.addAll(Collections.nCopies(
            Math.min(each.getValue(), GpuModel.MAX_MEMORY_SLICES + 1), each.getKey())));
    return Optional.of(starts(gpu, ordering).size() == ordering.size());
  }

  /** The starts that the driver is likely to choose, up to the first instance that it refuses. */
  static List<Integer> starts(GpuModel gpu, List<MigProfile> ordering) {
    List<Integer> starts = new ArrayList<>();
    int occupied = 0;
    for (MigProfile next : ordering) {
      Optional<GpuInstanceProfile> profile = gpu.profile(next);
      if (profile.isEmpty()) {
        return starts;
      }
      int best = -1;
      int most = -1;
      for (int start : profile.get().starts()) {
        int slices = slices(profile.get(), start);
        int left = (occupied & slices) == 0 ? remaining(gpu, occupied | slices) : -1;
        if (left > most) {
          most = left;
          best = start;
        }
      }
      if (best < 0) {
        return starts;
      }
      starts.add(best);
      occupied |= slices(profile.get(), best);
    }
    return starts;
  }

  private static int remaining(GpuModel gpu, int occupied) {
    int count = 0;
    for (GpuInstanceProfile profile : gpu.profiles()) {
      for (int start : profile.starts()) {
        count += (occupied & slices(profile, start)) == 0 ? 1 : 0;
      }
    }
    return count;
  }

  private static int slices(GpuInstanceProfile profile, int start) {
    return ((1 << profile.size().orElse(0)) - 1) << start;
  }
}
