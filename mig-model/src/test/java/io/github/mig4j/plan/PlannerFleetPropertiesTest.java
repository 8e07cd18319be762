package io.github.mig4j.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/** Compares plans for nodes with an exhaustive search over all layouts of all GPUs. */
class PlannerFleetPropertiesTest {

  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");
  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");
  private static final Map<String, List<MigLayout>> STATES = new HashMap<>();
  private static final Map<String, List<SortedMap<MigProfile, Integer>>> LARGEST = new HashMap<>();

  static {
    for (GpuModel model : List.of(A30, A100)) {
      STATES.put(model.id(), Layouts.of(model).states().toList());
      LARGEST.put(model.id(), Layouts.of(model).maximalMultisets().toList());
    }
  }

  /** The GPUs of all nodes, of which the first ones are in zone a, and items by descending priority. */
  record Question(
      List<PlanNode> nodes,
      Demand demand,
      List<PlanGpu> gpus,
      int inZoneA,
      List<DemandItem> items) {
    Question(List<PlanNode> nodes, Demand demand) {
      this(
          nodes,
          demand,
          nodes.stream()
              .flatMap(node -> IntStream.range(0, node.gpuCount()).mapToObj(node::gpu))
              .toList(),
          nodes.get(0).gpuCount(),
          demand.items().stream()
              .sorted(Comparator.comparing((DemandItem item) -> item.priority()).reversed())
              .toList());
    }
  }

  /** Unmet devices by descending priority, then GPUs that change. */
  record Result(List<Integer> figures) implements Comparable<Result> {
    @Override
    public int compareTo(Result other) {
      for (int i = 0; i < figures.size(); i++) {
        int order = figures.get(i).compareTo(other.figures.get(i));
        if (order != 0) {
          return order;
        }
      }
      return 0;
    }
  }

  private static Result best(Question question) {
    return cut(question, new ArrayList<>(), 0);
  }

  /** The best result of all ways to cut the GPUs that have no offer yet. */
  private static Result cut(Question question, List<Map<MigProfile, Integer>> offers, int changed) {
    List<PlanGpu> gpus = question.gpus();
    if (offers.size() == gpus.size()) {
      return result(question, offers, changed);
    }
    PlanGpu gpu = gpus.get(offers.size());
    Map<MigProfile, Integer> present = new TreeMap<>();
    gpu.layout().orElseThrow().placements().stream()
        .filter(p -> !gpu.pinnedInstances().contains(p))
        .forEach(p -> present.merge(p.profile(), 1, Integer::sum));
    offers.add(present);
    Result best = cut(question, offers, changed);
    offers.remove(offers.size() - 1);
    if (!gpu.isPinned()) {
      for (Map<MigProfile, Integer> largest : LARGEST.get(gpu.model().id())) {
        offers.add(largest);
        Result other = cut(question, offers, changed + 1);
        best = other.compareTo(best) < 0 ? other : best;
        offers.remove(offers.size() - 1);
      }
    }
    return best;
  }

  /** Items for zone a can only be met there, and the higher priority is met first. */
  private static Result result(
      Question question, List<Map<MigProfile, Integer>> offers, int changed) {
    Map<MigProfile, int[]> left = new HashMap<>();
    for (int i = 0; i < offers.size(); i++) {
      int zone = i < question.inZoneA() ? 0 : 1;
      offers
          .get(i)
          .forEach((profile, n) -> left.computeIfAbsent(profile, any -> new int[2])[zone] += n);
    }
    SortedMap<Integer, Integer> unmet = new TreeMap<>(Comparator.reverseOrder());
    for (DemandItem item : question.items()) {
      int[] free = left.getOrDefault(item.profile().orElseThrow(), new int[2]);
      int met;
      if (item.nodeLabels().isEmpty()) {
        int elsewhere = Math.min(item.count(), free[1]);
        met = Math.min(item.count(), free[0] + free[1]);
        free[1] -= elsewhere;
        free[0] -= met - elsewhere;
      } else {
        // Devices that are not bound to the zone left it first.
        met = Math.min(item.count(), free[0]);
        free[0] -= met;
      }
      unmet.merge(item.priority(), item.count() - met, Integer::sum);
    }
    List<Integer> figures = new ArrayList<>(unmet.values());
    figures.add(changed);
    return new Result(figures);
  }

