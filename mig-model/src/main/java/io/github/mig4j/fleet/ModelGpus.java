package io.github.mig4j.fleet;

import org.jspecify.annotations.Nullable;

/**
 * The schedulable GPUs of one model by bucket; full GPUs are in no bucket. Models with the same profiles and
 * the same costs are one <em>kind</em>, with buckets for the GPUs of all of them, so that the time of a choice
 * does not grow with the number of models. Not thread-safe.
 */
final class ModelGpus {

  final GpuStates states;
  final RankedStates ranked;
  final GpuBuckets buckets;

  /** The number of the first model of this kind. */
  final int kind;

  /** The GPUs of all models of the kind; null if it has one model. */
  private @Nullable GpuBuckets ofKind;

  ModelGpus(GpuStates states, RankedStates ranked, int kind) {
    this(states, ranked, new GpuBuckets(ranked.buckets()), kind);
  }

  private ModelGpus(GpuStates states, RankedStates ranked, GpuBuckets buckets, int kind) {
    this.states = states;
    this.ranked = ranked;
    this.buckets = buckets;
    this.kind = kind;
  }

  /** A copy that is not yet joined to others of its kind. */
  ModelGpus copy() {
    return new ModelGpus(states, ranked, buckets.copy(), kind);
  }

  /** Whether another model is of the same kind. */
  boolean isLike(GpuStates others, RankedStates rankedOthers) {
    return states.sharesTablesWith(others)
        && states.profiles().equals(others.profiles())
        && ranked == rankedOthers;
  }

  void join(GpuBuckets all) {
    ofKind = all;
  }

  /** The GPUs of all models of this kind. */
  GpuBuckets bucketsOfKind() {
    return ofKind == null ? buckets : ofKind;
  }

  @Nullable
  GpuBuckets joined() {
    return ofKind;
  }

  void add(int gpu, int state) {
    move(gpu, RankedStates.FULL, ranked.bucketOf(state));
  }

  void remove(int gpu, int state) {
    move(gpu, ranked.bucketOf(state), RankedStates.FULL);
  }

  void change(int gpu, int from, int to) {
    move(gpu, ranked.bucketOf(from), ranked.bucketOf(to));
  }

  private void move(int gpu, int from, int to) {
    if (from == to) {
      return;
    }
    if (to != RankedStates.FULL) {
      buckets.add(gpu, to);
      if (ofKind != null) {
        ofKind.add(gpu, to);
      }
    }
    if (from != RankedStates.FULL) {
      buckets.remove(gpu, from);
      if (ofKind != null) {
        ofKind.remove(gpu, from);
      }
    }
  }
}
