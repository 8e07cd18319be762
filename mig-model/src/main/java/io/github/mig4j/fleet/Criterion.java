package io.github.mig4j.fleet;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Objects;

/**
 * What speaks against a place: of two places the one with the lower cost is taken. The cost is
 * worked out once for every state of a model, so it may only depend on its arguments.
 *
 * <pre>{@code
 * Criterion keepLastSliceFree = (before, placement, after) -> placement.end() == 8 ? 1 : 0;
 * PlacementPolicy mine = PlacementPolicy.by(keepLastSliceFree).then(Criterion.LOSS);
 * PlacementPolicy sum = PlacementPolicy.by(Criterion.LOSS.plus(Criterion.FREE_SLICES.times(0.5)));
 * }</pre>
 */
@FunctionalInterface
public interface Criterion {

  /** 0 on a GPU that is in use, 1 on an empty one. */
  Criterion EMPTY = (before, placement, after) -> before.isEmpty() ? 1 : 0;

  /** How many placements become impossible: {@linkplain GpuState#choices choices} lost. */
  Criterion LOSS = (before, placement, after) -> before.choices() - after.choices();

  /** How many memory slices are free on the GPU, so that the fullest is taken. */
  Criterion FREE_SLICES = (before, placement, after) -> before.freeSlices();

  /**
   * How many scarce profiles lose their last place on the GPU. Scarce are those of which a GPU holds
   * fewer than it has room for, because of what else they need: one {@code 1g.10gb+me} on an H100,
   * where seven {@code 1g.10gb} fit. An instance of a scarce profile costs nothing.
   */
  Criterion SCARCITY = Criterion::scarceProfilesLost;

  /**
   * The cost of a place.
   *
   * @param before the GPU without the instance
   * @param placement the place
   * @param after the GPU with the instance
   * @return any finite number, also a negative one
   */
  double cost(GpuState before, Placement placement, GpuState after);

  /**
   * This criterion, more or less important in a {@linkplain #plus sum}.
   *
   * @param weight the factor; negative to prefer what this one avoids
   * @return a criterion with the weighted cost
   */
  default Criterion times(double weight) {
    return (before, placement, after) -> weight * cost(before, placement, after);
  }

  /**
   * This criterion and another, weighed against each other.
   *
   * @param other the other
   * @return a criterion with the sum of both costs
   */
  default Criterion plus(Criterion other) {
    Objects.requireNonNull(other, "other");
    return (before, placement, after) ->
        cost(before, placement, after) + other.cost(before, placement, after);
  }

  private static double scarceProfilesLost(GpuState before, Placement placement, GpuState after) {
    List<MigProfile> scarce = before.states().scarceProfiles();
    return scarce.contains(placement.profile())
        ? 0
        : scarce.stream().filter(p -> before.fits(p) && !after.fits(p)).count();
  }
}
