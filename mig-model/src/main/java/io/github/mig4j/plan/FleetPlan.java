package io.github.mig4j.plan;

import com.fasterxml.jackson.annotation.JsonValue;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.text.JsonFields;
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
import java.util.stream.Collectors;

/**
 * The result of {@link Planner}: the layouts of GPUs that meet a demand.
 *
 * <p>A plan has bounds. It uses {@link #gpus()} GPUs, and every plan that meets as many devices
 * uses at least {@link #lowerBound()}. It leaves {@link #unmetCount()} devices unmet, and every
 * plan leaves at least {@link #unmetLowerBound()} unmet. If both pairs are equal, the plan is
 * {@linkplain #isOptimal proven to be the best}. Equal inputs have equal plans.
 */
public final class FleetPlan {

  /** An answer does not list the GPUs one by one above this number. */
  static final int MAX_GPUS_LISTED = 100_000;

  /**
   * GPUs with consecutive indexes and the same plan.
   *
   * @param layouts the new layouts of the first GPUs; the others keep their layout
   */
  record PlannedRun(PlanNode.Run before, List<LayoutProblem.LayoutCount> layouts) {}

  private final Map<MigLayout, Integer> layouts;
  private final Map<DemandItem, Integer> met;
  private final List<PlanShortfall> unmet;
  private final long lowerBound;
  private final long unmetLowerBound;
  private final boolean stopped;
  private final Map<String, List<PlannedRun>> nodes;

  FleetPlan(
      Demand demand,
      List<PlanShortfall> unmet,
      PrioritySearch.Outcome outcome,
      List<LayoutProblem.LayoutCount> layouts,
      Map<String, List<PlannedRun>> nodes) {
    this.unmet = List.copyOf(unmet);
    this.met = met(demand, outcome.unmet);
    this.lowerBound = outcome.lowerBound;
    this.unmetLowerBound = outcome.unmetLowerBound;
    this.stopped = outcome.stopped;
    this.layouts = sum(layouts);
    this.nodes = nodes;
  }

  private static Map<DemandItem, Integer> met(Demand demand, Map<DemandItem, Integer> unmet) {
    Map<DemandItem, Integer> met = new LinkedHashMap<>();
    demand.items().forEach(item -> met.put(item, item.count() - unmet.getOrDefault(item, 0)));
    return Collections.unmodifiableMap(met);
  }

  /** Adds up the counts by layout, the most frequent layout first. */
  private static Map<MigLayout, Integer> sum(List<LayoutProblem.LayoutCount> layouts) {
    Map<MigLayout, Integer> sums = new LinkedHashMap<>();
    layouts.forEach(each -> sums.merge(each.layout(), each.count(), Integer::sum));
    Map<MigLayout, Integer> sorted = new LinkedHashMap<>();
    sums.entrySet().stream()
        .sorted(Map.Entry.<MigLayout, Integer>comparingByValue(Comparator.reverseOrder())
            .thenComparing(each -> each.getKey().toString()))
        .forEach(each -> sorted.put(each.getKey(), each.getValue()));
    return Collections.unmodifiableMap(sorted);
  }

  /**
   * The new layouts. A layout has only devices that the demand needs.
   *
   * @return number of GPUs by layout, the most frequent first, without the GPUs that keep their
   *     layout
   */
  public Map<MigLayout, Integer> layouts() {
    return layouts;
  }

