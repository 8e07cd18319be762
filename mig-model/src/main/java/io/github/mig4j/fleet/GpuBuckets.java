package io.github.mig4j.fleet;

import java.util.Arrays;

/**
 * GPUs in buckets: each GPU is in one bucket at most, and the least number in a bucket is found in a few
 * steps, for any number of GPUs. Not thread-safe.
 *
 * <p>Three levels of bits: the lowest level has one bit per GPU and bucket. Each bit of a level above
 * stands for a non-zero word of the level below. The words of all buckets for the same 64 GPUs are side by
 * side, so a GPU that moves from one bucket to another changes memory at one place.
 */
final class GpuBuckets {

  static final int NONE = -1;

  private static final int SHIFT = 6;
  private static final int NO_ROW = -1;

  private final int count;

  /** One bit for each bucket that is not empty. */
  private final long[] occupied;

  /** By the number of 64 GPUs: the start of their words in {@link #low}, or {@link #NO_ROW}. */
  private int[] rows;

  private long[] low;
  private int lowEnd;
  private long[] middle;
  private long[] high;

  GpuBuckets(int count) {
    this.count = count;
    occupied = new long[BucketsByCost.words(count)];
    rows = new int[0];
    low = new long[0];
    middle = new long[0];
    high = new long[0];
  }

  private GpuBuckets(GpuBuckets other) {
    count = other.count;
    occupied = other.occupied.clone();
    rows = other.rows.clone();
    low = other.low.clone();
    lowEnd = other.lowEnd;
    middle = other.middle.clone();
    high = other.high.clone();
  }

  GpuBuckets copy() {
    return new GpuBuckets(this);
  }

  /** The buckets that are not empty, one bit for each; not to be changed. */
  long[] occupied() {
    return occupied;
  }

  void add(int gpu, int bucket) {
    int word = gpu >>> SHIFT;
    int row = word < rows.length ? rows[word] : NO_ROW;
    if (row == NO_ROW) {
      row = newRow(word);
    }
    put(gpu, bucket, word, row);
  }

  private void put(int gpu, int bucket, int word, int row) {
    low[row + bucket] |= 1L << gpu;
    middle[(word >>> SHIFT) * count + bucket] |= 1L << word;
    high[(word >>> (2 * SHIFT)) * count + bucket] |= 1L << (word >>> SHIFT);
    occupied[bucket >>> SHIFT] |= 1L << bucket;
  }

  private int newRow(int word) {
    if (word >= rows.length) {
      int before = rows.length;
      rows = Arrays.copyOf(rows, Math.max(word + 1, 2 * before));
      Arrays.fill(rows, before, rows.length, NO_ROW);
      middle = Arrays.copyOf(middle, words(rows.length) * count);
      high = Arrays.copyOf(high, words(words(rows.length)) * count);
    }
    if (lowEnd + count > low.length) {
      low = Arrays.copyOf(low, Math.max(lowEnd + count, 2 * low.length));
    }
    rows[word] = lowEnd;
    lowEnd += count;
    return rows[word];
  }

  private static int words(int bits) {
    return (bits + Long.SIZE - 1) >>> SHIFT;
  }

  /** Removes a GPU from the bucket in which it is. */
  void remove(int gpu, int bucket) {
    int word = gpu >>> SHIFT;
    take(gpu, bucket, word, rows[word]);
  }

  private void take(int gpu, int bucket, int word, int row) {
    long rest = low[row + bucket] ^ 1L << gpu;
    low[row + bucket] = rest;
    if (rest == 0) {
      takeWord(word, bucket);
    }
  }

  private void takeWord(int word, int bucket) {
    int index = (word >>> SHIFT) * count + bucket;
    middle[index] ^= 1L << word;
    if (middle[index] == 0) {
      int above = (word >>> (2 * SHIFT)) * count + bucket;
      high[above] ^= 1L << (word >>> SHIFT);
      if (high[above] == 0 && first(bucket) == NONE) {
        occupied[bucket >>> SHIFT] ^= 1L << bucket;
      }
    }
  }

  /** Moves a GPU to another bucket. */
  void move(int gpu, int from, int to) {
    int word = gpu >>> SHIFT;
    int row = rows[word];
    put(gpu, to, word, row);
    take(gpu, from, word, row);
  }

  /** The least number in a bucket, or {@link #NONE}. */
  int first(int bucket) {
    for (int part = 0, i = bucket; i < high.length; part++, i += count) {
      long top = high[i];
      if (top != 0) {
        int block = (part << SHIFT) + Long.numberOfTrailingZeros(top);
        int word = (block << SHIFT) + Long.numberOfTrailingZeros(middle[block * count + bucket]);
        return (word << SHIFT) + Long.numberOfTrailingZeros(low[rows[word] + bucket]);
      }
    }
    return NONE;
  }

  /** The least number in a bucket that is also in a set, or {@link #NONE}. */
  int first(int bucket, GpuSet among) {
    return among.isSparse() ? firstOf(bucket, among.few()) : firstCommon(bucket, among);
  }

  private int firstOf(int bucket, int[] few) {
    for (int gpu : few) {
      int word = gpu >>> SHIFT;
      if (word >= rows.length) {
        return NONE;
      }
      if (rows[word] != NO_ROW && (low[rows[word] + bucket] & 1L << gpu) != 0) {
        return gpu;
      }
    }
    return NONE;
  }

  private int firstCommon(int bucket, GpuSet among) {
    for (int block = 0, i = bucket; i < middle.length; block++, i += count) {
      for (long rest = middle[i]; rest != 0; rest &= rest - 1) {
        int word = (block << SHIFT) + Long.numberOfTrailingZeros(rest);
        long common = low[rows[word] + bucket] & among.word(word);
        if (common != 0) {
          return (word << SHIFT) + Long.numberOfTrailingZeros(common);
        }
      }
    }
    return NONE;
  }
}
