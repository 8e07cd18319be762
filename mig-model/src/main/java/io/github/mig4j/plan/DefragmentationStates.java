package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Every state of a model as a set of placements, to find the possible changes of a GPU. */
final class DefragmentationStates {

  /** Instances that are cleared, and the instances that fit then. */
  record Way(List<Placement> away, List<Placement> added) {}

  private final List<Placement> placements = new ArrayList<>();
  private final long[] states;

  DefragmentationStates(GpuModel model) {
    this.states = Layouts.of(model).states().mapToLong(this::bits).toArray();
  }

  /** Whether all placements of a model are known and fit into the bits of a long. */
  static boolean canList(GpuModel model) {
    return LayoutProblem.isPlaceable(model)
        && model.profiles().stream().mapToInt(p -> p.starts().size()).sum() <= Long.SIZE;
  }

  private long bits(MigLayout layout) {
    return bits(layout.placements());
  }

  private long bits(List<Placement> some) {
    long bits = 0;
    for (Placement placement : some) {
      int index = placements.indexOf(placement);
      if (index < 0) {
        index = placements.size();
        placements.add(placement);
      }
      bits |= 1L << index;
    }
    return bits;
  }

  /**
   * Finds every maximal multiset of instances of some profiles that fits beside all instances of a
   * GPU.
   */
  List<List<Placement>> waysToFill(PlanGpu gpu, Set<MigProfile> profiles) {
    long present = bits(gpu.layout().orElseThrow().placements());
    return List.copyOf(largest(present, profiles).values());
  }

  /**
   * Finds every way to clear loose instances for a maximal multiset of instances of some profiles.
   * Ways that clear more instances than necessary are omitted.
   */
  List<Way> waysToClear(PlanGpu gpu, Set<MigProfile> profiles) {
    long present = bits(gpu.layout().orElseThrow().placements());
    List<Placement> loose = gpu.looseInstances();
    List<Map<SortedMap<MigProfile, Integer>, List<Placement>>> bySubset = new ArrayList<>();
    Map<List<SortedMap<MigProfile, Integer>>, Way> ways = new LinkedHashMap<>();
    for (int subset = 0; subset < 1 << loose.size(); subset++) {
      List<Placement> away = new ArrayList<>();
      for (int i = 0; i < loose.size(); i++) {
        if ((subset >> i & 1) == 1) {
          away.add(loose.get(i));
        }
      }
      Map<SortedMap<MigProfile, Integer>, List<Placement>> added =
          largest(present & ~bits(away), profiles);
      bySubset.add(added);
      int all = subset;
      added.forEach((counts, where) -> {
        boolean lessWouldDo = false;
        for (int rest = all; rest != 0; rest &= rest - 1) {
          int less = all & ~Integer.lowestOneBit(rest);
          lessWouldDo |=
              bySubset.get(less).keySet().stream().anyMatch(known -> isWithin(counts, known));
        }
        if (all != 0 && !lessWouldDo) {
          ways.putIfAbsent(List.of(counts(away), counts), new Way(away, where));
        }
      });
    }
    return List.copyOf(ways.values());
  }

  private Map<SortedMap<MigProfile, Integer>, List<Placement>> largest(
      long kept, Set<MigProfile> profiles) {
    long usable = 0;
    for (int i = 0; i < placements.size(); i++) {
      if (profiles.contains(placements.get(i).profile())) {
        usable |= 1L << i;
      }
    }
    Map<SortedMap<MigProfile, Integer>, List<Placement>> choices = new LinkedHashMap<>();
    for (long state : states) {
      long added = state & ~kept;
      if ((state & kept) == kept && added != 0 && (added & ~usable) == 0) {
        List<Placement> where = placementsOf(added);
        choices.putIfAbsent(counts(where), where);
      }
    }
    List<SortedMap<MigProfile, Integer>> all = List.copyOf(choices.keySet());
    choices
        .keySet()
        .removeIf(
            one -> all.stream().anyMatch(other -> !other.equals(one) && isWithin(one, other)));
    return choices;
  }

  private List<Placement> placementsOf(long bits) {
    List<Placement> some = new ArrayList<>();
    for (long rest = bits; rest != 0; rest &= rest - 1) {
      some.add(placements.get(Long.numberOfTrailingZeros(rest)));
    }
    some.sort(Comparator.naturalOrder());
    return some;
  }

  private static SortedMap<MigProfile, Integer> counts(List<Placement> some) {
    SortedMap<MigProfile, Integer> counts = new TreeMap<>();
    some.forEach(p -> counts.merge(p.profile(), 1, Integer::sum));
    return counts;
  }

  private static boolean isWithin(
      Map<MigProfile, Integer> smaller, Map<MigProfile, Integer> larger) {
    return smaller.entrySet().stream()
        .allMatch(each -> larger.getOrDefault(each.getKey(), 0) >= each.getValue());
  }
}
