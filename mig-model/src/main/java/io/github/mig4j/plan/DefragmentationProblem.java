package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Defragmentation.Fit;
import io.github.mig4j.plan.Defragmentation.InstanceLocation;
import io.github.mig4j.plan.Defragmentation.Move;
import io.github.mig4j.plan.DefragmentationStates.Way;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Converts requested and running instances into a {@link Covering}, and its solution into moves.
 *
 * <p>The rows are the kinds of demand, and one row for each profile of a model with instances that
 * can move. Free slices add to such a row, and moving instances subtract from it. A column is one
 * change of a GPU. It either fills the free slices at no cost, or it clears some instances and
 * places requested ones there, at a cost of one per cleared instance. A cleared GPU receives no
 * moving instance.
 *
 * <p>GPUs with the same possible changes have the same columns, also if their instances have other
 * placements. Most GPUs in random layouts therefore share their columns with others.
 */
final class DefragmentationProblem {

  private record Profile(ModelKey model, MigProfile name) {}

  private record GpuIndex(int node, int gpu) {}

  /** A GPU with the placements of each change, in the order of the columns. */
  private record Member(GpuIndex gpu, List<Way> ways) {}

  /** The changes that GPUs of one model can make, by the multisets that leave and that are added. */
  private record ClassKey(ModelKey model, BitSet kinds, List<List<Integer>> changes) {}

  /** GPUs with the same possible changes. */
  private static final class GpuClass {
    final List<Member> members = new ArrayList<>();
    final List<Integer> columns = new ArrayList<>();
  }

  private final Demand demand;
  private final List<PlanNode> nodes;
  private final DemandRows rows;
  private final Effort effort;
  private final Map<GpuGroup, List<GpuIndex>> groups = new LinkedHashMap<>();
  private final Map<Profile, Integer> movingRow = new LinkedHashMap<>();
  private final Map<ModelKey, DefragmentationStates> states = new HashMap<>();
  private final Map<ClassKey, GpuClass> classes = new LinkedHashMap<>();
  private final Map<List<Object>, Integer> rowOfAdded = new HashMap<>();

  DefragmentationProblem(Demand demand, List<PlanNode> nodes, Effort effort) {
    this.demand = demand;
    this.nodes = nodes;
    this.effort = effort;
    this.rows = new DemandRows(demand);
    for (int n = 0; n < nodes.size(); n++) {
      BitSet allowed = rows.allowedBy(nodes.get(n).labels());
      int g = 0;
      for (PlanNode.Run run : nodes.get(n).runs()) {
        List<GpuIndex> gpus =
            groups.computeIfAbsent(new GpuGroup(run.gpu(), allowed), any -> new ArrayList<>());
        for (int i = 0; i < run.count(); i++) {
          gpus.add(new GpuIndex(n, g++));
        }
      }
    }
  }

  Defragmentation solve() {
    Map<ModelKey, Boolean> listable = new HashMap<>();
    List<GpuGroup> movable = groups.keySet().stream()
        .filter(group -> group.gpu().layout().isPresent() && !group.gpu().isPinnedWhole())
        .filter(group -> listable.computeIfAbsent(
            new ModelKey(group.gpu().model()), key -> DefragmentationStates.canList(key.model())))
        .toList();
    long most = 1;
    for (GpuGroup group : movable) {
      for (Placement loose : group.gpu().looseInstances()) {
        movingRow.computeIfAbsent(
            new Profile(new ModelKey(group.gpu().model()), loose.profile()),
            any -> rows.covering.addRow(0));
        most += gpusOf(group).size();
      }
    }
    Effort half = effort.part(2);
    movable.forEach(group -> addToClass(group, half));
    if (half.isExhausted()) {
      rows.covering.omitColumns();
    }
    effort.end(half);
    classes.forEach(this::addColumns);
    PrioritySearch.Outcome outcome = new PrioritySearch(rows, most, effort).meet(demand);
    ShortfallReasons reasons = new ShortfallReasons(demand, rows);
    groups.forEach((group, gpus) -> reasons.add(group, gpus.size()));
    return new MoveAssignment(outcome).assign(reasons.shortfalls(outcome));
  }

  private List<GpuIndex> gpusOf(GpuGroup group) {
    return Objects.requireNonNull(groups.get(group));
  }

  private DefragmentationStates statesOf(ModelKey model) {
    return Objects.requireNonNull(states.get(model));
  }

