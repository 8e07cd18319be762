package io.github.mig4j.fleet;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which of the places where an instance fits is best: the one with the lowest cost by the first
 * {@link Criterion}, of several such by the second, and so on. Of places that cost the same, the one
 * on the GPU with the lowest number is taken, and on that GPU the one with the lowest start.
 *
 * <p>Immutable, and thread-safe if its criteria are.
 */
public final class PlacementPolicy {

  private static final PlacementPolicy STANDARD = by(Criterion.EMPTY)
      .then(Criterion.LOSS.plus(Criterion.FREE_SLICES).plus(Criterion.SCARCITY.times(2)));

  private final List<Criterion> criteria;

  private PlacementPolicy(List<Criterion> criteria) {
    this.criteria = criteria;
  }

  /**
   * The policy to begin with: a GPU in use before an empty one; then what spoils least, counting the
   * choices lost, the slices free on the GPU, and twice each scarce profile that loses its last
   * place. docs/benchmarks.md shows what it accepts of a mixed load, and what the others do.
   *
   * @return the standard policy
   */
  public static PlacementPolicy standard() {
    return STANDARD;
  }

  /**
   * Takes what leaves most choices on the GPU, also on an empty one.
   *
   * @return least loss alone
   */
  public static PlacementPolicy leastLoss() {
    return by(Criterion.LOSS);
  }

  /**
   * Takes the first GPU and start where the instance fits.
   *
   * @return a policy without preference
   */
  public static PlacementPolicy firstFit() {
    return new PlacementPolicy(List.of());
  }

  /**
   * Takes the fullest GPU.
   *
   * @return fewest free slices first
   */
  public static PlacementPolicy bestFit() {
    return by(Criterion.FREE_SLICES);
  }

  /**
   * Takes the emptiest GPU, so that neighbours disturb each other least; on it the start that leaves
   * most choices. Packs badly.
   *
   * @return most free slices first, also known as worst fit
   */
  public static PlacementPolicy spread() {
    return by(Criterion.FREE_SLICES.times(-1)).then(Criterion.LOSS);
  }

  /**
   * Starts a policy of one's own.
   *
   * @param criterion what matters most
   * @return a policy of this criterion
   */
  public static PlacementPolicy by(Criterion criterion) {
    Objects.requireNonNull(criterion, "criterion");
    return new PlacementPolicy(List.of(criterion));
  }

  /**
   * This policy with one more criterion.
   *
   * @param criterion what decides among places that cost the same so far
   * @return a longer policy
   */
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
