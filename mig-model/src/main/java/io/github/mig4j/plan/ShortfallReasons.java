package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.PlanShortfall.AllPinned;
import io.github.mig4j.plan.PlanShortfall.NoNode;
import io.github.mig4j.plan.PlanShortfall.NoProfile;
import io.github.mig4j.plan.PlanShortfall.NoRoom;
import io.github.mig4j.plan.PlanShortfall.NotKnown;
import io.github.mig4j.plan.PlanShortfall.Reason;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the reasons why a plan leaves devices unmet. */
final class ShortfallReasons {

  private static final int MAX_SUGGESTIONS = 3;

  private final Demand demand;
  private final DemandRows rows;
  private final Map<GpuGroup, Integer> groups = new LinkedHashMap<>();

  ShortfallReasons(Demand demand, DemandRows rows) {
    this.demand = demand;
    this.rows = rows;
  }

  void add(GpuGroup group, int count) {
    groups.put(group, count);
  }

  /** The shortfalls in the order of the demand. */
  List<PlanShortfall> shortfalls(PrioritySearch.Outcome outcome) {
    return demand.items().stream()
        .flatMap(item -> Optional.ofNullable(outcome.unmet.get(item))
            .map(count -> new PlanShortfall(item, count, reason(item, count)))
            .stream())
        .toList();
  }

  private Reason reason(DemandItem item, int count) {
    int kind = rows.kindOf(item);
    List<GpuGroup> allowed =
        groups.keySet().stream().filter(group -> group.kinds().get(kind)).toList();
    if (allowed.isEmpty()) {
      return new NoNode(item.nodeLabels());
    }
    List<GpuGroup> offering = allowed.stream()
        .filter(group -> LayoutProblem.newProfile(item, group.gpu().model()).isPresent())
        .toList();
    if (offering.isEmpty()) {
      return notOffered(item, models(allowed).toList());
    }
    int gpus =
        offering.stream().mapToInt(group -> groups.getOrDefault(group, 0)).sum();
    if (offering.stream().allMatch(group -> group.gpu().isPinned())) {
      return new AllPinned(gpus);
    }
    Map<GpuModel, Integer> more = new HashMap<>();
    models(offering)
        .forEach(model -> more.put(model, -Math.floorDiv(-count, maxPerGpu(item, model))));
    return new NoRoom(gpus, more);
  }

  private static Stream<GpuModel> models(List<GpuGroup> groups) {
    return groups.stream().map(group -> group.gpu().model()).distinct();
  }

  private static Reason notOffered(DemandItem item, List<GpuModel> models) {
    List<GpuModel> unknown =
        models.stream().filter(model -> mightOffer(item, model)).toList();
    if (!unknown.isEmpty()) {
      return new NotKnown(unknown);
    }
    List<MigProfile> suggestions = item.profile().stream()
        .flatMap(profile -> models.stream().flatMap(model -> model.suggestions(profile).stream()))
        .filter(MigProfile::isWholeGpuInstance)
        .distinct()
        .limit(MAX_SUGGESTIONS)
        .toList();
    return new NoProfile(models, suggestions);
  }

  /**
   * Whether a model offers the item with unknown placements, or may offer it with unknown numbers.
   */
  private static boolean mightOffer(DemandItem item, GpuModel model) {
    return item.profileOn(model).isPresent()
        || item.need().map(need -> !need.undeterminedOn(model).isEmpty()).orElse(false);
  }

  private static int maxPerGpu(DemandItem item, GpuModel model) {
    MigProfile profile = LayoutProblem.newProfile(item, model).orElseThrow();
    return MigLayout.on(model).build().room().getOrDefault(profile, 1);
  }
}
