package io.github.mig4j.layout;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
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
 * <p>mig-parted adds devices to one GPU instance until the next device does not fit, then creates
 * another GPU instance. It tries every order of the devices. One of these orders gives the best
 * packing, so mig-parted can reach the number that this class computes.
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
   * Counts the GPU instances that these devices need. The GPU must offer all of the devices. If the
   * devices need more than any GPU has, the number is a lower bound.
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

  /**
   * Devices of one compute slice fit into any remaining capacity, so only their sum matters. No two
   * devices of more than half of the capacity share a GPU instance.
   *
   * @param countsBySize by descending number of compute slices
   */
  private static int bins(MigProfile gpuInstance, SortedMap<Integer, Integer> countsBySize) {
    int capacity = gpuInstance.gpuSlices();
    long total = countsBySize.entrySet().stream()
        .mapToLong(each -> (long) each.getKey() * each.getValue())
        .sum();
    long large = countsBySize.entrySet().stream()
        .filter(each -> 2 * each.getKey() > capacity)
        .mapToLong(Map.Entry::getValue)
        .sum();
    long atLeast = Math.max(large, (total + capacity - 1) / capacity);
    if (atLeast > GpuModel.MAX_MEMORY_SLICES) {
      return (int) Math.min(atLeast, Integer.MAX_VALUE);
    }
    SortedMap<Integer, Integer> larger = countsBySize.headMap(1);
    int[] sizes = larger.keySet().stream().mapToInt(Integer::intValue).toArray();
    int fewest = new ComputeInstances(capacity, sizes).fewest(List.copyOf(larger.values()));
    return Math.max((int) atLeast, fewest);
  }

  /** The minimum number of bins for these counts, which are by size in descending order. */
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

  /** Fills one bin in every way with devices of this size and smaller ones, and solves the rest. */
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
