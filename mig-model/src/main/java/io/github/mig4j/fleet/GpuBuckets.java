package io.github.mig4j.fleet;

import java.util.Arrays;

/**
 * GPUs in buckets: each GPU is in one bucket at most, and the least number in a bucket is known. Not
 * thread-safe.
 *
 * <p>Three levels of bits: the lowest level has one bit per GPU and bucket. Each bit of a level above stands
 * for a non-zero word of the level below. The words of all buckets for the same 64 GPUs, a <em>block</em>, are
 * side by side, so a GPU that moves from one bucket to another changes memory at one place.
 *
 * <p>Only a bucket with GPUs has a column of words. With the standard policy, 14 to 16 of the 182 buckets of
 * an H100 have GPUs at a time; so all of them are asked for the best one, and the words take little memory.
 */
final class GpuBuckets {

  private static final int NONE = -1;

  /** In place of a rank if a profile does not fit. */
  static final int NO_RANK = Integer.MAX_VALUE;

  /** In place of a rank with a GPU's number; higher than all of them. */
  static final long NO_GPU = (long) NO_RANK << Integer.SIZE;

  private static final int SHIFT = 6;
  private static final int NO_ROW = -1;

  /** By bucket: its column if it has GPUs, or {@link #NONE}. */
  private final int[] columns;

  /** One bit for each column of a bucket; the words of the others are zero. */
  private long[] used = {};

  /** By column: its bucket. */
  private int[] buckets = {};

  /** By column: the least number. */
  private int[] first = {};

  /** A row has {@code 1 << width} columns. */
  private int width = 3;

  /** By block: its row in {@link #low}, or {@link #NO_ROW}. */
  private int[] rows = {};

  private int rowsEnd;
  private long[] low = {};
  private long[] middle = {};
  private long[] high = {};

  GpuBuckets(int count) {
    columns = new int[count];
    Arrays.fill(columns, NONE);
    setWidth(width);
  }

  private GpuBuckets(GpuBuckets other) {
    columns = other.columns.clone();
    used = other.used.clone();
    buckets = other.buckets.clone();
    first = other.first.clone();
    width = other.width;
    rows = other.rows.clone();
    rowsEnd = other.rowsEnd;
    low = other.low.clone();
    middle = other.middle.clone();
    high = other.high.clone();
  }

  GpuBuckets copy() {
    return new GpuBuckets(this);
  }

  private void setWidth(int to) {
    low = widened(low, to);
    middle = widened(middle, to);
    high = widened(high, to);
    used = Arrays.copyOf(used, words(1 << to));
    buckets = Arrays.copyOf(buckets, 1 << to);
    first = Arrays.copyOf(first, 1 << to);
    width = to;
  }

  private long[] widened(long[] words, int to) {
    long[] widened = new long[words.length >>> width << to];
    for (int row = 0; row < words.length >>> width; row++) {
      System.arraycopy(words, row << width, widened, row << to, 1 << width);
    }
    return widened;
  }

  private static int words(int bits) {
    return (bits + Long.SIZE - 1) >>> SHIFT;
  }

  /** Adds a GPU that is in no bucket. */
  void add(int gpu, int bucket) {
    int block = gpu >>> SHIFT;
    if (block >= rows.length || rows[block] == NO_ROW) {
      newRow(block);
    }
    int column = columns[bucket] == NONE ? newColumn(bucket) : columns[bucket];
    first[column] = Math.min(first[column], gpu);
    low[(rows[block] << width) + column] |= 1L << gpu;
    middle[(block >>> SHIFT << width) + column] |= 1L << block;
    high[(block >>> (2 * SHIFT) << width) + column] |= 1L << (block >>> SHIFT);
  }

  private void newRow(int block) {
    if (block >= rows.length) {
      int before = rows.length;
      rows = Arrays.copyOf(rows, Math.max(block + 1, 2 * before));
      Arrays.fill(rows, before, rows.length, NO_ROW);
      middle = Arrays.copyOf(middle, words(rows.length) << width);
      high = Arrays.copyOf(high, words(words(rows.length)) << width);
    }
    if (rowsEnd << width == low.length) {
      low = Arrays.copyOf(low, Math.max(1, 2 * rowsEnd) << width);
    }
    rows[block] = rowsEnd++;
  }

  private int newColumn(int bucket) {
    int word = 0;
    while (word < used.length && used[word] == -1) {
      word++;
    }
    int column =
        (word << SHIFT) + (word < used.length ? Long.numberOfTrailingZeros(~used[word]) : 0);
    if (column == buckets.length) {
      setWidth(width + 1);
    }
    columns[bucket] = column;
    used[column >>> SHIFT] |= 1L << column;
    buckets[column] = bucket;
    first[column] = Integer.MAX_VALUE;
    return column;
  }

