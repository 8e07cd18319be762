package io.github.mig4j.fleet;

import java.util.Map;
import java.util.TreeMap;

/**
 * An upper bound on the memory slices that any scheduler can accept of recorded requests, even one
 * that knows all of them before, and that moves running instances.
 *
 * <p>The relaxation: a request is split into its memory slices, each of which is accepted or
 * rejected on its own, and a slice may be on any GPU. What remains is to choose the most intervals
 * of time of which no more overlap than the fleet has slices. That is a minimum-cost flow along the
 * time: as many units as the fleet has slices, and one arc per slice of a request from its begin to
 * its end. As every slice counts the same, there is a simpler exact algorithm: accept all, and
 * whenever too many overlap, drop the one that ends last (U. Faigle and W. M. Nawijn, Note on
 * scheduling intervals on-line, Discrete Applied Mathematics 58, 1995).
 */
final class HindsightBound {

  private HindsightBound() {}

  /** The most memory slices that can be accepted of all requests, from an empty fleet. */
  static long slices(Arrivals arrivals) {
    int capacity = Arrivals.SLICES_OF_GPU * arrivals.gpus();
    TreeMap<Double, Integer> runningByEnd = new TreeMap<>();
    int running = 0;
    long accepted = 0;
    for (Arrivals.Arrival arrival : arrivals.all()) {
      while (!runningByEnd.isEmpty() && runningByEnd.firstKey() <= arrival.time()) {
        running -= runningByEnd.pollFirstEntry().getValue();
      }
      runningByEnd.merge(arrival.departure(), arrival.slices(), Integer::sum);
      running += arrival.slices();
      accepted += arrival.slices();
      while (running > capacity) {
        Map.Entry<Double, Integer> last = runningByEnd.pollLastEntry();
        int dropped = Math.min(last.getValue(), running - capacity);
        if (dropped < last.getValue()) {
          runningByEnd.put(last.getKey(), last.getValue() - dropped);
        }
        running -= dropped;
        accepted -= dropped;
      }
    }
    return accepted;
  }
}
