package io.github.mig4j.fleet;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The buckets where a profile fits, by what they cost. A set of buckets is made of words of 64 bits;
 * for each word there are <em>steps</em>, the cheapest first: a step has the buckets of that word
 * that cost the same, which is the step's level. Immutable.
 */
final class BucketsByCost {

  /** By word, and one more for the end. */
  private final int[] start;

  private final long[] mask;
  private final int[] level;

  /** From sets of buckets that cost the same, the cheapest first, for so many words. */
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

  /** The first step from one on that has one of the occupied buckets; the word's end if none has. */
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

  /** The same for buckets that cost the same, higher for those that cost more. */
  int level(int step) {
    return level[step];
  }
}
