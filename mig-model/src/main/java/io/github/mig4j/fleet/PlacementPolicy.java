package io.github.mig4j.fleet;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Defines the best placement for an instance: the one with the lowest cost by the first {@link
 * Criterion}, of several such by the second, and so on. If all costs are equal, the GPU with the
 * lowest number is chosen, and on that GPU the lowest start.
 *
 * <p>Immutable, and thread-safe if its criteria are.
 */
public final class PlacementPolicy {

  private static final PlacementPolicy STANDARD = by(Criterion.EMPTY).then(Criterion.EXPECTED_LOSS);

  private final List<Criterion> criteria;

  private PlacementPolicy(List<Criterion> criteria) {
    this.criteria = criteria;
  }

  /**
   * The default choice. It prefers a GPU with instances to an empty one. Then it minimizes the
   * {@linkplain Criterion#EXPECTED_LOSS expected loss} of slices. docs/benchmarks.md compares the
   * policies under mixed loads.
   */
  public static PlacementPolicy standard() {
    return STANDARD;
  }

  /** Prefers the placement after which the most choices remain, also on an empty GPU. */
  public static PlacementPolicy leastLoss() {
    return by(Criterion.LOSS);
  }

  /** Uses the first GPU and start at which the instance fits. */
  public static PlacementPolicy firstFit() {
    return new PlacementPolicy(List.of());
  }

  /** Prefers the fullest GPU. */
  public static PlacementPolicy bestFit() {
    return by(Criterion.FREE_SLICES);
  }

  /**
   * Prefers the emptiest GPU, to share GPUs as little as possible, and on it the start after which
   * the most choices remain. It accepts less than the other policies. It is also known as worst
   * fit.
   */
  public static PlacementPolicy spread() {
    return by(Criterion.FREE_SLICES.times(-1)).then(Criterion.LOSS);
  }

  /** Creates a policy from a criterion. */
  public static PlacementPolicy by(Criterion criterion) {
    Objects.requireNonNull(criterion, "criterion");
    return new PlacementPolicy(List.of(criterion));
  }

  /** Adds a criterion, which decides among placements with equal costs so far. */
  public PlacementPolicy then(Criterion criterion) {
    Objects.requireNonNull(criterion, "criterion");
    return new PlacementPolicy(
        Stream.concat(criteria.stream(), Stream.of(criterion)).toList());
  }

  List<Criterion> criteria() {
    return criteria;
  }

  /** Two policies are equal if they have the same criteria in the same order. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof PlacementPolicy that && criteria.equals(that.criteria);
  }

  @Override
  public int hashCode() {
    return criteria.hashCode();
  }

  /** The number of criteria, e.g. {@code placement policy of 2 criteria}. */
  @Override
  public String toString() {
    return "placement policy of %d criteria".formatted(criteria.size());
  }
}
