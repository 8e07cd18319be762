package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Defragmentation.Fit;
import io.github.mig4j.plan.Defragmentation.InstanceLocation;
import io.github.mig4j.plan.Defragmentation.Move;
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
 * Converts requested and running instances into a {@link Covering}, and its solution into moves.
 *
 * <p>The rows are the kinds of demand, and one row for each profile of a model with instances that
 * can move. Free slices add to such a row, and moving instances subtract from it. A column is one
 * change of a GPU. It either fills the free slices at no cost, or it clears some instances and
 * places requested ones there, at a cost of one per cleared instance. A cleared GPU receives no
 * moving instance.
 */
final class DefragmentationProblem {

  private record Profile(GpuModel model, MigProfile name) {
    /** Hashes the id only, because the hash of a whole model is slow. */
    @Override
    public int hashCode() {
      return 31 * model.id().hashCode() + name.hashCode();
    }
  }

  private record GpuIndex(int node, int gpu) {}

  /**
   * A change of one GPU of a group: the instances that leave it and the instances that it receives,
   * by row.
   */
  private record GpuChange(
      GpuGroup group,
      Map<Integer, List<Placement>> away,
      Map<Integer, List<Placement>> added,
      int column) {}

  private final Demand demand;
  private final List<PlanNode> nodes;
  private final DemandRows rows;
  private final Map<GpuGroup, List<GpuIndex>> groups = new LinkedHashMap<>();
  private final Map<Profile, Integer> movingRow = new LinkedHashMap<>();
  private final Map<String, DefragmentationStates> states = new HashMap<>();
  private final List<GpuChange> changes = new ArrayList<>();

  DefragmentationProblem(Demand demand, List<PlanNode> nodes) {
    this.demand = demand;
    this.nodes = nodes;
    this.rows = new DemandRows(demand);
    for (int n = 0; n < nodes.size(); n++) {
      BitSet allowed = rows.allowedBy(nodes.get(n).labels());
      for (int g = 0; g < nodes.get(n).gpuCount(); g++) {
        GpuGroup group = new GpuGroup(nodes.get(n).gpu(g), allowed);
        groups.computeIfAbsent(group, any -> new ArrayList<>()).add(new GpuIndex(n, g));
      }
    }
  }

  Defragmentation solve(long effort) {
    List<GpuGroup> movable = groups.keySet().stream()
        .filter(group -> group.gpu().layout().isPresent() && !group.gpu().isPinnedWhole())
        .filter(group -> DefragmentationStates.canList(group.gpu().model()))
        .toList();
    long most = 1;
    for (GpuGroup group : movable) {
      for (Placement loose : group.gpu().looseInstances()) {
        movingRow.computeIfAbsent(
            new Profile(group.gpu().model(), loose.profile()),
            any -> rows.covering().addRow(0));
        most += gpusOf(group).size();
      }
    }
    movable.forEach(this::addChanges);
    PrioritySearch.Outcome outcome = new PrioritySearch(rows, most, effort).meet(demand);
    ShortfallReasons reasons = new ShortfallReasons(demand, rows);
    groups.forEach((group, gpus) -> reasons.add(group, gpus.size()));
    return new MoveAssignment(outcome).assign(reasons.shortfalls(outcome));
  }

  private List<GpuIndex> gpusOf(GpuGroup group) {
    return Objects.requireNonNull(groups.get(group));
  }

  private void addChanges(GpuGroup group) {
    GpuModel model = group.gpu().model();
    Set<MigProfile> wanted = new HashSet<>();
    group.kinds().stream()
        .forEach(kind -> rows.kinds().get(kind).profileOn(model).ifPresent(wanted::add));
    Set<MigProfile> moving = new HashSet<>(wanted);
    movingRow.keySet().stream()
        .filter(profile -> profile.model().equals(model))
        .forEach(profile -> moving.add(profile.name()));
    int limit = rows.covering().addRow(-gpusOf(group).size());
    DefragmentationStates all =
        states.computeIfAbsent(model.id(), any -> new DefragmentationStates(model));
    all.waysToFill(group.gpu(), moving).forEach(added -> addChange(group, limit, List.of(), added));
    all.waysToClear(group.gpu(), wanted)
        .forEach(way -> addChange(group, limit, way.away(), way.added()));
  }

  private void addChange(GpuGroup group, int limit, List<Placement> away, List<Placement> added) {
    Map<Integer, List<Placement>> fromRow = new TreeMap<>();
    away.forEach(p ->
        fromRow.computeIfAbsent(movingRowOf(group, p), any -> new ArrayList<>()).add(p));
    Map<Integer, List<Placement>> toRow = new TreeMap<>();
    added.forEach(p ->
        toRow.computeIfAbsent(rowOf(group, p, away), any -> new ArrayList<>()).add(p));
    int[] gains = new int[rows.covering().rows()];
    gains[limit] = -1;
    fromRow.forEach((row, some) -> gains[row] -= some.size());
    toRow.forEach((row, some) -> gains[row] += some.size());
    changes.add(
        new GpuChange(group, fromRow, toRow, rows.covering().addColumn(away.size(), gains)));
  }

  private int movingRowOf(GpuGroup group, Placement placement) {
    return Objects.requireNonNull(
        movingRow.get(new Profile(group.gpu().model(), placement.profile())));
  }

  /** The row of an added instance, which depends on its possible users. */
  private int rowOf(GpuGroup group, Placement added, List<Placement> away) {
    GpuModel model = group.gpu().model();
    BitSet users = new BitSet();
    group.kinds().stream()
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

  /** Assigns the locations of the chosen columns to the moving and to the requested instances. */
  private final class MoveAssignment {
    private final PrioritySearch.Outcome outcome;
    private final Map<Integer, Deque<InstanceLocation>> leaving = new TreeMap<>();
    private final Map<Integer, Deque<InstanceLocation>> open = new TreeMap<>();

    MoveAssignment(PrioritySearch.Outcome outcome) {
      this.outcome = outcome;
    }

    Defragmentation assign(List<PlanShortfall> unmet) {
      Map<GpuGroup, Integer> used = new HashMap<>();
      for (GpuChange change : changes) {
        for (long n = outcome.times[change.column()]; n > 0; n--) {
          int next = used.merge(change.group(), 1, Integer::sum) - 1;
          apply(change, gpusOf(change.group()).get(next));
        }
      }
      for (DemandRows.Transfer transfer : rows.transfers()) {
        for (long n = outcome.times[transfer.column()]; n > 0; n--) {
          at(open, transfer.to()).add(at(open, transfer.from()).remove());
        }
      }
      List<Move> moves = new ArrayList<>();
      leaving.forEach((row, locations) ->
          locations.forEach(from -> moves.add(new Move(from, at(open, row).remove()))));
      return new Defragmentation(moves, fits(), unmet, outcome);
    }

    private void apply(GpuChange change, GpuIndex gpu) {
      change
          .away()
          .forEach(
              (row, placements) -> placements.forEach(p -> at(leaving, row).add(location(gpu, p))));
      change
          .added()
          .forEach(
              (row, placements) -> placements.forEach(p -> at(open, row).add(location(gpu, p))));
    }

    private InstanceLocation location(GpuIndex gpu, Placement placement) {
      return new InstanceLocation(nodes.get(gpu.node()).name(), gpu.gpu(), placement);
    }

    private Deque<InstanceLocation> at(Map<Integer, Deque<InstanceLocation>> locations, int row) {
      return locations.computeIfAbsent(row, any -> new ArrayDeque<>());
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
