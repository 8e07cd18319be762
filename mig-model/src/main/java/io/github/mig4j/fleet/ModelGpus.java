package io.github.mig4j.fleet;

import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The schedulable GPUs of one model by bucket; full GPUs are in no bucket. The best GPU for a
 * profile is in the first of its {@link BucketsByCost} that is not empty, so the search takes as
 * long with ten GPUs as with ten thousand. Not thread-safe.
 */
final class ModelGpus {

  private final RankedStates ranked;
  private final IndexSet[] buckets;

  /** One bit for each bucket that is not empty. */
  private final long[] occupied;

  ModelGpus(RankedStates ranked) {
    this(
        ranked,
        Stream.generate(() -> new IndexSet(0)).limit(ranked.buckets()).toArray(IndexSet[]::new),
        new long[ranked.words()]);
  }

  private ModelGpus(RankedStates ranked, IndexSet[] buckets, long[] occupied) {
    this.ranked = ranked;
    this.buckets = buckets;
    this.occupied = occupied;
  }

  ModelGpus copy() {
    IndexSet[] copies = Arrays.stream(buckets).map(IndexSet::copy).toArray(IndexSet[]::new);
    return new ModelGpus(ranked, copies, occupied.clone());
  }

  RankedStates ranked() {
    return ranked;
  }

  GpuStates states() {
    return ranked.states();
  }

  void add(int gpu, int state) {
    addTo(ranked.bucketOf(state), gpu);
  }

  void remove(int gpu, int state) {
    removeFrom(ranked.bucketOf(state), gpu);
  }

  void move(int gpu, int from, int to) {
    int before = ranked.bucketOf(from);
    int after = ranked.bucketOf(to);
    if (before != after) {
      removeFrom(before, gpu);
      addTo(after, gpu);
    }
  }

  private void addTo(int bucket, int gpu) {
    if (bucket != IndexSet.NONE) {
      buckets[bucket].add(gpu);
      occupied[bucket >>> 6] |= 1L << bucket;
    }
  }

  private void removeFrom(int bucket, int gpu) {
    if (bucket != IndexSet.NONE) {
      buckets[bucket].remove(gpu);
      if (buckets[bucket].isEmpty()) {
        occupied[bucket >>> 6] &= ~(1L << bucket);
      }
    }
  }

  /**
   * The GPU with the lowest cost for a profile, of several the one with the lowest number; or none.
   */
  int best(int profile, @Nullable IndexSet among) {
    BucketsByCost byCost = ranked.bucketsByCost(profile);
    int best = IndexSet.NONE;
    int bestLevel = Integer.MAX_VALUE;
    for (int word = 0; word < occupied.length; word++) {
      if (occupied[word] == 0) {
        continue;
      }
      int step = byCost.next(word, byCost.start(word), occupied[word]);
      while (step < byCost.end(word) && byCost.level(step) <= bestLevel) {
        int gpu = first(word, byCost.mask(step) & occupied[word], among);
        if (gpu != IndexSet.NONE) {
          best = byCost.level(step) < bestLevel ? gpu : Math.min(best, gpu);
          bestLevel = byCost.level(step);
          break;
        }
        step = byCost.next(word, step + 1, occupied[word]);
      }
    }
    return best;
  }

  /** The lowest GPU number in some buckets, which are bits of a word; or none. */
  private int first(int word, long some, @Nullable IndexSet among) {
    int first = IndexSet.NONE;
    for (long rest = some; rest != 0; rest &= rest - 1) {
      IndexSet bucket = buckets[(word << 6) + Long.numberOfTrailingZeros(rest)];
      int gpu = among == null ? bucket.first() : bucket.firstCommon(among);
      if (gpu != IndexSet.NONE && (first == IndexSet.NONE || gpu < first)) {
        first = gpu;
      }
    }
    return first;
  }
}
