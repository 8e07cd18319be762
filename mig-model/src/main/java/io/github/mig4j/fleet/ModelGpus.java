package io.github.mig4j.fleet;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of one model that may be chosen, by bucket, and for each profile the positions of its row
 * whose bucket has a GPU. The best GPU is in the first of these, so finding it takes as long with
 * ten GPUs as with ten thousand. Not thread-safe.
 */
final class ModelGpus {

  private final RankedStates ranked;
  private final IndexSet[] buckets;

  /** By profile. */
  private final IndexSet[] positions;

  ModelGpus(RankedStates ranked) {
    this(
        ranked,
        Stream.generate(() -> new IndexSet(0)).limit(ranked.buckets()).toArray(IndexSet[]::new),
        IntStream.range(0, ranked.states().profiles().size())
            .mapToObj(profile -> new IndexSet(ranked.row(profile).size()))
            .toArray(IndexSet[]::new));
  }

  private ModelGpus(RankedStates ranked, IndexSet[] buckets, IndexSet[] positions) {
    this.ranked = ranked;
    this.buckets = buckets;
    this.positions = positions;
  }

  ModelGpus copy() {
    return new ModelGpus(ranked, copy(buckets), copy(positions));
  }

  private static IndexSet[] copy(IndexSet[] sets) {
    return Arrays.stream(sets).map(IndexSet::copy).toArray(IndexSet[]::new);
  }

  RankedStates ranked() {
    return ranked;
  }

  GpuStates states() {
    return ranked.states();
  }

  void add(int gpu, int state) {
    int bucket = ranked.bucketOf(state);
    if (buckets[bucket].isEmpty()) {
      for (int profile = 0; profile < positions.length; profile++) {
        int position = ranked.row(profile).positionOf(bucket);
        if (position != IndexSet.NONE) {
          positions[profile].add(position);
        }
      }
    }
    buckets[bucket].add(gpu);
  }

  void remove(int gpu, int state) {
    int bucket = ranked.bucketOf(state);
    buckets[bucket].remove(gpu);
    if (buckets[bucket].isEmpty()) {
      for (int profile = 0; profile < positions.length; profile++) {
        int position = ranked.row(profile).positionOf(bucket);
        if (position != IndexSet.NONE) {
          positions[profile].remove(position);
        }
      }
    }
  }

  void move(int gpu, int from, int to) {
    if (ranked.bucketOf(from) != ranked.bucketOf(to)) {
      remove(gpu, from);
      add(gpu, to);
    }
  }

  /** The cheapest GPU for a profile, of several the one with the lowest number; or none. */
  int best(int profile, @Nullable IndexSet among) {
    RankedStates.Row row = ranked.row(profile);
    IndexSet occupied = positions[profile];
    int best = IndexSet.NONE;
    int level = IndexSet.NONE;
    int position = occupied.first();
    while (position != IndexSet.NONE && (level < 0 || row.level(position) == level)) {
      IndexSet bucket = buckets[row.bucketAt(position)];
      int gpu = among == null ? bucket.first() : bucket.firstCommon(among);
      if (gpu != IndexSet.NONE) {
        best = best == IndexSet.NONE ? gpu : Math.min(best, gpu);
        level = row.level(position);
      }
      position = occupied.next(position + 1);
    }
    return best;
  }
}
