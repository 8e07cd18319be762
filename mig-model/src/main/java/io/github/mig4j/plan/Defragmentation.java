package io.github.mig4j.plan;

import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Which instances move from GPU to GPU so that wanted ones fit, and where those then fit: what
 * {@link Planner#defragment} answers.
 *
 * <p>Each move goes to slices that are free already, on a GPU from which nothing moves. So the moves
 * can be made in any order, and each workload can start at its new place before it ends at the old
 * one. No such set of moves that lets as many wanted instances fit is smaller than {@link
 * #lowerBound()}.
 */
public final class Defragmentation {

  private static final int MAX_MOVES_SHOWN = 3;

  /**
   * A place on a GPU of a node.
   *
   * @param node the node's name
   * @param gpu the GPU's index on the node, from 0
   * @param placement profile, start and size
   */
  public record Site(String node, int gpu, Placement placement) {
    public Site {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(placement, "placement");
    }

    /** All three, e.g. {@code node-a/0 1g.5gb@2:1}. */
    @Override
    public String toString() {
      return node + "/" + gpu + " " + placement;
    }
  }

  /**
   * An instance that moves.
   *
   * @param from where it is
   * @param to where it goes, as the same profile of the same model
   */
  public record Move(Site from, Site to) {
    public Move {
      Objects.requireNonNull(from, "from");
      Objects.requireNonNull(to, "to");
    }

    /** Both sites, e.g. {@code node-a/0 1g.5gb@2:1 -> node-b/1 1g.5gb@0:1}. */
    @Override
    public String toString() {
      return from + " -> " + to;
    }
  }

  /**
   * A wanted instance that fits once the moves are made.
   *
   * @param item the item of the demand that it meets
   * @param site where
   */
  public record Fit(DemandItem item, Site site) {
    public Fit {
      Objects.requireNonNull(item, "item");
      Objects.requireNonNull(site, "site");
    }
  }

  private final List<Move> moves;
  private final List<Fit> fits;
  private final List<PlanShortfall> unmet;
  private final int lowerBound;
  private final int unmetLowerBound;

  Defragmentation(
      List<Move> moves, List<Fit> fits, List<PlanShortfall> unmet, Levels.Outcome outcome) {
    this.moves = List.copyOf(moves);
    this.fits = List.copyOf(fits);
    this.unmet = List.copyOf(unmet);
    this.lowerBound = (int) outcome.lowerBound;
    this.unmetLowerBound = (int) outcome.unmetLowerBound;
  }

  /**
   * What moves.
   *
   * @return moves in the order of the nodes they come from; none if everything fits already or no
   *     move helps
   */
  public List<Move> moves() {
    return moves;
  }

  /**
   * What fits then.
   *
   * @return each met instance of the demand with its place, in the order of the demand
   */
  public List<Fit> fits() {
    return fits;
  }

  /**
   * What does not fit, and why.
   *
   * @return shortfalls in the order of the demand; none if everything fits
   */
  public List<PlanShortfall> unmet() {
    return unmet;
  }

  /**
   * What no such defragmentation can do without.
   *
   * @return the least number of moves that let as many wanted instances fit
   */
  public int lowerBound() {
    return lowerBound;
  }

  /**
   * How far this answer may be from the best.
   *
   * @return the number of moves less {@link #lowerBound()}
   */
  public int gap() {
    return moves.size() - lowerBound;
  }

  /**
   * How many instances no such defragmentation can make fit.
   *
   * @return at most the sum over {@link #unmet()}
   */
  public int unmetLowerBound() {
    return unmetLowerBound;
  }

  /** The moves, one per line. */
  @Override
  public String toString() {
    String shown =
        moves.stream().limit(MAX_MOVES_SHOWN).map(Move::toString).collect(Collectors.joining("; "));
    return moves.size() <= MAX_MOVES_SHOWN
        ? shown
        : "%s; and %d more".formatted(shown, moves.size() - MAX_MOVES_SHOWN);
  }
}
