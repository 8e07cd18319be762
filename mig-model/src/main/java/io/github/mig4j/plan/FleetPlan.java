package io.github.mig4j.plan;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.github.mig4j.JsonForm;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
import io.github.mig4j.text.JsonInput;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The result of {@link Planner}: the layouts of GPUs that meet a demand.
 *
 * <p>A plan has bounds. It uses {@link #gpus()} GPUs, and every plan that meets as many devices
 * uses at least {@link #lowerBound()}. It leaves {@link #unmetCount()} devices unmet, and every
 * plan leaves at least {@link #unmetLowerBound()} unmet. If both pairs are equal, the plan is
 * {@linkplain #isOptimal proven to be the best}. Equal inputs have equal plans.
 */
public final class FleetPlan implements JsonForm {

  /** An answer does not list the GPUs one by one above this number. */
  static final int MAX_GPUS_LISTED = 100_000;

  /**
   * GPUs of a node with consecutive indexes and the same layout after the plan.
   *
   * @param cut whether they get this layout by the plan
   */
  record PlannedRun(int first, int count, MigLayout layout, boolean cut) implements JsonForm {
    IntStream indexes() {
      return IntStream.range(0, count).map(i -> first + i);
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("first", first)
          .and("count", count)
          .and("layout", layout)
          .map();
    }

    static PlannedRun ofJson(Map<String, Object> json, boolean cut) {
      JsonInput in = JsonInput.of("plan", json);
      return in.requireNoOthers(new PlannedRun(
          in.integer("first"), in.integer("count"), MigLayout.ofJson(in.object("layout")), cut));
    }
  }

  private final Map<MigLayout, Integer> layouts;
  private final Map<DemandItem, Integer> met;
  private final List<PlanShortfall> unmet;
  private final int lowerBound;
  private final int unmetLowerBound;
  private final boolean endedEarly;
  private final Map<String, List<PlannedRun>> nodes;

  FleetPlan(
      Demand demand,
      List<PlanShortfall> unmet,
      PrioritySearch.Outcome outcome,
      List<LayoutProblem.LayoutCount> layouts,
      Map<String, List<PlannedRun>> nodes) {
    this(
        sum(layouts),
        met(demand, outcome.unmet),
        unmet,
        (int) outcome.lowerBound,
        (int) outcome.unmetLowerBound,
        outcome.stopped,
        nodes);
  }

  private FleetPlan(
      Map<MigLayout, Integer> layouts,
      Map<DemandItem, Integer> met,
      List<PlanShortfall> unmet,
      int lowerBound,
      int unmetLowerBound,
      boolean stopped,
      Map<String, List<PlannedRun>> nodes) {
    this.layouts = Collections.unmodifiableMap(layouts);
    this.met = Collections.unmodifiableMap(met);
    this.unmet = List.copyOf(unmet);
    this.lowerBound = lowerBound;
    this.unmetLowerBound = unmetLowerBound;
    this.nodes = nodes;
    this.endedEarly = stopped && !isOptimal();
  }

  private static Map<DemandItem, Integer> met(Demand demand, Map<DemandItem, Integer> unmet) {
    Map<DemandItem, Integer> met = new LinkedHashMap<>();
    demand.items().forEach(item -> met.put(item, item.count() - unmet.getOrDefault(item, 0)));
    return met;
  }

  /** Adds up the counts by layout, the most frequent layout first. */
  private static Map<MigLayout, Integer> sum(List<LayoutProblem.LayoutCount> layouts) {
    Map<MigLayout, Integer> sums = new LinkedHashMap<>();
    layouts.forEach(each -> sums.merge(each.layout(), each.count(), Integer::sum));
    return sums.entrySet().stream()
        .sorted(Map.Entry.<MigLayout, Integer>comparingByValue(Comparator.reverseOrder())
            .thenComparing(each -> each.getKey().toString()))
        .collect(Collectors.toMap(
            Map.Entry::getKey, Map.Entry::getValue, Integer::sum, LinkedHashMap::new));
  }

  /**
   * {@return the number of GPUs by new layout, the most frequent first, without the GPUs that keep
   * their layout} A layout has only devices that the demand needs.
   */
  public Map<MigLayout, Integer> layouts() {
    return layouts;
  }

  /**
   * {@return the number of GPUs with a new layout: all used GPUs that have no layout yet, and the
   * GPUs that are repartitioned}
   */
  public int gpus() {
    return layouts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * {@return the lower bound of {@link #gpus()}: every plan that meets as many devices of each
   * priority has at least so many}
   */
  public int lowerBound() {
    return lowerBound;
  }

  /** {@return {@link #gpus()} less {@link #lowerBound()}; 0 if no plan with fewer GPUs exists} */
  public int gap() {
    return gpus() - lowerBound();
  }

  /** {@return the number of met devices of each item, 0 included, in the order of the demand} */
  public Map<DemandItem, Integer> met() {
    return met;
  }

  /** {@return the unmet devices, with the reasons, in the order of the demand} */
  public List<PlanShortfall> unmet() {
    return unmet;
  }

  /** {@return the number of unmet devices, the sum over {@link #unmet()}} */
  public int unmetCount() {
    return unmet.stream().mapToInt(PlanShortfall::count).sum();
  }

  /**
   * {@return the lower bound of {@link #unmetCount()}: every plan that meets as many devices of the
   * higher priorities leaves at least so many unmet}
   */
  public int unmetLowerBound() {
    return unmetLowerBound;
  }

  /**
   * {@return whether this plan is proven to be the best: no plan meets more devices or needs fewer
   * GPUs; false if the search ended before the proof}
   */
  public boolean isOptimal() {
    return gap() == 0 && unmetCount() == unmetLowerBound;
  }

  /**
   * {@return whether the {@linkplain Planner#effort effort} ended before the plan was proven to be
   * the best, or a model has more than 65,536 states, which no known GPU has} With more effort, a
   * plan may meet more devices, use fewer GPUs, or have closer bounds.
   */
  public boolean isStopped() {
    return endedEarly;
  }

  /** {@return the names of the nodes, in the given order; empty if the plan is not for nodes} */
  public Set<String> nodes() {
    return Collections.unmodifiableSet(nodes.keySet());
  }

  /**
   * {@return the layouts of a node's GPUs after the plan, new and kept ones by GPU index, without
   * GPUs that have no MIG}
   *
   * @param node a name among {@link #nodes()}
   * @throws IllegalArgumentException if there is no such node, or if it has more than 100,000 GPUs
   */
  public SortedMap<Integer, MigLayout> layouts(String node) {
    Objects.requireNonNull(node, "node");
    SortedMap<Integer, MigLayout> byIndex = new TreeMap<>();
    runs(node).forEach(run -> run.indexes().forEach(gpu -> byIndex.put(gpu, run.layout())));
    return Collections.unmodifiableSortedMap(byIndex);
  }

  /**
   * {@return the indexes of the GPUs of a node that get a new layout, from 0; empty if the node
   * does not change}
   *
   * @param node a name among {@link #nodes()}
   * @throws IllegalArgumentException if there is no such node, or if it has more than 100,000 GPUs
   */
  public SortedSet<Integer> changes(String node) {
    Objects.requireNonNull(node, "node");
    return Collections.unmodifiableSortedSet(runs(node).stream()
        .filter(PlannedRun::cut)
        .flatMap(run -> run.indexes().boxed())
        .collect(Collectors.toCollection(TreeSet::new)));
  }

  private List<PlannedRun> runs(String node) {
    List<PlannedRun> runs = nodes.get(node);
    if (runs == null) {
      throw new IllegalArgumentException(
          "The plan has no node '%s'; it has %s".formatted(node, nodes.keySet()));
    }
    long gpus = runs.stream().mapToLong(PlannedRun::count).sum();
    if (gpus > MAX_GPUS_LISTED) {
      throw new IllegalArgumentException(
          "The GPUs of node '%s' cannot be listed: it has %d, and the limit is %d"
              .formatted(node, gpus, MAX_GPUS_LISTED));
    }
    return runs;
  }

  /** Two plans are equal if all their parts are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof FleetPlan that
        && layouts.equals(that.layouts)
        && met.equals(that.met)
        && unmet.equals(that.unmet)
        && lowerBound == that.lowerBound
        && unmetLowerBound == that.unmetLowerBound
        && endedEarly == that.endedEarly
        && nodes.equals(that.nodes);
  }

  @Override
  public int hashCode() {
    return Objects.hash(layouts, met, unmet, lowerBound, unmetLowerBound, endedEarly, nodes);
  }

  /**
   * The numbers in one line, e.g. {@code 87 GPUs (at least 87), 0 unmet (at least 0)}, the layouts,
   * and the reasons for unmet devices.
   */
  @Override
  public String toString() {
    return "%d GPUs (at least %d), %d unmet (at least %d)%s%s%s"
        .formatted(
            gpus(),
            lowerBound(),
            unmetCount(),
            unmetLowerBound(),
            isStopped() ? ", stopped early" : "",
            layouts.entrySet().stream()
                .map(each -> each.getValue() + " x " + each.getKey())
                .collect(Collectors.joining(", ", layouts.isEmpty() ? "" : ": ", "")),
            unmet().stream().map(why -> "; " + why.message()).collect(Collectors.joining()));
  }

  @Override
  public Map<String, Object> toJson() {
    return JsonFields.of("gpus", gpus())
        .and("lowerBound", lowerBound())
        .and("gap", gap())
        .and("unmetCount", unmetCount())
        .and("unmetLowerBound", unmetLowerBound())
        .and("optimal", isOptimal())
        .and("stopped", isStopped())
        .and("layouts", listed(layouts, CountedLayout::new))
        .and("nodes", listed(nodes, NodeRuns::of))
        .and("met", listed(met, CountedItem::new))
        .and("unmet", unmet)
        .map();
  }

  private static <K, V, T> List<T> listed(Map<K, V> map, BiFunction<K, V, T> entry) {
    return map.entrySet().stream()
        .map(each -> entry.apply(each.getKey(), each.getValue()))
        .toList();
  }

  private record CountedLayout(MigLayout layout, Integer count) implements JsonForm {
    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("count", count).and("layout", layout).map();
    }
  }

  private record CountedItem(DemandItem item, Integer count) implements JsonForm {
    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("count", count).and("item", item).map();
    }
  }

  /** The GPUs of a node that are cut and those that keep their layout, in runs with the same layout. */
  private record NodeRuns(String node, List<PlannedRun> cut, List<PlannedRun> kept)
      implements JsonForm {
    static NodeRuns of(String node, List<PlannedRun> runs) {
      return new NodeRuns(
          node,
          runs.stream().filter(PlannedRun::cut).toList(),
          runs.stream().filter(run -> !run.cut()).toList());
    }

    @Override
    public Map<String, Object> toJson() {
      return JsonFields.of("node", node).and("cut", cut).and("kept", kept).map();
    }
  }

  /**
   * Reads a value from its JSON form, the inverse of {@link #toJson()}.
   *
   * @return the plan, on GPUs of the bundled catalogue
   * @throws IllegalArgumentException if a field is missing, unknown or of another kind, or if the catalogue has no such GPU; the message names it
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static FleetPlan ofJson(Map<String, Object> json) {
    JsonInput in = JsonInput.of("plan", json).ignoring("gpus", "gap", "unmetCount", "optimal");
    Map<String, List<PlannedRun>> nodes = new LinkedHashMap<>();
    in.objects("nodes", fields -> {
      JsonInput node = JsonInput.of("plan", fields);
      List<PlannedRun> runs = new ArrayList<>();
      runs.addAll(node.objects("cut", run -> PlannedRun.ofJson(run, true)));
      runs.addAll(node.objects("kept", run -> PlannedRun.ofJson(run, false)));
      nodes.put(node.text("node"), inOrder(node.text("node"), runs));
      return node.requireNoOthers(runs);
    });
    Map<MigLayout, Integer> layouts = counts(in, "layouts", "layout", MigLayout::ofJson);
    if (!nodes.isEmpty() && !layouts.equals(cut(nodes))) {
      throw new IllegalArgumentException(
          "Not a plan: the layouts %s are not those that the nodes get, %s"
              .formatted(layouts, cut(nodes)));
    }
    return in.requireNoOthers(new FleetPlan(
        layouts,
        counts(in, "met", "item", DemandItem::ofJson),
        in.objects("unmet", PlanShortfall::ofJson),
        in.integer("lowerBound"),
        in.integer("unmetLowerBound"),
        in.truth("stopped"),
        nodes));
  }

  private static List<PlannedRun> inOrder(String node, List<PlannedRun> runs) {
    List<PlannedRun> sorted =
        runs.stream().sorted(Comparator.comparingInt(PlannedRun::first)).toList();
    long free = 0;
    for (PlannedRun run : sorted) {
      if (run.first() < free || run.count() < 1) {
        throw new IllegalArgumentException(
            "Not a plan: node '%s' must have each GPU once, but has %d from index %d"
                .formatted(node, run.count(), run.first()));
      }
      free = (long) run.first() + run.count();
    }
    return sorted;
  }

  private static Map<MigLayout, Integer> cut(Map<String, List<PlannedRun>> nodes) {
    return sum(nodes.values().stream()
        .flatMap(List::stream)
        .filter(PlannedRun::cut)
        .map(run -> new LayoutProblem.LayoutCount(run.layout(), run.count()))
        .toList());
  }

  private static <T> Map<T, Integer> counts(
      JsonInput in, String list, String name, Function<Map<String, Object>, T> read) {
    Map<T, Integer> counts = new LinkedHashMap<>();
    in.objects(list, fields -> {
      JsonInput each = JsonInput.of("plan", fields);
      counts.put(read.apply(each.object(name)), each.integer("count"));
      return each.requireNoOthers(fields);
    });
    return counts;
  }
}
