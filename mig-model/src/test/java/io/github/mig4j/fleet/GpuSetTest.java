package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Compares sets of few and of many numbers, and buckets of GPUs, with a {@link TreeSet}. */
class GpuSetTest {

  private static final int END = 3 * 64 * 64;

  @Property(tries = 200)
  void everyForm_hasTheNumbers(
      @ForAll("numbers") List<Integer> one, @ForAll("numbers") List<Integer> other) {
    TreeSet<Integer> both = new TreeSet<>(one);
    both.addAll(other);

    GpuSet union = set(one).union(set(other));

    assertThat(union).hasToString(both.toString());
    assertThat(union.size()).isEqualTo(both.size());
    assertThat(IntStream.range(-70, END + 70).filter(union::contains).boxed())
        .containsExactlyElementsOf(both);
    assertThat(GpuSet.where(END, both::contains)).hasToString(both.toString());
  }

  private static GpuSet set(List<Integer> numbers) {
    return GpuSet.of(numbers.stream().mapToInt(Integer::intValue).toArray());
  }

  @Example
  void builder_isUsedForOneSetAfterAnother() {
    GpuSet.Builder builder = GpuSet.builder().add(3).addAll(GpuSet.of(1, 900));

    assertThat(builder).hasToString("builder of a set of 3 GPUs");
    assertThat(builder.build()).hasToString("[1, 3, 900]");
    assertThat(builder.add(2).build()).hasToString("[2]");
    assertThat(builder.build()).hasToString("[]");
    assertThatThrownBy(() -> builder.add(100_000_000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A GPU's number must be at most 99999999, but was 100000000");
  }

  /** Each step moves a number to a bucket, or removes it from its bucket. */
  @Property(tries = 200)
  void buckets_findTheLeastNumber(
      @ForAll("numbers") List<Integer> steps, @ForAll("numbers") List<Integer> some) {
    int count = 70;
    GpuBuckets buckets = new GpuBuckets(count);
    int[] bucketOf = new int[END];
    Arrays.fill(bucketOf, GpuBuckets.NONE);
    GpuSet among = set(some);
    for (int i = 0; i < steps.size(); i++) {
      int gpu = steps.get(i);
      int before = bucketOf[gpu];
      int after = i % 5 == 0 ? GpuBuckets.NONE : (gpu + 7 * i) % count;
      if (before == after) {
        continue;
      }
      if (before == GpuBuckets.NONE) {
        buckets.add(gpu, after);
      } else if (after == GpuBuckets.NONE) {
        buckets.remove(gpu, before);
      } else {
        buckets.move(gpu, before, after);
      }
      bucketOf[gpu] = after;
      GpuBuckets copy = buckets.copy();
      for (int bucket : new int[] {Math.max(before, 0), Math.max(after, 0)}) {
        int[] inBucket =
            IntStream.range(0, END).filter(g -> bucketOf[g] == bucket).toArray();

        assertThat(copy.first(bucket)).isEqualTo(least(IntStream.of(inBucket)));
        assertThat(copy.first(bucket, among))
            .isEqualTo(least(IntStream.of(inBucket).filter(among::contains)));
        assertThat((copy.occupied()[bucket >>> 6] & 1L << bucket) != 0)
            .isEqualTo(inBucket.length > 0);
      }
    }
  }

  private static int least(IntStream numbers) {
    return numbers.min().orElse(GpuBuckets.NONE);
  }

  /** Some repeat; lists of one, and sets in which most numbers of a range are. */
  @Provide
  Arbitrary<List<Integer>> numbers() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(0, END - 1).list().ofMinSize(1).ofMaxSize(40),
        Arbitraries.integers().between(4000, 4200).list().ofMinSize(100).ofMaxSize(200));
  }
}
