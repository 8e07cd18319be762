package io.github.mig4j.fleet;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A set of GPUs of a fleet by number, to choose among them only: the GPUs of a node, of the nodes
 * with a label, or of the nodes that pass a scheduler's other filters. A set is reusable.
 *
 * <p>A set of few GPUs needs four bytes for each, also with high numbers, and a larger set one bit for
 * each number between its lowest and its highest, if that is less.
 *
 * <p>Immutable and thread-safe.
 */
public final class GpuSet {

  private static final int MAX_NUMBER = 99_999_999;

  /** The numbers in ascending order; empty if they are in {@link #words}. */
  private final int[] few;

  /** One bit for each number from {@code 64 * firstWord} on; empty if the numbers are in {@link #few}. */
  private final long[] words;

  private final int firstWord;
  private final int size;

  private GpuSet(long[] bits, int firstWord, int endWord) {
    this.firstWord = firstWord;
    int count = 0;
    for (int word = firstWord; word < endWord; word++) {
      count += Long.bitCount(bits[word]);
    }
    size = count;
    boolean sparse = size * Integer.BYTES <= (endWord - firstWord) * Long.BYTES;
    few = sparse ? numbers(bits, firstWord, endWord, size) : new int[0];
    words = sparse ? new long[0] : Arrays.copyOfRange(bits, firstWord, endWord);
  }

  private static int[] numbers(long[] bits, int firstWord, int endWord, int size) {
    int[] numbers = new int[size];
    int next = 0;
    for (int word = firstWord; word < endWord; word++) {
      for (long rest = bits[word]; rest != 0; rest &= rest - 1) {
        numbers[next++] = (word << 6) + Long.numberOfTrailingZeros(rest);
      }
    }
    return numbers;
  }

  private GpuSet(int[] ascending) {
    few = ascending;
    words = new long[0];
    firstWord = 0;
    size = ascending.length;
  }

  /**
   * Creates a set of GPUs.
   *
   * @param gpus numbers, in any order
   * @return the set
   * @throws IllegalArgumentException if a number is negative or above 99,999,999
   */
  public static GpuSet of(int... gpus) {
    Objects.requireNonNull(gpus, "gpus");
    int[] distinct = Arrays.stream(gpus).sorted().distinct().toArray();
    if (distinct.length > 0) {
      requireNumber(distinct[0]);
      requireNumber(distinct[distinct.length - 1]);
    }
    int words =
        distinct.length == 0 ? 0 : (distinct[distinct.length - 1] >>> 6) - (distinct[0] >>> 6) + 1;
    if (distinct.length * Integer.BYTES <= words * Long.BYTES) {
      return new GpuSet(distinct);
    }
    Builder builder = builder();
    Arrays.stream(distinct).forEach(builder::add);
    return builder.build();
  }

  /**
   * Creates the set of the GPUs that meet a condition.
   *
   * @param end the upper bound of the numbers, exclusive, such as {@link Fleet#size}
   * @param condition called once per number
   * @return the set of the numbers from 0 to {@code end - 1} that meet it
   * @throws IllegalArgumentException if a number that meets it is above 99,999,999
   */
  public static GpuSet where(int end, IntPredicate condition) {
    Objects.requireNonNull(condition, "condition");
    Builder builder = builder();
    for (int gpu = 0; gpu < end; gpu++) {
      if (condition.test(gpu)) {
        builder.add(gpu);
      }
    }
    return builder.build();
  }

  private static void requireNumber(int gpu) {
    if (gpu < 0) {
      throw new IllegalArgumentException("A GPU's number must not be negative, but was " + gpu);
    }
    if (gpu > MAX_NUMBER) {
      throw new IllegalArgumentException(
          "A GPU's number must be at most %d, but was %d".formatted(MAX_NUMBER, gpu));
    }
  }

  /**
   * Returns the set of the GPUs that are in this set or another. For more than two sets use {@link
   * #builder}, which creates one set.
   *
   * @param other the other
   * @return the union
   */
  public GpuSet union(GpuSet other) {
    Objects.requireNonNull(other, "other");
    return builder().addAll(this).addAll(other).build();
  }

  /**
   * Creates a builder, which can be used for one set after another and then allocates little more than
   * the sets.
   *
   * @return an empty builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link GpuSet}. Not thread-safe. */
  public static final class Builder {

    private long[] bits = new long[16];
    private int firstWord = Integer.MAX_VALUE;
    private int endWord;

    private Builder() {}

    /**
     * Adds a GPU.
     *
     * @param gpu its number
     * @return this builder
     * @throws IllegalArgumentException if it is negative or above 99,999,999
     */
    public Builder add(int gpu) {
      requireNumber(gpu);
      addBits(gpu >>> 6, 1L << gpu);
      return this;
    }

    /**
     * Adds the GPUs of a set.
     *
     * @param gpus the set
     * @return this builder
     */
    public Builder addAll(GpuSet gpus) {
      Objects.requireNonNull(gpus, "gpus");
      for (int gpu : gpus.few) {
        addBits(gpu >>> 6, 1L << gpu);
      }
      for (int word = 0; word < gpus.words.length; word++) {
        addBits(gpus.firstWord + word, gpus.words[word]);
      }
      return this;
    }

    private void addBits(int word, long some) {
      if (word >= bits.length) {
        bits = Arrays.copyOf(bits, Math.max(word + 1, 2 * bits.length));
      }
      bits[word] |= some;
      firstWord = Math.min(firstWord, word);
      endWord = Math.max(endWord, word + 1);
    }

    /**
     * Creates the set, and removes all GPUs from this builder.
     *
     * @return the set
     */
    public GpuSet build() {
      GpuSet set = new GpuSet(bits, Math.min(firstWord, endWord), endWord);
      Arrays.fill(bits, Math.min(firstWord, endWord), endWord, 0);
      firstWord = Integer.MAX_VALUE;
      endWord = 0;
      return set;
    }

    /** The number of GPUs so far, e.g. {@code builder of a set of 8 GPUs}. */
    @Override
    public String toString() {
      return "builder of a set of %d GPUs"
          .formatted(Arrays.stream(bits).mapToInt(Long::bitCount).sum());
    }
  }

  /**
   * The number of GPUs in this set.
   *
   * @return at least 0
   */
  public int size() {
    return size;
  }

  /**
   * Whether a GPU is in this set.
   *
   * @param gpu its number
   * @return true if it is
   */
  public boolean contains(int gpu) {
    return few.length > 0
        ? Arrays.binarySearch(few, gpu) >= 0
        : gpu >= 0 && (word(gpu >>> 6) & 1L << gpu) != 0;
  }

  /** Whether {@link #few} has the numbers; else {@link #word} has them. */
  boolean isSparse() {
    return words.length == 0;
  }

  /** The numbers of a sparse set, in ascending order; not to be changed. */
  int[] few() {
    return few;
  }

  /** The numbers from {@code 64 * word} to {@code 64 * word + 63} of a set that is not sparse. */
  long word(int word) {
    int index = word - firstWord;
    return index >= 0 && index < words.length ? words[index] : 0;
  }

  private IntStream numbers() {
    return isSparse()
        ? Arrays.stream(few)
        : Arrays.stream(numbers(words, 0, words.length, size)).map(gpu -> gpu + (firstWord << 6));
  }

  /** The numbers in ascending order, e.g. {@code [0, 1, 5]}. */
  @Override
  public String toString() {
    return numbers().boxed().toList().toString();
  }
}
