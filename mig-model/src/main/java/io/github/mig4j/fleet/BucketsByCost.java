package io.github.mig4j.fleet;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The buckets in which a profile fits, by ascending cost. A set of buckets consists of words of 64
 * bits. Each word has <em>steps</em> in order of cost: a step contains the buckets of the word with
 * the same cost, and its level is the rank of that cost. Immutable.
 */
final class BucketsByCost {

  /** The first step of each word, and the end of the last. */
  private final int[] start;

  private final long[] mask;
  private final int[] level;

  /** Creates the steps from sets of buckets with the same cost, by ascending cost. */
  BucketsByCost(List<BitSet> byCosts, int words) {
    start = new int[words + 1];
    List<Long> masks = new ArrayList<>();
    List<Integer> levels = new ArrayList<>();
    for (int word = 0; word < words; word++) {
      for (int cost = 0; cost < byCosts.size(); cost++) {
        long[] bits =
            byCosts.get(cost).get(word * Long.SIZE, (word + 1) * Long.SIZE).toLongArray();
        if (bits.length > 0) {
          masks.add(bits[0]);
          levels.add(cost);
        }
      }
      start[word + 1] = masks.size();
    }
    mask = masks.stream().mapToLong(Long::longValue).toArray();
    level = levels.stream().mapToInt(Integer::intValue).toArray();
  }

  int start(int word) {
    return start[word];
  }

  int end(int word) {
    return start[word + 1];
  }

  /**
   * The first step, not before {@code from}, with an occupied bucket; the word's end if no step has
   * one.
   */
  int next(int word, int from, long occupied) {
    int end = start[word + 1];
    int step = from;
    while (step < end && (mask[step] & occupied) == 0) {
      step++;
    }
    return step;
  }

  long mask(int step) {
    return mask[step];
  }

  /** The rank of the step's cost: equal for equal costs, higher for higher costs. */
  int level(int step) {
    return level[step];
  }
}
