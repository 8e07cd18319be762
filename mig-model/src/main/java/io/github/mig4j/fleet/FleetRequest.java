package io.github.mig4j.fleet;

import io.github.mig4j.JsonForm;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.text.JsonFields;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A reusable request for a profile, on any GPU that offers it or on one model. {@link
 * Fleet#request} creates it, and only that fleet accepts it. Each kind of request exists once per
 * fleet, so a scheduler can look it up for each pod or keep it.
 */
public final class FleetRequest implements JsonForm {

  /** GPUs with the same costs that offer the profile: those of one model, or of all models of a kind. */
  static final class Source {

    private final RankedStates ranked;
    private final GpuBuckets buckets;
    private final int profile;

    /** By state: the placement with the lowest cost. */
    private final byte[] best;

    /** By bucket: the rank of the cost among those of all sources. */
    private int[] ranks = {};

    Source(RankedStates ranked, GpuBuckets buckets, int profile) {
      this.ranked = ranked;
      this.buckets = buckets;
      this.profile = profile;
      best = ranked.best(profile);
    }

    /** Ranks the costs of this source among ascending costs that contain them. */
    void rank(double[][] all) {
      double[][] own = ranked.costs(profile);
      ranks = IntStream.range(0, ranked.buckets())
          .map(bucket -> ranked.level(profile, bucket))
          .map(level -> level == RankedStates.NONE
              ? GpuBuckets.NO_RANK
              : Arrays.binarySearch(all, own[level], Arrays::compare))
          .toArray();
    }

    /** The rank of the best placement in a state, or {@link GpuBuckets#NO_RANK}. */
    int rank(int state) {
      return ranks[ranked.bucketOf(state)];
    }

    /** The number of the placement with the lowest cost in a state in which the profile fits. */
    int best(int state) {
      return best[state];
    }

    /** The lowest rank with its GPU, or {@link GpuBuckets#NO_GPU}. */
    long best(@Nullable GpuSet among) {
      return among == null ? buckets.best(ranks) : buckets.best(ranks, among);
    }
  }

  private final Fleet fleet;
  private final MigProfile profile;
  private final Optional<GpuModel> model;

  /** The sources, each once. */
  private Source[] sources = {};

  /** By the fleet's number of the model; null if the model does not offer the profile or is not wanted. */
  private @Nullable Source[] sourceOf = {};

  /** All costs of the sources, ascending. */
  private double[][] costs = {};

  FleetRequest(Fleet fleet, MigProfile profile, Optional<GpuModel> model) {
    this.fleet = fleet;
    this.profile = profile;
    this.model = model;
  }

  /** {@return the requested GPU instance profile} */
  public MigProfile profile() {
    return profile;
  }

  /** {@return the requested model, or empty for any that offers the profile} */
  public Optional<GpuModel> model() {
    return model;
  }

  /**
   * {@return whether a GPU of the fleet offers the profile, full or not; false if it is misspelled
   * or of other models, so that a placement is never found}
   */
  public boolean isOffered() {
    return sources().length > 0;
  }

  private void read(ModelGpus[] models) {
    List<Source> distinct = new ArrayList<>();
    sourceOf = new Source[models.length];
    for (int number = 0; number < models.length; number++) {
      GpuStates states = models[number].states;
      int wanted = model.map(states.gpu()::equals).orElse(true)
          ? states.profiles().indexOf(profile)
          : GpuStates.NONE;
      if (wanted == GpuStates.NONE) {
        continue;
      }
      int kind = models[number].kind;
      boolean isFirst = model.isPresent() || kind == number;
      Source source = isFirst
          ? new Source(
              models[number].ranked,
              model.isPresent() ? models[number].buckets : models[number].bucketsOfKind(),
              wanted)
          : sourceOf[kind];
      sourceOf[number] = source;
      if (isFirst) {
        distinct.add(source);
      }
    }
    sources = distinct.toArray(Source[]::new);
    rank();
  }

  private void rank() {
    TreeSet<double[]> all = new TreeSet<>(Arrays::compare);
    for (Source source : sources) {
      Collections.addAll(all, source.ranked.costs(source.profile));
    }
    costs = all.toArray(double[][]::new);
    for (Source source : sources) {
      source.rank(costs);
    }
  }

  /** The sources, also of the models that the fleet got since the last call. */
  private Source[] sources() {
    ModelGpus[] models = fleet.models();
    if (sourceOf.length != models.length) {
      read(models);
    }
    return sources;
  }

  void requireOf(Fleet asked) {
    if (asked != fleet) {
      throw new IllegalArgumentException(
          "The request for %s belongs to another fleet; create it with this fleet"
              .formatted(profile));
    }
  }

  /**
   * The placement with the lowest cost, of several on the GPU with the lowest number; or {@link
   * Fleet#NONE}.
   */
  long best(@Nullable GpuSet among) {
    long best = GpuBuckets.NO_GPU;
    Source bestSource = null;
    for (Source source : sources()) {
      long found = source.best(among);
      if (found < best) {
        best = found;
        bestSource = source;
      }
    }
    return bestSource == null ? Fleet.NONE : fleet.instance((int) best, bestSource);
  }

  /** The placement with the lowest cost on some GPUs, which are tried one after the other. */
  long bestOfEach(int[] gpus) {
    int best = 0;
    int bestRank = GpuBuckets.NO_RANK;
    Source bestSource = null;
    sources();
    for (int gpu : gpus) {
      Source source = fleet.isSchedulable(gpu) ? sourceOf[fleet.modelNumberOf(gpu)] : null;
      int rank = source == null ? GpuBuckets.NO_RANK : source.rank(fleet.stateOf(gpu));
      if (rank < bestRank) {
        bestRank = rank;
        best = gpu;
        bestSource = source;
      }
    }
    return bestSource == null ? Fleet.NONE : fleet.instance(best, bestSource);
  }

  /** The source of a model's GPUs, or null. */
  @Nullable
  Source source(int number) {
    sources();
    return sourceOf[number];
  }

  /** The cost as a value, with its rank among those that this request can have. */
  PlacementCost cost(double[] cost) {
    int found = Arrays.binarySearch(costs, cost, Arrays::compare);
    int rank = found >= 0 ? found : -found - 1;
    return new PlacementCost(
        Arrays.stream(cost).boxed().toList(), rank, Math.max(costs.length, rank + 1));
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("profile", profile)
        .and("model", model.map(GpuModel::id))
        .map();
  }

  /** The profile, and the requested model if there is one. */
  @Override
  public String toString() {
    return model.map(on -> profile + " on " + on.id()).orElse(profile.toString());
  }
}
