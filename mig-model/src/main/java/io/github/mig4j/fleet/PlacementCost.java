package io.github.mig4j.fleet;

import io.github.mig4j.JsonForm;
import io.github.mig4j.text.JsonFields;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The cost of a placement by the fleet's policy, to compare nodes in a scheduler's scoring.
 *
 * <pre>{@code
 * long chosen = fleet.choose(request, gpusOfNode);
 * int score = chosen == Fleet.NONE ? 0 : fleet.cost(request, chosen).score(100);
 * }</pre>
 *
 * @param costs one cost for each criterion of the policy, in its order; a lower one is better
 * @param rank the number of lower costs that this request can have on any GPU of the fleet's models
 * @param ranks the number of different costs that this request can have
 */
public record PlacementCost(List<Double> costs, int rank, int ranks)
    implements JsonForm, Comparable<PlacementCost> {

  private static final Comparator<PlacementCost> ORDER = ((Comparator<PlacementCost>)
          PlacementCost::compareCosts)
      .thenComparingInt(PlacementCost::rank)
      .thenComparingInt(PlacementCost::ranks);

  public PlacementCost {
    Objects.requireNonNull(costs, "costs");
    costs = List.copyOf(costs);
    if (rank < 0 || rank >= ranks) {
      throw new IllegalArgumentException(
          "rank must be from 0 to %d, but was %d".formatted(ranks - 1, rank));
    }
  }

  /**
   * The score of a node or GPU for a scheduler that prefers the highest score.
   *
   * @param highest the score of the lowest possible cost, such as 100 in a scheduler's plugin and 10 in
   *     an extender; at least 1
   * @return from {@code highest} for the lowest possible cost to 1 for the highest; a node on which
   *     nothing fits can have 0
   */
  public int score(int highest) {
    if (highest < 1) {
      throw new IllegalArgumentException("highest must be at least 1, but was " + highest);
    }
    return ranks == 1
        ? highest
        : (int) (highest - Math.round((double) rank * (highest - 1) / (ranks - 1)));
  }

  /** Without copies, since a scheduler sorts the costs of all nodes. */
  private static int compareCosts(PlacementCost one, PlacementCost other) {
    for (int i = 0; i < Math.min(one.costs.size(), other.costs.size()); i++) {
      int difference = Double.compare(one.costs.get(i), other.costs.get(i));
      if (difference != 0) {
        return difference;
      }
    }
    return Integer.compare(one.costs.size(), other.costs.size());
  }

  /** Compares the costs criterion by criterion; consistent with equals for one request. */
  @Override
  public int compareTo(PlacementCost other) {
    Objects.requireNonNull(other, "other");
    return ORDER.compare(this, other);
  }

  /** The costs and the rank, e.g. {@code [0.0, 7.0], rank 3 of 40}. */
  @Override
  public String toString() {
    return "%s, rank %d of %d".formatted(costs, rank, ranks);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("costs", costs).and("rank", rank).and("ranks", ranks).map();
  }
}