  private void addToClass(GpuGroup group, Effort preparation) {
    ModelKey model = new ModelKey(group.gpu().model());
    Set<MigProfile> wanted = new HashSet<>();
    group.kinds().stream()
        .forEach(kind -> rows.kinds.get(kind).profileOn(model.model()).ifPresent(wanted::add));
    Set<MigProfile> moving = new HashSet<>(wanted);
    movingRow.keySet().stream()
        .filter(profile -> profile.model().equals(model))
        .forEach(profile -> moving.add(profile.name()));
    DefragmentationStates all =
        states.computeIfAbsent(model, any -> new DefragmentationStates(model.model(), preparation));
    List<Way> ways = new ArrayList<>(all.waysToFill(group.gpu(), moving));
    ways.addAll(all.waysToClear(group.gpu(), wanted));
    ways.sort(Comparator.comparingInt(Way::away).thenComparingInt(Way::added));
    ClassKey key = new ClassKey(
        model,
        group.kinds(),
        ways.stream().map(way -> List.of(way.away(), way.added())).toList());
    GpuClass gpus = classes.computeIfAbsent(key, any -> new GpuClass());
    gpusOf(group).forEach(gpu -> gpus.members.add(new Member(gpu, ways)));
  }

  private void addColumns(ClassKey key, GpuClass gpus) {
    int limit = rows.covering.addRow(-gpus.members.size());
    for (List<Integer> change : key.changes()) {
      SortedMap<MigProfile, Integer> away = statesOf(key.model()).instances(change.get(0));
      SortedMap<MigProfile, Integer> added = statesOf(key.model()).instances(change.get(1));
      SortedMap<Integer, Integer> gains = new TreeMap<>();
      gains.put(limit, -1);
      away.forEach(
          (profile, count) -> gains.merge(movingRowOf(key.model(), profile), -count, Integer::sum));
      added.forEach((profile, count) ->
          gains.merge(rowOf(key, profile, away.isEmpty()), count, Integer::sum));
      int cost = away.values().stream().mapToInt(Integer::intValue).sum();
      gpus.columns.add(rows.covering.addColumn(cost, gains));
    }
  }

  private int movingRowOf(ModelKey model, MigProfile profile) {
    return Objects.requireNonNull(movingRow.get(new Profile(model, profile)));
  }

  /** The row of an added instance, which depends on its possible users. */
  private int rowOf(ClassKey key, MigProfile added, boolean isFilled) {
    return rowOfAdded.computeIfAbsent(
        List.of(key.model(), key.kinds(), added, isFilled),
        any -> rows.rowFor(users(key, added, isFilled)));
  }

  private BitSet users(ClassKey key, MigProfile added, boolean isFilled) {
    GpuModel model = key.model().model();
    BitSet users = rows.those(
        key.kinds(), kind -> kind.profileOn(model).filter(added::equals).isPresent());
    Integer moving = movingRow.get(new Profile(key.model(), added));
    if (isFilled && moving != null) {
      users.set(moving);
    }
    return users;
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
      classes.forEach((key, gpus) -> {
        int next = 0;
        for (int change = 0; change < gpus.columns.size(); change++) {
          for (long n = outcome.times[gpus.columns.get(change)]; n > 0; n--) {
            apply(key, gpus.members.get(next), change);
            next++;
          }
        }
      });
      for (DemandRows.Transfer transfer : rows.transfers) {
        for (long n = outcome.times[transfer.column()]; n > 0; n--) {
          at(open, transfer.to()).add(at(open, transfer.from()).remove());
        }
      }
      List<Move> moves = new ArrayList<>();
      leaving.forEach((row, locations) ->
          locations.forEach(from -> moves.add(new Move(from, at(open, row).remove()))));
      Map<String, Integer> order = new HashMap<>();
      nodes.forEach(node -> order.put(node.name(), order.size()));
      moves.sort(Comparator.comparing((Move move) -> order.get(move.from().node()))
          .thenComparing(move -> move.from().gpu())
          .thenComparing(move -> move.from().placement()));
      return new Defragmentation(moves, fits(), unmet, outcome);
    }

    private void apply(ClassKey key, Member member, int change) {
      Way way = member.ways().get(change);
      DefragmentationStates all = statesOf(key.model());
      for (Placement away : all.placements(way.awayBits())) {
        at(leaving, movingRowOf(key.model(), away.profile())).add(location(member.gpu(), away));
      }
      for (Placement added : all.placements(way.addedBits())) {
        at(open, rowOf(key, added.profile(), way.awayBits() == 0))
            .add(location(member.gpu(), added));
      }
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
