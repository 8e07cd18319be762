package io.github.mig4j.fleet;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A set of GPUs of a fleet by number, to choose among them only: the GPUs of a node, of the nodes
 * with a label, or of the nodes that pass a scheduler's other filters. A set is reusable.
 *
 * <p>Immutable and thread-safe.
 */
public final class GpuSet {

  /** A set needs one bit for each number up to its highest. */
  private static final int MAX_NUMBER = 99_999_999;

  private final IndexSet gpus;
  private final int size;

  private GpuSet(int[] distinct) {
    if (distinct.length > 0 && distinct[distinct.length - 1] > MAX_NUMBER) {
      throw new IllegalArgumentException("A GPU's number must be at most %d, but was %d"
          .formatted(MAX_NUMBER, distinct[distinct.length - 1]));
    }
    gpus = new IndexSet(Arrays.stream(distinct).max().orElse(0) + 1);
    Arrays.stream(distinct).forEach(gpus::add);
    size = distinct.length;
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
    if (distinct.length > 0 && distinct[0] < 0) {
      throw new IllegalArgumentException(
          "A GPU's number must not be negative, but was " + distinct[0]);
    }
    return new GpuSet(distinct);
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
    return new GpuSet(IntStream.range(0, end).filter(condition).toArray());
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
    return gpu >= 0 && gpus.contains(gpu);
  }

  IndexSet indexes() {
    return gpus;
  }

  /** The numbers in ascending order, e.g. {@code [0, 1, 5]}. */
  @Override
  public String toString() {
    return IntStream.iterate(gpus.first(), gpu -> gpu != IndexSet.NONE, gpu -> gpus.next(gpu + 1))
        .boxed()
        .toList()
        .toString();
  }
}
