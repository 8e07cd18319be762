package io.github.mig4j.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Meets as much of a demand as possible with a {@link Covering}, by descending priority, and at the
 * lowest cost.
 *
 * <p>One search meets the next priorities together. In it, an unmet device costs more than
 * everything else together, and the number of unmet devices of each higher priority is limited to
 * the result of its search. Which devices of a higher priority are unmet can still change. If a
 * search of several priorities meets some devices and leaves others, it does not say which priority
 * they belong to; each half of these priorities is then searched on its own.
 */
final class PrioritySearch {

  /** The result: how often each column is used, and which devices are unmet. */
  static final class Outcome {
    /** The number of uses of each column of the covering. */
    final long[] times;

    /** The number of unmet devices by item, without items that are met. */
    final Map<DemandItem, Integer> unmet;

    /**
     * Every plan that meets as many devices of the higher priorities leaves at least this number
     * unmet.
     */
    final long unmetLowerBound;

    /** Every plan that meets as many devices of each priority costs at least this. */
    final long lowerBound;

    /** Whether a part of the search or of its preparation was left out. */
    final boolean stopped;

    private Outcome(
        long[] times,
        Map<DemandItem, Integer> unmet,
        long unmetLowerBound,
        long lowerBound,
        boolean stopped) {
      this.times = times;
      this.unmet = unmet;
      this.unmetLowerBound = unmetLowerBound;
      this.lowerBound = lowerBound;
      this.stopped = stopped;
    }
  }

  /** The items of one priority, and how many of their devices are unmet. */
  private static final class Level {
    final List<DemandItem> items = new ArrayList<>();
    final SortedMap<Integer, Long> countByKind = new TreeMap<>();
    final SortedMap<Integer, Long> unmetByKind = new TreeMap<>();

    long count() {
      return sum(countByKind);
    }

    long unmet() {
      return sum(unmetByKind);
    }

    /** Whether the number of unmet devices does not say which ones they are. */
    boolean isOpen() {
      return unmet() > 0 && unmet() < count() && countByKind.size() > 1;
    }

