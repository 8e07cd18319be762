package io.github.mig4j.plan;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The result of {@link Planner#defragment}: which instances move to another GPU, and where the
 * requested instances then fit.
 *
 * <p>Each move goes to slices that are free already, on a GPU that no instance leaves. The order of
 * the moves therefore does not matter, and each workload can start at its new location before it
 * ends at the old one. Any set of such moves after which the same number of requested instances
 * fits has at least {@link #lowerBound()} moves.
 */
public final class Defragmentation implements JsonForm {

  private static final int MAX_MOVES_SHOWN = 3;

  /**
   * The location of an instance: a placement on a GPU of a node.
   *
   * @param gpu the GPU's index on the node, from 0
   */
  public record InstanceLocation(String node, int gpu, Placement placement) implements JsonForm {
    public InstanceLocation {
      Objects.requireNonNull(node, "node");
      Objects.requireNonNull(placement, "placement");
    }

    /** All three, e.g. {@code node-a/0 1g.5gb@2:1}. */
    @Override
    public String toString() {
      return node + "/" + gpu + " " + placement;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node)
          .and("gpu", gpu)
          .and("placement", placement)
          .map();
    }

    /**
     * Reads a value from its JSON form, the inverse of {@link #toJson()}.
     *
     * @throws IllegalArgumentException if a field is missing, unknown or of another kind; the message names it
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static InstanceLocation ofJson(Map<String, Object> json) {
      JsonInput in = JsonInput.of("location", json);
      return in.requireNoOthers(new InstanceLocation(
          in.text("node"), in.integer("gpu"), Placement.ofJson(in.object("placement"))));
    }
  }

  /**
   * An instance that moves.
   *
   * @param to the new location, with the same profile on the same model
   */
  public record Move(InstanceLocation from, InstanceLocation to) implements JsonForm {
    public Move {
      Objects.requireNonNull(from, "from");
      Objects.requireNonNull(to, "to");
    }

    /** Both locations, e.g. {@code node-a/0 1g.5gb@2:1 -> node-b/1 1g.5gb@0:1}. */
    @Override
    public String toString() {
      return from + " -> " + to;
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("from", from).and("to", to).map();
    }

    /**
     * Reads a value from its JSON form, the inverse of {@link #toJson()}.
     *
     * @throws IllegalArgumentException if a field is missing, unknown or of another kind; the message names it
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Move ofJson(Map<String, Object> json) {
      JsonInput in = JsonInput.of("move", json);
      return in.requireNoOthers(new Move(
          InstanceLocation.ofJson(in.object("from")), InstanceLocation.ofJson(in.object("to"))));
    }
  }

  /**
   * A requested instance that fits after the moves.
   *
   * @param item the item of the demand that it meets
   */
  public record Fit(DemandItem item, InstanceLocation location) implements JsonForm {
    public Fit {
      Objects.requireNonNull(item, "item");
      Objects.requireNonNull(location, "location");
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("item", item).and("location", location).map();
    }

    /**
     * Reads a value from its JSON form, the inverse of {@link #toJson()}.
     *
     * @throws IllegalArgumentException if a field is missing, unknown or of another kind; the message names it
     */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Fit ofJson(Map<String, Object> json) {
      JsonInput in = JsonInput.of("fit", json);
      return in.requireNoOthers(new Fit(
          DemandItem.ofJson(in.object("item")), InstanceLocation.ofJson(in.object("location"))));
    }
  }

  private final List<Move> moves;
  private final List<Fit> fits;
  private final List<PlanShortfall> unmet;
  private final int lowerBound;
  private final int unmetLowerBound;
  private final boolean endedEarly;

  Defragmentation(
      List<Move> moves, List<Fit> fits, List<PlanShortfall> unmet, PrioritySearch.Outcome outcome) {
    this(
        moves,
        fits,
        unmet,
        (int) outcome.lowerBound,
        (int) outcome.unmetLowerBound,
        outcome.stopped);
  }

  private Defragmentation(
      List<Move> moves,
      List<Fit> fits,
      List<PlanShortfall> unmet,
      int lowerBound,
      int unmetLowerBound,
      boolean stopped) {
    this.moves = List.copyOf(moves);
    this.fits = List.copyOf(fits);
    this.unmet = List.copyOf(unmet);
    this.lowerBound = lowerBound;
    this.unmetLowerBound = unmetLowerBound;
    this.endedEarly = stopped && !isOptimal();
  }

  /**
   * {@return the moves in the order of the nodes that the instances leave; empty if everything fits
   * already or no move helps}
   */
  public List<Move> moves() {
    return moves;
  }

  /** {@return each requested instance that fits after the moves, in the order of the demand} */
  public List<Fit> fits() {
    return fits;
  }

  /**
   * {@return the requested instances that do not fit, with the reasons, in the order of the demand}
   */
  public List<PlanShortfall> unmet() {
    return unmet;
  }

  /** {@return the lower bound of the number of moves; with fewer, fewer requested instances fit} */
  public int lowerBound() {
    return lowerBound;
  }

  /**
   * {@return the maximum distance from the best result: the number of moves less {@link
   * #lowerBound()}}
   */
  public int gap() {
    return moves.size() - lowerBound;
  }

  /** {@return the lower bound of the number of instances that do not fit after any such moves} */
  public int unmetLowerBound() {
    return unmetLowerBound;
  }

  /**
   * {@return whether this is proven to be the best: no other moves make more devices fit, and no
   * fewer moves are enough; false if the search ended before the proof}
   */
  public boolean isOptimal() {
    return gap() == 0 && unmet.stream().mapToInt(PlanShortfall::count).sum() == unmetLowerBound;
  }

  /**
   * {@return whether the {@linkplain Planner#effort effort} ended before the moves were proven to
   * be the best}
   */
  public boolean isStopped() {
    return endedEarly;
  }

  /** Two results are equal if all their parts are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Defragmentation that
        && moves.equals(that.moves)
        && fits.equals(that.fits)
        && unmet.equals(that.unmet)
        && lowerBound == that.lowerBound
        && unmetLowerBound == that.unmetLowerBound
        && endedEarly == that.endedEarly;
  }

  @Override
  public int hashCode() {
    return Objects.hash(moves, fits, unmet, lowerBound, unmetLowerBound, endedEarly);
  }

  /** The first three moves, and how many more there are; empty without moves. */
  @Override
  public String toString() {
    String shown =
        moves.stream().limit(MAX_MOVES_SHOWN).map(Move::toString).collect(Collectors.joining("; "));
    return moves.size() <= MAX_MOVES_SHOWN
        ? shown
        : "%s; and %d more".formatted(shown, moves.size() - MAX_MOVES_SHOWN);
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("moves", moves())
        .and("fits", fits())
        .and("unmet", unmet())
        .and("lowerBound", lowerBound())
        .and("gap", gap())
        .and("unmetLowerBound", unmetLowerBound())
        .and("optimal", isOptimal())
        .and("stopped", isStopped())
        .map();
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or of another kind; the message names it
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Defragmentation ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("defragmentation", json).ignoring("gap", "optimal");
    return in.requireNoOthers(new Defragmentation(
        in.objects("moves", Move::ofJson),
        in.objects("fits", Fit::ofJson),
        in.objects("unmet", PlanShortfall::ofJson),
        in.integer("lowerBound"),
        in.integer("unmetLowerBound"),
        in.truth("stopped")));
  }
}
