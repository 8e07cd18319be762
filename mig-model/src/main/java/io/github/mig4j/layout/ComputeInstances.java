package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Packs compute instances into as few GPU instances as possible.
 *
 * <p>mig-parted fills one GPU instance until the next device does not fit, opens another, and tries
 * every order of the devices; some order lists the devices bin by bin, so what it can reach is the
 * best packing.
 */
final class ComputeInstances {

  private final int capacity;
  private final int[] sizes;
  private final Map<List<Integer>, Integer> solved = new HashMap<>();

  private ComputeInstances(int capacity, int[] sizes) {
    this.capacity = capacity;
    this.sizes = sizes;
  }

  /**
   * Counts the GPU instances that hold these devices, all of which the GPU must offer. Where they
   * need more than any GPU has, the number is a lower bound.
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

  /** Devices of one compute slice fill whatever capacity is left, so only their sum matters. */
  private static int bins(MigProfile gpuInstance, SortedMap<Integer, Integer> countsBySize) {
    int capacity = gpuInstance.gpuSlices();
    long total = 0;
    for (Map.Entry<Integer, Integer> entry : countsBySize.entrySet()) {
      total += (long) entry.getKey() * entry.getValue();
    }
    long atLeast = (total + capacity - 1) / capacity;
    if (atLeast > GpuModel.MAX_MEMORY_SLICES) {
      return (int) Math.min(atLeast, Integer.MAX_VALUE);
    }
    List<Integer> counts = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    countsBySize.forEach((size, count) -> {
      if (size > 1) {
        sizes.add(size);
        counts.add(count);
      }
    });
    int[] descending = sizes.stream().mapToInt(Integer::intValue).toArray();
    return Math.max((int) atLeast, new ComputeInstances(capacity, descending).fewest(counts));
  }

  /** The fewest bins for these counts, by size in descending order. */
  private int fewest(List<Integer> counts) {
    int largest = 0;
    while (largest < sizes.length && counts.get(largest) == 0) {
      largest++;
    }
    if (largest == sizes.length) {
      return 0;
    }
    Integer known = solved.get(counts);
    if (known != null) {
      return known;
    }
    int[] left = counts.stream().mapToInt(Integer::intValue).toArray();
    left[largest]--;
    int fewest = 1 + fill(left, largest, capacity - sizes[largest]);
    solved.put(counts, fewest);
    return fewest;
  }

  /** Fills one bin with devices from this size down in every way, and solves what is left. */
  private int fill(int[] left, int size, int free) {
    if (size == sizes.length) {
      return fewest(Arrays.stream(left).boxed().toList());
    }
    int fewest = fill(left, size + 1, free);
    if (left[size] > 0 && sizes[size] <= free) {
      left[size]--;
      fewest = Math.min(fewest, fill(left, size, free - sizes[size]));
      left[size]++;
    }
    return fewest;
  }
}