    static long sum(Map<Integer, Long> counts) {
      return counts.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  private final DemandRows rows;
  private final int columns;
  private final long unmetCost;
  private final Effort effort;

  private final List<Level> settled = new ArrayList<>();

  /** The number of uses of the columns of the plan. */
  private long[] times;

  private long unmetLowerBound;
  private long lowerBound;

  /**
   * Creates a search.
   *
   * @param unmetCost the cost of an unmet device, which is more than the cost of any plan
   * @param effort the maximum work
   */
  PrioritySearch(DemandRows rows, long unmetCost, Effort effort) {
    this.rows = rows;
    this.columns = rows.covering.columns.size();
    this.unmetCost = unmetCost;
    this.effort = effort;
    this.times = new long[columns];
  }

  Outcome meet(Demand demand) {
    Map<Integer, Level> byPriority = new TreeMap<>(Comparator.reverseOrder());
    for (DemandItem item : demand.items()) {
      Level level = byPriority.computeIfAbsent(item.priority(), any -> new Level());
      level.items.add(item);
      level.countByKind.merge(rows.kindOf(item), (long) item.count(), Long::sum);
    }
    if (!byPriority.isEmpty()) {
      meet(List.copyOf(byPriority.values()));
    }
    boolean stopped = effort.isExhausted() || !rows.covering.isComplete();
    return new Outcome(times, unmet(), unmetLowerBound, lowerBound, stopped);
  }

  /** Meets priorities, together or one after the other, after the settled ones. */
  private void meet(List<Level> levels) {
    SortedMap<Integer, Long> wanted = new TreeMap<>();
    levels.forEach(
        level -> level.countByKind.forEach((kind, n) -> wanted.merge(kind, n, Long::sum)));
    Covering covering = covering(wanted);
    Effort part = effort.part(levels.size() == 1 ? 1 : 2);
    BranchAndBound.Result result = new BranchAndBound(covering, noneOf(wanted), part)
        .search(withUnmet(new long[wanted.size()]));
    effort.end(part);
    long count = Level.sum(wanted);
    long unmet = Arrays.stream(
            result.times, result.times.length - wanted.size(), result.times.length)
        .sum();
    long unmetBound = Math.max(0, -Math.floorDiv(unmetCost - 1 - result.lowerBound, unmetCost));
    boolean clear = unmet == 0 || unmetBound == count || effort.isSpent();
    if (levels.size() > 1 && !clear) {
      int half = levels.size() / 2;
      long boundBefore = unmetLowerBound;
      meet(levels.subList(0, half));
      meet(levels.subList(half, levels.size()));
      if (effort.isSpent() && useIfBetter(Arrays.copyOf(result.times, columns))) {
        unmetLowerBound = 0;
        lowerBound = 0;
      }
      unmetLowerBound = Math.max(unmetLowerBound, boundBefore + unmetBound);
      return;
    }
    times = Arrays.copyOf(result.times, columns);
    settled.addAll(levels);
    distribute();
    long left = levels.stream().mapToLong(Level::unmet).sum();
    unmetLowerBound += unmetBound;
    lowerBound = Math.max(0, result.lowerBound - left * unmetCost);
    if (lowerBound < rows.covering.cost(times)) {
      lowerBound = Math.max(lowerBound, bound(covering(new TreeMap<>())));
    }
  }

  /** Whether another choice meets more of the first settled priority in which they differ. */
  private boolean useIfBetter(long[] other) {
    long[] current = times;
    long[] unmet = settled.stream().mapToLong(Level::unmet).toArray();
    times = other;
    distribute();
    if (Arrays.compare(settled.stream().mapToLong(Level::unmet).toArray(), unmet) < 0) {
      return true;
    }
    times = current;
    distribute();
    return false;
  }

  /**
   * The covering for the settled priorities and more devices by kind. For each kind with devices
   * that can be unmet there is one more column, which leaves one of them unmet, at a cost or within
   * the number of its priority.
   */
  private Covering covering(SortedMap<Integer, Long> wanted) {
    Covering covering = new Covering(rows.covering);
    for (Level level : settled) {
      if (level.isOpen()) {
        int allowance = covering.addRow(-level.unmet());
        level.countByKind.forEach((kind, count) -> {
          covering.addNeed(kind, count);
          SortedMap<Integer, Integer> gains = new TreeMap<>(Map.of(kind, 1, allowance, -1));
          gains.put(covering.addRow(-count), -1);
          covering.addColumn(0, gains);
        });
      } else {
        level.countByKind.forEach((kind, count) ->
            covering.addNeed(kind, count - level.unmetByKind.getOrDefault(kind, 0L)));
      }
    }
    wanted.forEach((kind, count) -> {
      covering.addNeed(kind, count);
      covering.addColumn(unmetCost, new TreeMap<>(Map.of(kind, 1, covering.addRow(-count), -1)));
    });
    return covering;
  }

  /** The current choice, with all of the additional devices unmet. */
  private long[] noneOf(SortedMap<Integer, Long> wanted) {
    return withUnmet(wanted.values().stream().mapToLong(Long::longValue).toArray());
  }

  /** The current choice, with these numbers of additional devices unmet. */
  private long[] withUnmet(long[] additional) {
    long[] open = settled.stream()
        .filter(Level::isOpen)
        .flatMapToLong(level -> level.countByKind.keySet().stream()
            .mapToLong(kind -> level.unmetByKind.getOrDefault(kind, 0L)))
        .toArray();
    long[] all = Arrays.copyOf(times, columns + open.length + additional.length);
    System.arraycopy(open, 0, all, columns, open.length);
    System.arraycopy(additional, 0, all, columns + open.length, additional.length);
    return all;
  }

  /** Distributes the devices of the current choice by descending priority. */
  private void distribute() {
    long[] available = rows.covering.surplus(times);
    for (Level level : settled) {
      level.unmetByKind.clear();
      level.countByKind.forEach((kind, count) -> {
        long met = Math.min(count, Math.max(0, available[kind]));
        available[kind] -= met;
        if (met < count) {
          level.unmetByKind.put(kind, count - met);
        }
      });
    }
  }

  private Map<DemandItem, Integer> unmet() {
    Map<DemandItem, Integer> unmet = new HashMap<>();
    for (Level level : settled) {
      for (DemandItem item : level.items) {
        long count = level.unmetByKind.getOrDefault(rows.kindOf(item), 0L);
        if (count > 0) {
          unmet.put(item, (int) count);
        }
      }
    }
    return unmet;
  }

  private long bound(Covering covering) {
    if (!covering.isComplete() || effort.isSpent()) {
      return 0;
    }
    LinearRelaxation relaxation = new LinearRelaxation(covering);
    relaxation.solve(covering.needs(), effort);
    return DualPrices.of(covering, relaxation.prices()).bound(covering.needs());
  }
}