  @Property(tries = 300)
  void plan_isNoWorseThanAnyOtherWayToCut(@ForAll("questions") Question question) {
    FleetPlan plan = Planner.of(question.nodes).plan(question.demand);

    SortedMap<Integer, Integer> unmet = new TreeMap<>(Comparator.reverseOrder());
    question.demand.items().forEach(item -> unmet.put(item.priority(), 0));
    plan.unmet()
        .forEach(
            shortfall -> unmet.merge(shortfall.item().priority(), shortfall.count(), Integer::sum));
    List<Integer> figures = new ArrayList<>(unmet.values());
    figures.add(plan.gpus());
    assertThat(new Result(figures)).isEqualTo(best(question));
    assertThat(plan.lowerBound()).isLessThanOrEqualTo(plan.gpus());
    assertThat(plan.unmetLowerBound()).isLessThanOrEqualTo(plan.unmetCount());
    Statistics.label("outcome")
        .collect(plan.unmetCount() > 0 ? "unmet" : plan.gpus() > 0 ? "changes" : "as it is")
        .coverage(coverage -> {
          coverage.check("unmet").count(n -> n > 20);
          coverage.check("changes").count(n -> n > 20);
          coverage.check("as it is").count(n -> n > 0);
        });
  }

  @Property(tries = 300)
  void plan_fromItsJson_isTheSame(@ForAll("questions") Question question)
      throws JsonProcessingException {
    FleetPlan plan = Planner.of(question.nodes).plan(question.demand);

    String json = new ObjectMapper().writeValueAsString(plan);

    assertThat(new ObjectMapper().readValue(json, FleetPlan.class)).isEqualTo(plan);
  }

  @Property(tries = 300)
  void plan_keepsWhatIsPinned_andSaysWhatItChanges(@ForAll("questions") Question question) {
    FleetPlan plan = Planner.of(question.nodes).plan(question.demand);

    int changes = 0;
    for (PlanNode node : question.nodes) {
      SortedMap<Integer, MigLayout> layouts = plan.layouts(node.name());
      assertThat(layouts).hasSize(node.gpuCount());
      for (int i = 0; i < node.gpuCount(); i++) {
        boolean changed = plan.changes(node.name()).contains(i);
        changes += changed ? 1 : 0;
        if (!changed) {
          assertThat(layouts).containsEntry(i, node.gpu(i).layout().orElseThrow());
        } else {
          assertThat(node.gpu(i).isPinned()).isFalse();
          assertThat(layouts.get(i).gpu()).isEqualTo(node.gpu(i).model());
        }
      }
    }
    assertThat(changes).isEqualTo(plan.gpus());
    question
        .demand
        .items()
        .forEach(item -> assertThat(plan.met().get(item)
                + plan.unmet().stream()
                    .filter(shortfall -> shortfall.item().equals(item))
                    .mapToInt(PlanShortfall::count)
                    .sum())
            .isEqualTo(item.count()));
    assertThat(Planner.of(question.nodes).plan(question.demand)).hasToString(plan.toString());
  }

  @Provide
  Arbitrary<Question> questions() {
    Arbitrary<PlanNode> zoneA = nodes("a");
    Arbitrary<PlanNode> zoneB = nodes("b");
    return Combinators.combine(zoneA, zoneB, demands())
        .as((a, b, demand) -> new Question(List.of(a, b), demand));
  }

  private static Arbitrary<PlanNode> nodes(String zone) {
    return gpus().list().ofMinSize(1).ofMaxSize(2).map(gpus -> {
      PlanNode node = PlanNode.named("node-" + zone).label("zone", zone);
      for (PlanGpu gpu : gpus) {
        node = node.gpu(gpu);
      }
      return node;
    });
  }

  private static Arbitrary<PlanGpu> gpus() {
    Arbitrary<PlanGpu> cut = Arbitraries.of(A30, A30, A100)
        .flatMap(model -> Arbitraries.of(STATES.get(model.id())))
        .map(PlanGpu::of);
    return Arbitraries.oneOf(
        Arbitraries.of(A30, A100).map(PlanGpu::of), cut, cut.map(PlanGpu::pinned), cut.map(gpu -> {
          List<Placement> all = gpu.layout().orElseThrow().placements();
          return all.isEmpty() ? gpu : gpu.pinning(all.get(0));
        }));
  }

  private static Arbitrary<Demand> demands() {
    Arbitrary<MigProfile> profiles = Arbitraries.of(
            "1g.6gb", "1g.6gb+me", "2g.12gb", "4g.24gb", "1g.5gb", "3g.20gb", "2g.10gb", "4g.20gb")
        .map(MigProfile::parse);
    Arbitrary<DemandItem> items = Combinators.combine(
            profiles,
            Arbitraries.integers().between(1, 3),
            Arbitraries.integers().between(0, 1),
            Arbitraries.of(true, false))
        .as((profile, count, priority, bound) -> {
          DemandItem item = DemandItem.of(profile, count).priority(priority);
          return bound ? item.onNodesWith("zone", "a") : item;
        });
    return items.list().ofMinSize(1).ofMaxSize(3).map(Demand::new);
  }
}
