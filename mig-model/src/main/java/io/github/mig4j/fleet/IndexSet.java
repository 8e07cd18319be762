package io.github.mig4j.fleet;

import java.util.Arrays;

/**
 * A set of small numbers that finds its least element in a few steps, for any size. The lowest
 * level has one bit per number. Each level above has one bit per non-zero word of the level below,
 * up to a single word.
 */
final class IndexSet {

  static final int NONE = -1;

  private int size;
  private int first = NONE;
  private long[] bits;

  /** The upper levels: each bit is one non-zero word of the level below. */
  private long[][] above;

  /** Creates an empty set for numbers below a bound; the set grows for larger numbers. */
  IndexSet(int bound) {
    bits = new long[words(bound)];
    above = levelsAbove(bits.length);
  }

  private IndexSet(IndexSet other) {
    size = other.size;
    first = other.first;
    bits = other.bits.clone();
    above = Arrays.stream(other.above).map(long[]::clone).toArray(long[][]::new);
  }

  IndexSet copy() {
    return new IndexSet(this);
  }

  private static int words(int bound) {
    return (bound + Long.SIZE - 1) / Long.SIZE;
  }

  private static long[][] levelsAbove(int words) {
    if (words <= 1) {
      return new long[0][];
    }
    long[] first = new long[words(words)];
    long[][] others = levelsAbove(first.length);
    long[][] levels = new long[others.length + 1][];
    levels[0] = first;
    System.arraycopy(others, 0, levels, 1, others.length);
    return levels;
  }

  void add(int element) {
    int word = element >>> 6;
    if (word >= bits.length) {
      grow(element);
    }
    long before = bits[word];
    long after = before | 1L << element;
    if (after != before) {
      bits[word] = after;
      first = size++ == 0 ? element : Math.min(first, element);
      if (before == 0) {
        addWord(word);
      }
    }
  }

  private void addWord(int word) {
    int i = word;
    for (long[] level : above) {
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
    int word = element >>> 6;
    bits[word] ^= 1L << element;
    if (bits[word] == 0) {
      removeWord(word);
    }
    if (--size == 0) {
      first = NONE;
    } else if (element == first) {
      first = next(element + 1);
    }
  }

  private void removeWord(int word) {
    int i = word;
    for (long[] level : above) {
      level[i >>> 6] ^= 1L << i;
      if (level[i >>> 6] != 0) {
        return;
      }
      i >>>= 6;
    }
  }

  private void grow(int element) {
    IndexSet larger = new IndexSet(2 * Math.max(element, Long.SIZE / 2));
    for (int i = first; i != NONE; i = next(i + 1)) {
      larger.add(i);
    }
    bits = larger.bits;
    above = larger.above;
  }

  boolean contains(int element) {
    return element >>> 6 < bits.length && (bits[element >>> 6] & 1L << element) != 0;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** The least element, or {@link #NONE}. */
  int first() {
    return first;
  }

  /** The least element that is not below a number, or {@link #NONE}. */
  int next(int from) {
    return next(from, 0);
  }

  /** The first set bit of a level that is not before a given bit; level 0 is the lowest. */
  private int next(int from, int level) {
    long[] words = level == 0 ? bits : above[level - 1];
    int word = from >>> 6;
    if (word >= words.length) {
      return NONE;
    }
    long rest = words[word] >>> from;
    if (rest != 0) {
      return from + Long.numberOfTrailingZeros(rest);
    }
    int next = level == above.length ? NONE : next(word + 1, level + 1);
    return next == NONE ? NONE : (next << 6) + Long.numberOfTrailingZeros(words[next]);
  }

  /** The least common element with another set, or {@link #NONE}. It reads each word once. */
  int firstCommon(IndexSet other) {
    for (int i = first; i != NONE; i = next((i | 63) + 1)) {
      int word = i >>> 6;
      long common = word < other.bits.length ? bits[word] & other.bits[word] : 0;
      if (common != 0) {
        return (word << 6) + Long.numberOfTrailingZeros(common);
      }
    }
    return NONE;
  }
}
