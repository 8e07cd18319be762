package io.github.mig4j.k8s.dra;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The remaining counters of a pool, computed as the scheduler does: a device can be allocated if all the
 * counters that it consumes remain (KEP-4815). Not thread-safe.
 */
final class Counters {

  private final Map<String, Map<String, Long>> left;

  Counters(Map<String, Map<String, Long>> counterSets) {
    left = new HashMap<>();
    counterSets.forEach((set, counters) -> left.put(set, new HashMap<>(counters)));
  }

  /** Subtracts what a device consumes, also below zero. */
  void take(PublishedDevice device) {
    add(device, -1);
  }

  /** Undoes {@link #take}. */
  void giveBack(PublishedDevice device) {
    add(device, 1);
  }

  private void add(PublishedDevice device, int times) {
    device
        .consumed()
        .forEach((set, counters) -> counters.forEach(
            (counter, amount) -> left.computeIfAbsent(set, absent -> new HashMap<>())
                .merge(counter, times * amount, Long::sum)));
  }

  boolean suffice(PublishedDevice device) {
    return device.consumed().entrySet().stream()
        .allMatch(set -> set.getValue().entrySet().stream()
            .allMatch(need -> need.getValue() <= left(set.getKey(), need.getKey())));
  }

  private long left(String set, String counter) {
    return left.getOrDefault(set, Map.of()).getOrDefault(counter, 0L);
  }

  /** Whether more was consumed from a set than it had. */
  boolean isOverdrawn(String set) {
    return left.getOrDefault(set, Map.of()).values().stream().anyMatch(amount -> amount < 0);
  }

  /**
   * How many of these devices, all of one profile, can be allocated together. They differ only in their
   * place, so it is optimal to allocate the one that ends first.
   */
  int most(Collection<PublishedDevice> ofOneProfile) {
    Counters trial = new Counters(left);
    List<PublishedDevice> byEnd = ofOneProfile.stream()
        .sorted(Comparator.comparingInt(
            device -> device.placement().map(place -> place.end()).orElse(0)))
        .toList();
    int most = 0;
    for (PublishedDevice device : byEnd) {
      if (trial.suffice(device)) {
        trial.take(device);
        most++;
      }
    }
    return most;
  }
}
