package io.github.mig4j.plan;

import io.github.mig4j.layout.MigLayout;
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
 * How GPUs are to be cut to meet a demand: what {@link Planner} answers.
 *
 * <p>A plan says how good it is. It takes {@link #gpus()} GPUs, and no plan that meets as much takes
 * fewer than {@link #lowerBound()}; it leaves {@link #unmetCount()} devices unmet, and no plan leaves
 * fewer than {@link #unmetLowerBound()}. Where both pairs are equal, the plan is {@linkplain
 * #isOptimal proven to be the best}. Equal questions have equal answers.
 */
public final class FleetPlan {

  /**
   * GPUs of consecutive indexes that are treated alike.
   *
   * @param layouts the new layouts of the first of them; the others keep what they have
   */
  record PlannedRun(PlanNode.Run before, List<Problem.LayoutCount> layouts) {}

  private final Map<MigLayout, Integer> layouts;
  private final Map<DemandItem, Integer> met;
  private final List<PlanShortfall> unmet;
  private final long lowerBound;
  private final long unmetLowerBound;
  private final Map<String, List<PlannedRun>> nodes;

  FleetPlan(
      Demand demand,
      List<PlanShortfall> unmet,
      Levels.Outcome outcome,
      List<Problem.LayoutCount> layouts,
      Map<String, List<PlannedRun>> nodes) {
    this.unmet = List.copyOf(unmet);
    this.met = met(demand, outcome.unmet);
    this.lowerBound = outcome.lowerBound;
    this.unmetLowerBound = outcome.unmetLowerBound;
    this.layouts = sum(layouts);
    this.nodes = nodes;
  }

  private static Map<DemandItem, Integer> met(Demand demand, Map<DemandItem, Integer> unmet) {
    Map<DemandItem, Integer> met = new LinkedHashMap<>();
    demand.items().forEach(item -> met.put(item, item.count() - unmet.getOrDefault(item, 0)));
    return Collections.unmodifiableMap(met);
  }

  /** The most frequent first. */
  private static Map<MigLayout, Integer> sum(List<Problem.LayoutCount> layouts) {
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
   * The layouts that GPUs get, each with the devices that the demand needs of it and no more.
   *
   * @return how many GPUs get each layout, the most frequent first; GPUs that stay as they are left
   *     out
   */
  public Map<MigLayout, Integer> layouts() {
    return layouts;
  }

  /**
   * How many GPUs get a layout: all that are used where none was cut before, otherwise those that
   * are cut anew.
   *
   * @return the sum over {@link #layouts()}
   */
  public int gpus() {
    return layouts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * What no plan can do without.
   *
   * @return the least number of GPUs that get a layout in any plan which meets as many devices of
   *     each priority as this one
   */
  public int lowerBound() {
    return (int) lowerBound;
  }

  /**
   * How far this plan may be from the best.
   *
   * @return {@link #gpus()} less {@link #lowerBound()}; 0 if no plan does with fewer GPUs
   */
  public int gap() {
    return gpus() - lowerBound();
  }

  /**
   * How many devices of each item are met.
   *
   * @return counts, 0 included, in the order of the demand
   */
  public Map<DemandItem, Integer> met() {
    return met;
  }

  /**
   * What is not met, and why.
   *
   * @return shortfalls in the order of the demand; none if all is met
   */
  public List<PlanShortfall> unmet() {
    return unmet;
  }

  /**
   * How many devices are not met.
   *
   * @return the sum over {@link #unmet()}
   */
  public int unmetCount() {
    return unmet.stream().mapToInt(PlanShortfall::count).sum();
  }

  /**
   * How many devices no plan can meet.
   *
   * @return the least number of unmet devices in any plan that, of each priority, meets as many of
   *     the more urgent devices as this one
   */
  public int unmetLowerBound() {
    return (int) unmetLowerBound;
  }

  /**
   * Whether no plan can meet more, nor do it with fewer GPUs.
   *
   * @return true if this is proven, false if the effort did not suffice to tell
   */
  public boolean isOptimal() {
    return gap() == 0 && unmetCount() == unmetLowerBound;
  }

  /**
   * The nodes that were planned.
   *
   * @return names in the order given; none if the plan is not for nodes
   */
  public Set<String> nodes() {
    return Collections.unmodifiableSet(nodes.keySet());
  }

  /**
   * How the GPUs of a node are cut when the plan is carried out.
   *
   * @param node a name among {@link #nodes()}
   * @return layouts by GPU index, old ones included; GPUs without MIG are left out
   * @throws IllegalArgumentException if there is no such node
   */
  public SortedMap<Integer, MigLayout> layouts(String node) {
    Objects.requireNonNull(node, "node");
    SortedMap<Integer, MigLayout> byIndex = new TreeMap<>();
    int first = 0;
    for (PlannedRun run : runs(node)) {
      int index = first;
      for (Problem.LayoutCount each : run.layouts()) {
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
   * The GPUs of a node which get a new layout.
   *
   * @param node a name among {@link #nodes()}
   * @return indexes of GPUs, from 0; none if the node stays as it is
   * @throws IllegalArgumentException if there is no such node
   */
  public SortedSet<Integer> changes(String node) {
    Objects.requireNonNull(node, "node");
    SortedSet<Integer> changed = new TreeSet<>();
    int first = 0;
    for (PlannedRun run : runs(node)) {
      int index = first;
      for (Problem.LayoutCount each : run.layouts()) {
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
    return runs;
  }

  /**
   * The figures in one line, e.g. {@code 87 GPUs (at least 87), 0 unmet (at least 0)}, the layouts, and
   * why something is unmet.
   */
  @Override
  public String toString() {
    return "%d GPUs (at least %d), %d unmet (at least %d)%s%s"
        .formatted(
            gpus(),
            lowerBound(),
            unmetCount(),
            unmetLowerBound(),
            layouts.entrySet().stream()
                .map(each -> each.getValue() + " x " + each.getKey())
                .collect(Collectors.joining(", ", layouts.isEmpty() ? "" : ": ", "")),
            unmet().stream().map(why -> "; " + why.message()).collect(Collectors.joining()));
  }
}