  /**
   * The number of GPUs with a new layout: all used GPUs that have no layout yet, and the GPUs that
   * are repartitioned.
   *
   * @return the sum over {@link #layouts()}
   */
  public int gpus() {
    return layouts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * The lower bound of the number of GPUs.
   *
   * @return a number of GPUs with a new layout; every plan that meets as many devices of each
   *     priority has at least so many
   */
  public int lowerBound() {
    return (int) lowerBound;
  }

  /**
   * The maximum distance from the best plan.
   *
   * @return {@link #gpus()} less {@link #lowerBound()}; 0 if no plan with fewer GPUs exists
   */
  public int gap() {
    return gpus() - lowerBound();
  }

  /**
   * The number of met devices of each item.
   *
   * @return counts, 0 included, in the order of the demand
   */
  public Map<DemandItem, Integer> met() {
    return met;
  }

  /**
   * The unmet devices, with the reasons.
   *
   * @return shortfalls in the order of the demand; empty if all devices are met
   */
  public List<PlanShortfall> unmet() {
    return unmet;
  }

  /**
   * The number of unmet devices.
   *
   * @return the sum over {@link #unmet()}
   */
  public int unmetCount() {
    return unmet.stream().mapToInt(PlanShortfall::count).sum();
  }

  /**
   * The lower bound of the number of unmet devices.
   *
   * @return a number of devices; every plan that meets as many devices of the higher priorities
   *     leaves at least so many unmet
   */
  public int unmetLowerBound() {
    return (int) unmetLowerBound;
  }

  /**
   * Whether this plan is proven to be the best: no plan meets more devices or needs fewer GPUs.
   *
   * @return true if this is proven, false if the search ended before the proof
   */
  public boolean isOptimal() {
    return gap() == 0 && unmetCount() == unmetLowerBound;
  }

  /**
   * Whether the {@linkplain Planner#effort effort} ended before the plan was proven to be the best, or
   * a model has more than 65,536 states, which no known GPU has. With more effort, a plan may meet
   * more devices, use fewer GPUs, or have closer bounds.
   *
   * @return true if the search stopped early
   */
  public boolean isStopped() {
    return stopped && !isOptimal();
  }

  /**
   * The nodes of the plan.
   *
   * @return names in the given order; empty if the plan is not for nodes
   */
  public Set<String> nodes() {
    return Collections.unmodifiableSet(nodes.keySet());
  }

  /**
   * The layouts of a node's GPUs after the plan.
   *
   * @param node a name among {@link #nodes()}
   * @return new and kept layouts by GPU index, without GPUs that have no MIG
   * @throws IllegalArgumentException if there is no such node, or if it has more than 100,000 GPUs
   */
  public SortedMap<Integer, MigLayout> layouts(String node) {
    Objects.requireNonNull(node, "node");
    SortedMap<Integer, MigLayout> byIndex = new TreeMap<>();
    int first = 0;
    for (PlannedRun run : runs(node)) {
      int index = first;
      for (LayoutProblem.LayoutCount each : run.layouts()) {
        for (int i = 0; i < each.count(); i++) {
          byIndex.put(index++, each.layout());
        }
      }
      first += run.before().count();
      while (index < first) {
        int kept = index++;
        run.before().gpu().layout().ifPresent(layout -> byIndex.put(kept, layout));
      }
    }
    return Collections.unmodifiableSortedMap(byIndex);
  }

  /**
   * The GPUs of a node that get a new layout.
   *
   * @param node a name among {@link #nodes()}
   * @return indexes of GPUs, from 0; empty if the node does not change
   * @throws IllegalArgumentException if there is no such node, or if it has more than 100,000 GPUs
   */
  public SortedSet<Integer> changes(String node) {
    Objects.requireNonNull(node, "node");
    SortedSet<Integer> changed = new TreeSet<>();
    int first = 0;
    for (PlannedRun run : runs(node)) {
      int index = first;
      for (LayoutProblem.LayoutCount each : run.layouts()) {
        for (int i = 0; i < each.count(); i++) {
          changed.add(index++);
        }
      }
      first += run.before().count();
    }
    return Collections.unmodifiableSortedSet(changed);
  }

  private List<PlannedRun> runs(String node) {
    List<PlannedRun> runs = nodes.get(node);
    if (runs == null) {
      throw new IllegalArgumentException(
          "The plan has no node '%s'; it has %s".formatted(node, nodes.keySet()));
    }
    long gpus = runs.stream().mapToLong(run -> run.before().count()).sum();
    if (gpus > MAX_GPUS_LISTED) {
      throw new IllegalArgumentException(
          "The GPUs of node '%s' cannot be listed: it has %d, and the limit is %d"
              .formatted(node, gpus, MAX_GPUS_LISTED));
    }
    return runs;
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

  /**
   * The value in JSON.
   *
   * @return the fields, as docs/json.md describes them
   */
  @JsonValue
  public Map<String, Object> toJson() {
    return JsonFields.of("gpus", gpus())
        .and("lowerBound", lowerBound())
        .and("gap", gap())
        .and("unmetCount", unmetCount())
        .and("unmetLowerBound", unmetLowerBound())
        .and("optimal", isOptimal())
        .and("stopped", isStopped())
        .and(
            "layouts",
            layouts.entrySet().stream()
                .map(each -> JsonFields.of("count", each.getValue())
                    .andAll(each.getKey().toJson())
                    .map())
                .toList())
        .and("nodes", nodes.keySet().stream().map(this::changesInJson).toList())
        .and("unmet", unmet)
        .map();
  }

  /** The GPUs of a node that are cut, in runs of GPUs with the same layout. */
  private Map<String, Object> changesInJson(String node) {
    List<Map<String, Object>> cut = new ArrayList<>();
    int first = 0;
    for (PlannedRun run : Objects.requireNonNull(nodes.get(node))) {
      int index = first;
      for (LayoutProblem.LayoutCount each : run.layouts()) {
        cut.add(JsonFields.of("first", index)
            .and("count", each.count())
            .andAll(each.layout().toJson())
            .map());
        index += each.count();
      }
      first += run.before().count();
    }
    return JsonFields.of("node", node).and("cut", cut).map();
  }
}
