package io.github.mig4j.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GpuBucketsTest {

  private static final int GPUS = 5_000;
  private static final int NO_BUCKET = -1;

  private final Random random = new Random(7);

  /** By GPU. */
  private final int[] bucketOf = new int[GPUS];

  private GpuBuckets fill(int buckets) {
    GpuBuckets filled = new GpuBuckets(buckets);
    for (int gpu = 0; gpu < GPUS; gpu++) {
      bucketOf[gpu] = random.nextInt(10) == 0 ? NO_BUCKET : random.nextInt(buckets);
      if (bucketOf[gpu] != NO_BUCKET) {
        filled.add(gpu, bucketOf[gpu]);
      }
    }
    return filled;
  }

  private long expected(int[] ranks, IntPredicate among) {
    return IntStream.range(0, GPUS)
        .filter(among)
        .filter(gpu -> bucketOf[gpu] != NO_BUCKET)
        .filter(gpu -> ranks[bucketOf[gpu]] != GpuBuckets.NO_RANK)
        .mapToLong(gpu -> (long) ranks[bucketOf[gpu]] << Integer.SIZE | gpu)
        .min()
        .orElse(GpuBuckets.NO_GPU);
  }

  private void requireBest(GpuBuckets filled, int[] ranks, IntPredicate among) {
    assertThat(filled.best(ranks, GpuSet.where(GPUS, among))).isEqualTo(expected(ranks, among));
  }

  /** 5,000 GPUs have 79 blocks of 64, and 100 buckets have columns in two words. */
  @Test
  void best_ofASet_isThatOfAScan_alsoWhereBetterGpusAreOutside() {
    for (int buckets : new int[] {1, 5, 60, 100}) {
      GpuBuckets filled = fill(buckets);
      for (int round = 0; round < 30; round++) {
        int[] ranks = random
            .ints(buckets, 0, 2 + random.nextInt(buckets))
            .map(rank -> random.nextInt(8) == 0 ? GpuBuckets.NO_RANK : rank)
            .toArray();
        int bound = random.nextInt(GPUS);
        int lowest = 1 + Arrays.stream(ranks).min().orElseThrow() + random.nextInt(buckets);
        requireBest(filled, ranks, gpu -> true);
        requireBest(filled, ranks, gpu -> gpu % 2 == 1);
        requireBest(filled, ranks, gpu -> gpu >= bound);
        requireBest(
            filled, ranks, gpu -> bucketOf[gpu] == NO_BUCKET || ranks[bucketOf[gpu]] >= lowest);
        requireBest(
            filled,
            ranks,
            gpu -> gpu >= bound && bucketOf[gpu] != NO_BUCKET && ranks[bucketOf[gpu]] >= lowest);
      }
    }
  }
}