  /** Removes a GPU from the bucket in which it is. */
  void remove(int gpu, int bucket) {
    int block = gpu >>> SHIFT;
    int column = columns[bucket];
    int at = (rows[block] << width) + column;
    low[at] ^= 1L << gpu;
    if (low[at] == 0) {
      int above = (block >>> SHIFT << width) + column;
      middle[above] ^= 1L << block;
      if (middle[above] == 0) {
        high[(block >>> (2 * SHIFT) << width) + column] ^= 1L << (block >>> SHIFT);
      }
    }
    if (gpu == first[column]) {
      first[column] = least(block >>> (2 * SHIFT), column);
      if (first[column] == NONE) {
        columns[bucket] = NONE;
        used[column >>> SHIFT] ^= 1L << column;
      }
    }
  }

  /** The least number in a column that has none before a word of the highest level; or {@link #NONE}. */
  private int least(int from, int column) {
    for (int part = from; part < high.length >>> width; part++) {
      long top = high[(part << width) + column];
      if (top != 0) {
        int word = (part << SHIFT) + Long.numberOfTrailingZeros(top);
        int block = (word << SHIFT) + Long.numberOfTrailingZeros(middle[(word << width) + column]);
        return (block << SHIFT) + Long.numberOfTrailingZeros(low[(rows[block] << width) + column]);
      }
    }
    return NONE;
  }

  /**
   * The lowest rank in the upper half, and below it the least number of a GPU that has it; {@link
   * #NO_GPU} if there is none.
   *
   * @param ranks by bucket: the rank of its cost, or {@link #NO_RANK}
   */
  long best(int[] ranks) {
    long best = NO_GPU;
    for (int word = 0; word < used.length; word++) {
      for (long rest = used[word]; rest != 0; rest &= rest - 1) {
        int column = (word << SHIFT) + Long.numberOfTrailingZeros(rest);
        best = Math.min(best, (long) ranks[buckets[column]] << Integer.SIZE | first[column]);
      }
    }
    return best;
  }

  /** As {@link #best(int[])}, of the GPUs that are in a set. */
  long best(int[] ranks, GpuSet among) {
    long best = NO_GPU;
    long next = next(0, ranks);
    // Other buckets of the same rank can have a GPU with a lower number.
    while (next != NO_GPU && next >>> Integer.SIZE <= best >>> Integer.SIZE) {
      int column = columns[(int) next];
      int gpu = among.isSparse() ? firstOf(column, among.few()) : firstCommon(column, among);
      if (gpu != NONE) {
        best = Math.min(best, next >>> Integer.SIZE << Integer.SIZE | gpu);
      }
      next = next(next + 1, ranks);
    }
    return best;
  }

  /** The first rank with its bucket below it, from the given one on; {@link #NO_GPU} if none. */
  private long next(long from, int[] ranks) {
    long next = NO_GPU;
    for (int word = 0; word < used.length; word++) {
      for (long rest = used[word]; rest != 0; rest &= rest - 1) {
        int bucket = buckets[(word << SHIFT) + Long.numberOfTrailingZeros(rest)];
        long found = (long) ranks[bucket] << Integer.SIZE | bucket;
        next = found < from ? next : Math.min(next, found);
      }
    }
    return next;
  }

  private int firstOf(int column, int[] few) {
    for (int gpu : few) {
      int block = gpu >>> SHIFT;
      if (block >= rows.length) {
        return NONE;
      }
      if (rows[block] != NO_ROW && (low[(rows[block] << width) + column] & 1L << gpu) != 0) {
        return gpu;
      }
    }
    return NONE;
  }

  private int firstCommon(int column, GpuSet among) {
    int from = among.firstWord();
    int end = Math.min(among.endWord(), middle.length >>> width << SHIFT);
    for (int word = from >>> SHIFT; word << SHIFT < end; word++) {
      long rest = middle[(word << width) + column];
      if (word == from >>> SHIFT) {
        rest &= -1L << from;
      }
      for (; rest != 0; rest &= rest - 1) {
        int block = (word << SHIFT) + Long.numberOfTrailingZeros(rest);
        if (block >= end) {
          return NONE;
        }
        long common = low[(rows[block] << width) + column] & among.word(block);
        if (common != 0) {
          return (block << SHIFT) + Long.numberOfTrailingZeros(common);
        }
      }
    }
    return NONE;
  }
}
