package io.github.mig4j.fleet;

import java.util.Arrays;

/**
 * A set of small numbers whose least element is found in a few steps, however many there are: a bit
 * per number, above it a bit per word that is not zero, and so on up to a single word.
 */
final class IndexSet {

  static final int NONE = -1;

  /** From the bits of the numbers to the single word at the top. */
  private long[][] levels;

  /** An empty set for numbers below a bound, which grows if need be. */
  IndexSet(int bound) {
    levels = new long[depth(bound)][];
    int bits = bound;
    for (int level = 0; level < levels.length; level++) {
      bits = words(bits);
      levels[level] = new long[bits];
    }
  }

  private IndexSet(long[][] levels) {
    this.levels = levels;
  }

  IndexSet copy() {
    return new IndexSet(Arrays.stream(levels).map(long[]::clone).toArray(long[][]::new));
  }

  private static int words(int bits) {
    return Math.max(1, (bits + Long.SIZE - 1) / Long.SIZE);
  }

  private static int depth(int bound) {
    int depth = 1;
    for (int bits = words(bound); bits > 1; bits = words(bits)) {
      depth++;
    }
    return depth;
  }

  void add(int element) {
    if (element >>> 6 >= levels[0].length) {
      grow(element);
    }
    int i = element;
    for (long[] level : levels) {
      long before = level[i >>> 6];
      level[i >>> 6] = before | 1L << i;
      if (before != 0) {
        return;
      }
      i >>>= 6;
    }
  }

  void remove(int element) {
    if (!contains(element)) {
      return;
    }
    int i = element;
    for (long[] level : levels) {
      level[i >>> 6] &= ~(1L << i);
      if (level[i >>> 6] != 0) {
        return;
      }
      i >>>= 6;
    }
  }

  private void grow(int element) {
    IndexSet larger = new IndexSet(Math.max(element + 1, 2 * Long.SIZE * levels[0].length));
    for (int i = first(); i != NONE; i = next(i + 1)) {
      larger.add(i);
    }
    levels = larger.levels;
  }

  boolean contains(int element) {
    return element >>> 6 < levels[0].length && (levels[0][element >>> 6] & 1L << element) != 0;
  }

  boolean isEmpty() {
    return levels[levels.length - 1][0] == 0;
  }

  /** The least element, or {@link #NONE}. */
  int first() {
    return isEmpty() ? NONE : least(levels.length, 0);
  }

  /** The least element from a number on, or {@link #NONE}. */
  int next(int from) {
    int i = from;
    for (int level = 0; level < levels.length; level++) {
      if (i >>> 6 >= levels[level].length) {
        return NONE;
      }
      long rest = levels[level][i >>> 6] >>> i;
      if (rest != 0) {
        return least(level, i + Long.numberOfTrailingZeros(rest));
      }
      i = (i >>> 6) + 1;
    }
    return NONE;
  }

  /** The least element that another set has too, or {@link #NONE}; looks at each word once. */
  int firstCommon(IndexSet other) {
    for (int i = first(); i != NONE; i = next((i | 63) + 1)) {
      int word = i >>> 6;
      long common = word < other.levels[0].length ? levels[0][word] & other.levels[0][word] : 0;
      if (common != 0) {
        return (word << 6) + Long.numberOfTrailingZeros(common);
      }
    }
    return NONE;
  }

  /** The least element below a word that is not zero. */
  private int least(int level, int word) {
    int i = word;
    for (int below = level - 1; below >= 0; below--) {
      i = (i << 6) + Long.numberOfTrailingZeros(levels[below][i]);
    }
    return i;
  }
}
