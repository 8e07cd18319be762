package io.github.mig4j.fleet;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Objects;

/**
 * The cost of a placement: of two placements, the one with the lower cost is chosen. The cost is
 * computed once for every state of a model, so it must depend on its arguments only.
 *
 * <pre>{@code
 * Criterion keepLastSliceFree = (before, placement, after) -> placement.end() == 8 ? 1 : 0;
 * PlacementPolicy mine = PlacementPolicy.by(keepLastSliceFree).then(Criterion.LOSS);
 * PlacementPolicy sum = PlacementPolicy.by(Criterion.LOSS.plus(Criterion.FREE_SLICES.times(0.5)));
 * }</pre>
 */
@FunctionalInterface
public interface Criterion {

  /** 0 on a GPU with instances, 1 on an empty GPU. */
  Criterion EMPTY = (before, placement, after) -> before.isEmpty() ? 1 : 0;

  /**
   * The number of placements that become impossible: the lost {@linkplain GpuState#choices
   * choices}.
   */
  Criterion LOSS = (before, placement, after) -> before.choices() - after.choices();

  /**
   * The memory slices that the GPU is {@linkplain GpuState#expectedSlices expected} to accept less,
   * of later requests, because of this instance. It looks some steps ahead, at random requests and at
   * the instances that end.
   */
  Criterion EXPECTED_LOSS =
      (before, placement, after) -> before.expectedSlices() - after.expectedSlices();

  /** The number of free memory slices on the GPU. It prefers the fullest GPU. */
  Criterion FREE_SLICES = (before, placement, after) -> before.freeSlices();

  /**
   * The number of scarce profiles that lose their last placement on the GPU. A profile is scarce if
   * its maximum number of instances is below the number that its placements allow: an H100 allows
   * one {@code 1g.10gb+me}, although seven {@code 1g.10gb} fit. An instance of a scarce profile
   * costs 0.
   */
  Criterion SCARCITY = Criterion::scarceProfilesLost;

  /**
   * The cost of a placement.
   *
   * @param before the GPU without the instance
   * @param placement the placement of the instance
   * @param after the GPU with the instance
   * @return any finite number, positive or negative
   */
  double cost(GpuState before, Placement placement, GpuState after);

  /**
   * {@return this criterion with a weight, for a {@linkplain #plus sum}}
   *
   * @param weight the factor; a negative factor prefers what this criterion avoids
   */
  default Criterion times(double weight) {
    return (before, placement, after) -> weight * cost(before, placement, after);
  }

  /** {@return the sum of this criterion and another} */
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
