package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Lists the maximal multisets of instances of a model, once for each set of profiles. If a model has
 * more states than any known GPU, the list has some of them, and the covering has no lower bound.
 */
final class LayoutChoices {

  /** The limit of one model; the known GPU with the most has 2,319. */
  static final int MAX_STATES = 1 << Character.SIZE;

  private static final int CELLS_PER_STATE = 10;

  private static final int FEW_STATES = 1_000;

  private record Key(ModelKey model, Set<MigProfile> profiles) {}

  private final Covering covering;
  private final Effort effort;
  private final Map<Key, List<SortedMap<MigProfile, Integer>>> known = new HashMap<>();

  LayoutChoices(Covering covering, Effort effort) {
    this.covering = covering;
    this.effort = effort;
  }

  /** Whether a model has too many states for a list. */
  static boolean hasTooManyStates(GpuModel model) {
    return Layouts.of(model).states().limit(MAX_STATES + 1L).count() > MAX_STATES;
  }

  List<SortedMap<MigProfile, Integer>> maximal(GpuModel model, Set<MigProfile> profiles) {
    Key key = new Key(new ModelKey(model), Set.copyOf(profiles));
    return known.computeIfAbsent(key, any -> list(model, profiles));
  }

  private List<SortedMap<MigProfile, Integer>> list(GpuModel model, Set<MigProfile> profiles) {
    Layouts layouts =
        Layouts.of(model).over(profiles.stream().map(MigProfile::toString).toArray(String[]::new));
    long states = layouts.states().limit(MAX_STATES + 1L).count();
    if (states <= MAX_STATES && effort.take(states * CELLS_PER_STATE)) {
      return layouts.maximalMultisets().toList();
    }
    covering.omitColumns();
    return some(model, layouts, profiles);
  }

  /** As many instances of each profile as fit, and the first multisets with several profiles. */
  private List<SortedMap<MigProfile, Integer>> some(
      GpuModel model, Layouts layouts, Set<MigProfile> profiles) {
    Set<SortedMap<MigProfile, Integer>> some = new LinkedHashSet<>();
    MigLayout.on(model).build().room().forEach((profile, count) -> {
      if (profiles.contains(profile)) {
        some.add(new TreeMap<>(Map.of(profile, count)));
      }
    });
    layouts.maximalStates().limit(FEW_STATES).map(MigLayout::devices).forEach(some::add);
    return List.copyOf(some);
  }
}
