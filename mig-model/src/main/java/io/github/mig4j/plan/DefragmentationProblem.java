package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Defragmentation.Fit;
import io.github.mig4j.plan.Defragmentation.Move;
import io.github.mig4j.plan.Defragmentation.Site;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Wanted instances and running ones as a {@link Covering}, and the way back to moves.
 *
 * <p>Besides the kinds of demand there is a row for each profile of a model, from which instances
 * take that move away and to which slices give that are free. A column is one thing to be done with
 * a GPU: to fill its free slices, which costs nothing, or to clear some instances away and put wanted
 * ones there, which costs a move each. A GPU that is cleared takes in no instance that moves.
 */
final class DefragmentationProblem {

  private record Profile(GpuModel model, MigProfile name) {
    /** The hash of a whole model takes long. */
    @Override
    public int hashCode() {
      return 31 * model.id().hashCode() + name.hashCode();
    }
  }

  private record Position(int node, int gpu) {}

  /** Something to be done with one GPU of a lot: what goes and comes, by row. */
  private record Option(
      GpuLot lot,
      Map<Integer, List<Placement>> away,
      Map<Integer, List<Placement>> added,
      int column) {}

  private final Demand demand;
  private final List<PlanNode> nodes;
  private final Rows rows;
  private final Map<GpuLot, List<Position>> lots = new LinkedHashMap<>();
  private final Map<Profile, Integer> movingRow = new LinkedHashMap<>();
  private final Map<String, DefragmentationStates> states = new HashMap<>();
  private final List<Option> options = new ArrayList<>();

  DefragmentationProblem(Demand demand, List<PlanNode> nodes) {
    this.demand = demand;
    this.nodes = nodes;
    this.rows = new Rows(demand);
    for (int n = 0; n < nodes.size(); n++) {
      BitSet allowed = rows.allowedBy(nodes.get(n).labels());
      for (int g = 0; g < nodes.get(n).gpuCount(); g++) {
        GpuLot lot = new GpuLot(nodes.get(n).gpu(g), allowed);
        lots.computeIfAbsent(lot, any -> new ArrayList<>()).add(new Position(n, g));
      }
    }
  }

  Defragmentation solve(long effort) {
    List<GpuLot> movable = lots.keySet().stream()
        .filter(lot -> lot.gpu().layout().isPresent() && !lot.gpu().isPinnedWhole())
        .filter(lot -> DefragmentationStates.canList(lot.gpu().model()))
        .toList();
    long most = 1;
    for (GpuLot lot : movable) {
      for (Placement loose : lot.gpu().looseInstances()) {
        movingRow.computeIfAbsent(
            new Profile(lot.gpu().model(), loose.profile()),
            any -> rows.covering().addRow(0));
        most += gpusOf(lot).size();
      }
    }
    movable.forEach(this::addOptions);
    Levels.Outcome outcome = new Levels(rows, most, effort).meet(demand);
    Reasons reasons = new Reasons(demand, rows);
    lots.forEach((lot, gpus) -> reasons.add(lot, gpus.size()));
    return new Delivery(outcome).deliver(reasons.shortfalls(outcome));
  }

  private List<Position> gpusOf(GpuLot lot) {
    return Objects.requireNonNull(lots.get(lot));
  }

  private void addOptions(GpuLot lot) {
    GpuModel model = lot.gpu().model();
    Set<MigProfile> wanted = new HashSet<>();
    lot.kinds().stream()
        .forEach(kind -> rows.kinds().get(kind).profileOn(model).ifPresent(wanted::add));
    Set<MigProfile> moving = new HashSet<>(wanted);
    movingRow.keySet().stream()
        .filter(profile -> profile.model().equals(model))
        .forEach(profile -> moving.add(profile.name()));
    int limit = rows.covering().addRow(-gpusOf(lot).size());
    DefragmentationStates all =
        states.computeIfAbsent(model.id(), any -> new DefragmentationStates(model));
    all.waysToFill(lot.gpu(), moving).forEach(added -> addOption(lot, limit, List.of(), added));
    all.waysToClear(lot.gpu(), wanted)
        .forEach(way -> addOption(lot, limit, way.away(), way.added()));
  }

