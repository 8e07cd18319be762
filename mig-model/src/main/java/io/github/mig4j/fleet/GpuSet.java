package io.github.mig4j.fleet;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.text.JsonInput;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A set of GPUs of a fleet by number, to choose among them only: the GPUs of a node, of the nodes
 * with a label, or of the nodes that pass a scheduler's other filters. A set is reusable.
 *
 * <p>A set of up to 32 GPUs needs four bytes for each, also with high numbers, and a larger set one bit for
 * each number between its lowest and its highest, if that is less.
 *
 * <p>Immutable and thread-safe.
 */
public final class GpuSet {

  /** Up to this number of GPUs, the numbers are in {@link #few}: to try each is faster than the index. */
  static final int MAX_FEW = 32;

  private static final int MAX_NUMBER = 99_999_999;

  /** The numbers in ascending order; empty if they are in {@link #words}. */
  private final int[] few;

  /** One bit for each number from {@code 64 * firstWord} on; empty if the numbers are in {@link #few}. */
  private final long[] words;

  private final int firstWord;
  private final int size;

  /** The bits from an index to another are those of the words from {@code firstWord} on. */
  private GpuSet(long[] bits, int from, int to, int firstWord) {
    this.firstWord = firstWord;
    int count = 0;
    for (int index = from; index < to; index++) {
      count += Long.bitCount(bits[index]);
    }
    size = count;
    boolean sparse = isSparse(size, to - from);
    few = sparse ? numbers(bits, from, to, firstWord, size) : new int[0];
    words = sparse ? new long[0] : Arrays.copyOfRange(bits, from, to);
  }

  private static int[] numbers(long[] bits, int from, int to, int firstWord, int size) {
    int[] numbers = new int[size];
    int next = 0;
    for (int index = from; index < to; index++) {
      for (long rest = bits[index]; rest != 0; rest &= rest - 1) {
        numbers[next++] = ((firstWord + index - from) << 6) + Long.numberOfTrailingZeros(rest);
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
   * Creates a set of GPUs, given in any order.
   *
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
    if (isSparse(distinct.length, words)) {
      return new GpuSet(distinct);
    }
    Builder builder = builder();
    Arrays.stream(distinct).forEach(builder::add);
    return builder.build();
  }

  private static boolean isSparse(int size, int words) {
    return size <= MAX_FEW || size * Integer.BYTES <= words * Long.BYTES;
  }

  /**
   * {@return the set of the numbers from 0 to {@code end - 1} that meet a condition}
   *
   * @param end the upper bound of the numbers, exclusive, such as {@link Fleet#size}
   * @param condition called once per number
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
   * {@return the set of the GPUs that are in this set or another} For more than two sets use {@link
   * #builder}, which creates one set.
   */
  public GpuSet union(GpuSet other) {
    Objects.requireNonNull(other, "other");
    return builder().addAll(this).addAll(other).build();
  }

  /**
   * {@return an empty builder, which can be used for one set after another and then allocates
   * little more than the sets}
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link GpuSet}. Not thread-safe. */
  public static final class Builder {

    /** The words from {@code base} on. */
    private long[] bits = new long[16];

    private int base;
    private int firstWord = Integer.MAX_VALUE;
    private int endWord;

    private Builder() {}

    /**
     * Adds a GPU.
     *
     * @throws IllegalArgumentException if it is negative or above 99,999,999
     */
    public Builder add(int gpu) {
      requireNumber(gpu);
      addBits(gpu >>> 6, 1L << gpu);
      return this;
    }

    /** Adds the GPUs of a set. */
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
      if (word < base || word - base >= bits.length) {
        reach(word);
      }
      bits[word - base] |= some;
      firstWord = Math.min(firstWord, word);
      endWord = Math.max(endWord, word + 1);
    }

    /** Makes room for a word, and for as many beyond it as are in use. */
    private void reach(int word) {
      if (endWord == 0) {
        base = word;
        return;
      }
      int used = Math.max(endWord, word + 1) - Math.min(firstWord, word);
      int newBase = word < base ? Math.max(0, word + 1 - used) : firstWord;
      int newEnd = Math.max(endWord, word + 1);
      long[] moved = new long[Math.max(newEnd - newBase, 2 * bits.length)];
      System.arraycopy(bits, firstWord - base, moved, firstWord - newBase, endWord - firstWord);
      bits = moved;
      base = newBase;
    }

    /** Creates the set, and removes all GPUs from this builder. */
    public GpuSet build() {
      if (endWord == 0) {
        return new GpuSet(new int[0]);
      }
      GpuSet set = new GpuSet(bits, firstWord - base, endWord - base, firstWord);
      Arrays.fill(bits, firstWord - base, endWord - base, 0);
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

  /** {@return the number of GPUs in this set} */
  public int size() {
    return size;
  }

  /** {@return whether a GPU is in this set} */
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

  /** The first word of a set that is not sparse. */
  int firstWord() {
    return firstWord;
  }

  /** The word after the last one of a set that is not sparse. */
  int endWord() {
    return firstWord + words.length;
  }

  /** The numbers from {@code 64 * word} to {@code 64 * word + 63} of a set that is not sparse. */
  long word(int word) {
    int index = word - firstWord;
    return index >= 0 && index < words.length ? words[index] : 0;
  }

  private IntStream numbers() {
    return isSparse()
        ? Arrays.stream(few)
        : Arrays.stream(numbers(words, 0, words.length, firstWord, size));
  }

  /** {@return the value in JSON: the numbers in ascending order} */
  @JsonValue
  public List<Integer> toJson() {
    return numbers().boxed().toList();
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException if one is not a whole number, negative or above 99,999,999
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static GpuSet ofJson(List<Object> json) {
    Objects.requireNonNull(json, "json");
    return of(JsonInput.of("set of GPUs", Map.of("gpus", json)).integers("gpus").stream()
        .mapToInt(Integer::intValue)
        .toArray());
  }

  /** Two are equal if they have the same numbers. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GpuSet that
        && size == that.size
        && Arrays.equals(numbers().toArray(), that.numbers().toArray());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(numbers().toArray());
  }

  /** The numbers in ascending order, e.g. {@code [0, 1, 5]}. */
  @Override
  public String toString() {
    return numbers().boxed().toList().toString();
  }
}
