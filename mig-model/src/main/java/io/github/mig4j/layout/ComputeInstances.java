package io.github.mig4j.layout;

import io.github.mig4j.gpu.MigProfile;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Packs compute instances into as few GPU instances as possible. */
final class ComputeInstances {
  private ComputeInstances() {}

  /**
   * Counts the GPU instances that hold these devices. mig-parted fills one GPU instance after the
   * other and tries other orders if that does not fit, so what it can reach is the best packing.
   */
  static SortedMap<MigProfile, Integer> gpuInstances(SortedMap<MigProfile, Integer> devices) {
    SortedMap<MigProfile, SortedMap<Integer, Integer>> sizes = new TreeMap<>();
    devices.forEach((profile, count) -> sizes
        .computeIfAbsent(profile.gpuInstance(), any -> new TreeMap<>(Comparator.reverseOrder()))
        .put(profile.computeSlices(), count));
    SortedMap<MigProfile, Integer> gpuInstances = new TreeMap<>();
    sizes.forEach((profile, counts) -> gpuInstances.put(profile, bins(profile, counts)));
    return gpuInstances;
  }

  /** Best fit decreasing, with bins counted by the room that is left in them. */
  private static int bins(MigProfile gpuInstance, SortedMap<Integer, Integer> countsBySize) {
    int room = gpuInstance.gpuSlices();
    long total = 0;
    long[] binsByRoom = new long[room + 1];
    for (Map.Entry<Integer, Integer> entry : countsBySize.entrySet()) {
      int size = entry.getKey();
      long left = entry.getValue();
      if (size < 1 || size >= room) {
        total += left;
        continue;
      }
      for (int r = size; r <= room && left > 0; r++) {
        left = fill(binsByRoom, r, size, left);
      }
      if (left > 0) {
        long perBin = room / size;
        long opened = (left + perBin - 1) / perBin;
        total += opened;
        binsByRoom[room] += opened;
        fill(binsByRoom, room, size, left);
      }
    }
    return (int) Math.min(total, Integer.MAX_VALUE);
  }

  /** Puts items of one size into the bins with this much room; answers how many are left. */
  private static long fill(long[] binsByRoom, int room, int size, long items) {
    long perBin = room / size;
    long full = Math.min(binsByRoom[room], items / perBin);
    binsByRoom[room] -= full;
    binsByRoom[(int) (room - perBin * size)] += full;
    long left = items - full * perBin;
    if (left > 0 && left < perBin && binsByRoom[room] > 0) {
      binsByRoom[room]--;
      binsByRoom[(int) (room - left * size)]++;
      return 0;
    }
    return left;
  }
}