  private void addOption(GpuLot lot, int limit, List<Placement> away, List<Placement> added) {
    Map<Integer, List<Placement>> fromRow = new TreeMap<>();
    away.forEach(p ->
        fromRow.computeIfAbsent(movingRowOf(lot, p), any -> new ArrayList<>()).add(p));
    Map<Integer, List<Placement>> toRow = new TreeMap<>();
    added.forEach(p ->
        toRow.computeIfAbsent(rowOf(lot, p, away), any -> new ArrayList<>()).add(p));
    int[] gains = new int[rows.covering().rows()];
    gains[limit] = -1;
    fromRow.forEach((row, some) -> gains[row] -= some.size());
    toRow.forEach((row, some) -> gains[row] += some.size());
    options.add(new Option(lot, fromRow, toRow, rows.covering().addColumn(away.size(), gains)));
  }

  private int movingRowOf(GpuLot lot, Placement placement) {
    return Objects.requireNonNull(
        movingRow.get(new Profile(lot.gpu().model(), placement.profile())));
  }

  /** Where an added instance goes: to who may use it. */
  private int rowOf(GpuLot lot, Placement added, List<Placement> away) {
    GpuModel model = lot.gpu().model();
    BitSet users = new BitSet();
    lot.kinds().stream()
        .filter(kind -> rows.kinds()
            .get(kind)
            .profileOn(model)
            .filter(added.profile()::equals)
            .isPresent())
        .forEach(users::set);
    Integer moving = movingRow.get(new Profile(model, added.profile()));
    if (away.isEmpty() && moving != null) {
      users.set(moving);
    }
    return rows.rowFor(users);
  }

  /** Gives each instance that moves, and each wanted one, one of the sites that columns made. */
  private final class Delivery {
    private final Levels.Outcome outcome;
    private final Map<Integer, Deque<Site>> leaving = new TreeMap<>();
    private final Map<Integer, Deque<Site>> open = new TreeMap<>();

    Delivery(Levels.Outcome outcome) {
      this.outcome = outcome;
    }

    Defragmentation deliver(List<PlanShortfall> unmet) {
      Map<GpuLot, Integer> used = new HashMap<>();
      for (Option option : options) {
        for (long n = outcome.times[option.column()]; n > 0; n--) {
          int next = used.merge(option.lot(), 1, Integer::sum) - 1;
          carryOut(option, gpusOf(option.lot()).get(next));
        }
      }
      for (Rows.Passing passing : rows.passings()) {
        for (long n = outcome.times[passing.column()]; n > 0; n--) {
          at(open, passing.to()).add(at(open, passing.from()).remove());
        }
      }
      List<Move> moves = new ArrayList<>();
      leaving.forEach((row, sites) ->
          sites.forEach(from -> moves.add(new Move(from, at(open, row).remove()))));
      return new Defragmentation(moves, fits(), unmet, outcome);
    }

    private void carryOut(Option option, Position gpu) {
      option
          .away()
          .forEach(
              (row, placements) -> placements.forEach(p -> at(leaving, row).add(site(gpu, p))));
      option
          .added()
          .forEach((row, placements) -> placements.forEach(p -> at(open, row).add(site(gpu, p))));
    }

    private Site site(Position gpu, Placement placement) {
      return new Site(nodes.get(gpu.node()).name(), gpu.gpu(), placement);
    }

    private Deque<Site> at(Map<Integer, Deque<Site>> sites, int row) {
      return sites.computeIfAbsent(row, any -> new ArrayDeque<>());
    }

    private List<Fit> fits() {
      List<Fit> fits = new ArrayList<>();
      for (DemandItem item : demand.items()) {
        int met = item.count() - outcome.unmet.getOrDefault(item, 0);
        for (int i = 0; i < met; i++) {
          fits.add(new Fit(item, at(open, rows.kindOf(item)).remove()));
        }
      }
      return fits;
    }
  }
}
