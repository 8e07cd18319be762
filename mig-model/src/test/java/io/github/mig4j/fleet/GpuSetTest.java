package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @Property(tries = 200)
  void builder_ofNumbersInAnyOrder_hasTheNumbers(
      @ForAll("numbers") List<Integer> numbers, @ForAll @IntRange(max = 90_000_000) int from) {
    int[] moved = numbers.stream().mapToInt(number -> number + from).toArray();
    GpuSet.Builder builder = GpuSet.builder();

    for (int round = 0; round < 2; round++) {
      IntStream.of(moved).forEach(builder::add);
      GpuSet built = builder.build();

      assertThat(built).isEqualTo(GpuSet.of(moved)).hasSameHashCodeAs(GpuSet.of(moved));
      assertThat(built.toJson())
          .isEqualTo(IntStream.of(moved).sorted().distinct().boxed().toList());
      assertThat(GpuSet.ofJson(List.copyOf(built.toJson()))).isEqualTo(built);
    }
  }

  /** Eight GPUs with the highest numbers need some words, not the 12.5 MB up to them. */
  @Example
  void builder_ofHighNumbers_allocatesFromTheFirstWordOn() throws ReflectiveOperationException {
    AllocatedBytes bytes = new AllocatedBytes();
    long before = bytes.now();

    GpuSet.Builder builder = GpuSet.builder();
    IntStream.range(99_999_000, 99_999_008).forEach(builder::add);
    GpuSet set = builder.build();

    assertThat(bytes.now() - before).isLessThan(1_000_000);
    assertThat(set.size()).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      [1.5]       | Not a set of GPUs: 'gpus' must be a list of whole numbers, but was '[1.5]'
      ["1"]       | Not a set of GPUs: 'gpus' must be a list of whole numbers, but was '[1]'
      [null]      | Not a set of GPUs: 'gpus' must be a list of whole numbers, but was '[null]'
      [-1]        | A GPU's number must not be negative, but was -1
      [100000000] | A GPU's number must be at most 99999999, but was 100000000
      """)
  void ofJson_ofOtherThanNumbersOfGpus_isRefused(String json, String message) throws IOException {
    List<Object> values = new ObjectMapper().readValue(json, new TypeReference<>() {});

    assertThatThrownBy(() -> GpuSet.ofJson(values))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  /** Each step moves a number to a bucket or out of it; the ranks of some buckets are equal. */
  @Property(tries = 200)
  void buckets_findTheLeastNumberOfTheLowestRank(
      @ForAll("numbers") List<Integer> steps, @ForAll("numbers") List<Integer> some) {
    int[] ranks = IntStream.range(0, 70)
        .map(bucket -> bucket % 7 == 0 ? GpuBuckets.NO_RANK : (70 - bucket) / 3)
        .toArray();
    GpuBuckets buckets = new GpuBuckets(ranks.length);
    Map<Integer, Integer> bucketOf = new HashMap<>();
    GpuSet among = set(some);
    for (int i = 0; i < steps.size(); i++) {
      int gpu = steps.get(i);
      int after = (gpu + 7 * i) % ranks.length;
      Integer before = bucketOf.remove(gpu);
      if (before != null) {
        buckets.remove(gpu, before);
      }
      if (i % 5 != 0) {
        buckets.add(gpu, after);
        bucketOf.put(gpu, after);
      }
      GpuBuckets copy = buckets.copy();

      assertThat(copy.best(ranks)).isEqualTo(best(ranks, bucketOf, any -> true));
      assertThat(copy.best(ranks, among)).isEqualTo(best(ranks, bucketOf, among::contains));
    }
  }

  private static long best(int[] ranks, Map<Integer, Integer> bucketOf, IntPredicate isIn) {
    return bucketOf.keySet().stream()
        .filter(isIn::test)
        .filter(gpu -> ranks[bucketOf.get(gpu)] != GpuBuckets.NO_RANK)
        .mapToLong(gpu -> (long) ranks[bucketOf.get(gpu)] << Integer.SIZE | gpu)
        .min()
        .orElse(GpuBuckets.NO_GPU);
  }

  /** Some repeat; lists of one, and sets in which most numbers of a range are. */
  @Provide
  Arbitrary<List<Integer>> numbers() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(0, END - 1).list().ofMinSize(1).ofMaxSize(40),
        Arbitraries.integers().between(4000, 4200).list().ofMinSize(100).ofMaxSize(200));
  }
}
