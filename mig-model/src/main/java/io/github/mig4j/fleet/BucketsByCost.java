package io.github.mig4j.fleet;

import java.util.BitSet;
import java.util.List;

/**
 * The buckets in which a profile fits, by level: the rank of their cost. A set of buckets consists of words
 * of 64 bits, as many as {@link #words} says. Immutable.
 */
final class BucketsByCost {

  /** Words that are read together: with the standard policy, the buckets of an H100 need three. */
  private static final int WORDS = 4;

  private final int levels;
  private final int words;

  /** By level and word. */
  private final long[] masks;

  /** Creates the levels from sets of buckets with the same cost, by ascending cost. */
  BucketsByCost(List<BitSet> byCosts, int buckets) {
    words = words(buckets);
    levels = byCosts.size();
    masks = new long[levels * words];
    for (int level = 0; level < levels; level++) {
      long[] bits = byCosts.get(level).toLongArray();
      System.arraycopy(bits, 0, masks, level * words, bits.length);
    }
  }

  /** The number of words of a set of buckets, a multiple of four. */
  static int words(int buckets) {
    int needed = (buckets + Long.SIZE - 1) / Long.SIZE;
    return (needed + WORDS - 1) / WORDS * WORDS;
  }

  /** The least level, not below {@code from}, with an occupied bucket; the number of levels if none. */
  int next(int from, long[] occupied) {
    if (words != WORDS) {
      return nextOfMany(from, occupied);
    }
    long a = occupied[0];
    long b = occupied[1];
    long c = occupied[2];
    long d = occupied[3];
    for (int i = from * WORDS; i < masks.length; i += WORDS) {
      long ab = (masks[i] & a) | (masks[i + 1] & b);
      long cd = (masks[i + 2] & c) | (masks[i + 3] & d);
      if ((ab | cd) != 0) {
        return i / WORDS;
      }
    }
    return levels;
  }

  private int nextOfMany(int from, long[] occupied) {
    for (int level = from; level < levels; level++) {
      for (int word = 0; word < words; word++) {
        if ((mask(level, word) & occupied[word]) != 0) {
          return level;
        }
      }
    }
    return levels;
  }

  int levels() {
    return levels;
  }

  /** The buckets of a level, as bits of a word. */
  long mask(int level, int word) {
    return masks[level * words + word];
  }
}
