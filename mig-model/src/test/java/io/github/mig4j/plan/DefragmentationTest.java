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
import io.github.mig4j.plan.Defragmentation.InstanceLocation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;

class DefragmentationTest {

  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");
  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");
  private static final List<MigLayout> STATES = Layouts.of(A30).states().toList();

  @Test
  void defragment_emptiesTheGpuWithTheFewestInstances() {
    PlanNode a = PlanNode.named("a").gpu(PlanGpu.of(at(A100, "1g.5gb@0", "1g.5gb@1")));
    PlanNode b = PlanNode.named("b").gpu(PlanGpu.of(at(A100, "2g.10gb@2")));

    Defragmentation answer = Planner.of(a, b).defragment(Demand.of(DemandItem.of("7g.40gb", 1)));

    assertThat(answer).hasToString("b/0 2g.10gb@2:2 -> a/0 2g.10gb@4:2");
    assertThat(answer.fits())
        .extracting(fit -> fit.location().toString())
        .containsExactly("b/0 7g.40gb@0:8");
    assertThat(answer.lowerBound()).isEqualTo(1);
    assertThat(answer.gap()).isZero();
    assertThat(answer.unmet()).isEmpty();
  }

  @Test
  void defragment_whatFitsAlready_movesNothing() {
    PlanNode node = PlanNode.named("n").gpu(PlanGpu.of(at(A100, "1g.5gb@6")));

    Defragmentation answer = Planner.of(node).defragment(Demand.of(DemandItem.of("4g.20gb", 1)));

    assertThat(answer.moves()).isEmpty();
    assertThat(answer.fits())
        .extracting(fit -> fit.location().toString())
        .containsExactly("n/0 4g.20gb@0:4");
  }

  @Test
  void defragment_pinnedInstances_stay() {
    MigLayout one = at(A30, "1g.6gb@0");
    PlanNode node = PlanNode.named("n")
        .gpu(PlanGpu.of(one).pinning(one.placements()))
        .gpu(PlanGpu.of(at(A30, "1g.6gb@0", "1g.6gb@1")))
        .gpu(PlanGpu.of(A30).pinned());
    Planner planner = Planner.of(node);

    assertThat(planner.defragment(Demand.of(DemandItem.of("4g.24gb", 1))))
        .hasToString("n/1 1g.6gb@0:1 -> n/0 1g.6gb@1:1; n/1 1g.6gb@1:1 -> n/0 1g.6gb@2:1");
    Defragmentation two = planner.defragment(Demand.of(DemandItem.of("4g.24gb", 2)));
    assertThat(two.unmet())
        .extracting(PlanShortfall::message)
        .containsExactly(
            "1 of 2 x 4g.24gb unmet: the 3 GPUs that offer it are full; add 1" + " a30-24gb");
    assertThat(two.unmetLowerBound()).isEqualTo(1);
  }

  record Question(List<PlanGpu> gpus, Demand demand) {
    PlanNode node() {
      PlanNode node = PlanNode.named("n");
      for (PlanGpu gpu : gpus) {
        node = node.gpu(gpu);
      }
      return node;
    }
  }

  /**
   * Compares with an exhaustive search, which clears any set of instances and places them and the
   * requested ones anywhere.
   */
  @Property(tries = 150)
  void defragment_isNoWorseThanAnyOtherWay(@ForAll("questions") Question question) {
    Defragmentation answer = Planner.of(question.node()).defragment(question.demand);

    int unmet = answer.unmet().stream().mapToInt(PlanShortfall::count).sum();
    assertThat(List.of(unmet, answer.moves().size())).isEqualTo(best(question));
    assertThat(answer.lowerBound()).isEqualTo(answer.moves().size());
    Statistics.label("moves").collect(answer.moves().size()).coverage(coverage -> {
      coverage.check(0).count(n -> n > 5);
      coverage.check(1).count(n -> n > 5);
      coverage.check(2).count(n -> n > 0);
    });
  }

  @Property(tries = 150)
  void defragment_fromItsJson_isTheSame(@ForAll("questions") Question question)
      throws JsonProcessingException {
    Defragmentation answer = Planner.of(question.node()).defragment(question.demand);

    String json = new ObjectMapper().writeValueAsString(answer);

    assertThat(new ObjectMapper().readValue(json, Defragmentation.class)).isEqualTo(answer);
  }

  /** The moves are possible one by one in any order, and the final state is legal. */
  @Property(tries = 150)
  void defragment_movesToFreeSlices(@ForAll("questions") Question question) {
    Defragmentation answer = Planner.of(question.node()).defragment(question.demand);

    Map<Integer, List<Placement>> whileMoving = new HashMap<>();
    Map<Integer, List<Placement>> after = new HashMap<>();
    for (int i = 0; i < question.gpus.size(); i++) {
      List<Placement> present = question.gpus.get(i).layout().orElseThrow().placements();
      whileMoving.put(i, new ArrayList<>(present));
      after.put(i, new ArrayList<>(present));
    }
    answer.moves().forEach(move -> {
      assertThat(question.gpus.get(move.from().gpu()).pinnedInstances())
          .doesNotContain(move.from().placement());
      assertThat(move.to().placement().profile())
          .isEqualTo(move.from().placement().profile());
      whileMoving.get(move.to().gpu()).add(move.to().placement());
      after.get(move.to().gpu()).add(move.to().placement());
      assertThat(after.get(move.from().gpu()).remove(move.from().placement())).isTrue();
    });
    answer.fits().forEach(fit -> {
      InstanceLocation location = fit.location();
      assertThat(fit.item().profile()).contains(location.placement().profile());
      after.get(location.gpu()).add(location.placement());
    });
    whileMoving.values().forEach(DefragmentationTest::assertLegal);
    after.values().forEach(DefragmentationTest::assertLegal);
  }

  private static void assertLegal(List<Placement> placements) {
    var layout = MigLayout.on(A30);
    placements.forEach(p -> layout.addAt(p.profile().toString(), p.start()));
    layout.build();
  }

  /** The fewest unmet instances, and the fewest moves for them. */
  private static List<Integer> best(Question question) {
    List<List<Integer>> all = new ArrayList<>();
    clear(question, 0, new ArrayList<>(), new HashMap<>(), all);
    return all.stream()
        .min((a, b) -> a.get(0).equals(b.get(0)) ? a.get(1) - b.get(1) : a.get(0) - b.get(0))
        .orElseThrow();
  }

  private static void clear(
      Question question,
      int next,
      List<MigLayout> kept,
      Map<MigProfile, Integer> away,
      List<List<Integer>> all) {
    if (next == question.gpus.size()) {
      int moves = away.values().stream().mapToInt(Integer::intValue).sum();
      Map<MigProfile, Integer> wanted = new HashMap<>();
      question
          .demand
          .items()
          .forEach(item -> wanted.put(item.profile().orElseThrow(), item.count()));
      fill(question, kept, 0, new HashMap<>(away), wanted, moves, all);
      return;
    }
    PlanGpu gpu = question.gpus.get(next);
    List<Placement> loose = gpu.looseInstances();
    for (int subset = 0; subset < 1 << loose.size(); subset++) {
      var rest = MigLayout.on(A30);
      Map<MigProfile, Integer> more = new HashMap<>(away);
      for (Placement p : gpu.layout().orElseThrow().placements()) {
        int index = loose.indexOf(p);
        if (index >= 0 && (subset >> index & 1) == 1) {
          more.merge(p.profile(), 1, Integer::sum);
        } else {
          rest.addAt(p.profile().toString(), p.start());
        }
      }
      kept.add(rest.build());
      clear(question, next + 1, kept, more, all);
      kept.remove(kept.size() - 1);
    }
  }

  private static void fill(
      Question question,
      List<MigLayout> kept,
      int next,
      Map<MigProfile, Integer> away,
      Map<MigProfile, Integer> wanted,
      int moves,
      List<List<Integer>> all) {
    if (next == kept.size()) {
      if (away.values().stream().allMatch(n -> n == 0)) {
        all.add(List.of(wanted.values().stream().mapToInt(Integer::intValue).sum(), moves));
      }
      return;
    }
    MigLayout now = kept.get(next);
    boolean cleared = !now.equals(question.gpus.get(next).layout().orElseThrow());
    for (MigLayout state : STATES) {
      if (state.placements().containsAll(now.placements())) {
        Map<MigProfile, Integer> stillAway = new HashMap<>(away);
        Map<MigProfile, Integer> stillWanted = new HashMap<>(wanted);
        boolean used = true;
        for (Placement p : state.placements()) {
          if (!now.placements().contains(p)) {
            used &= (!cleared && take(stillAway, p.profile())) || take(stillWanted, p.profile());
          }
        }
        if (used) {
          fill(question, kept, next + 1, stillAway, stillWanted, moves, all);
        }
      }
    }
  }

  private static boolean take(Map<MigProfile, Integer> counts, MigProfile profile) {
    int count = counts.getOrDefault(profile, 0);
    counts.computeIfPresent(profile, (any, n) -> Math.max(0, n - 1));
    return count > 0;
  }

  @Provide
  Arbitrary<Question> questions() {
    Arbitrary<PlanGpu> gpus = Combinators.combine(
            Arbitraries.of(STATES), Arbitraries.frequency(Tuple.of(3, false), Tuple.of(1, true)))
        .as((layout, pins) -> pins && !layout.placements().isEmpty()
            ? PlanGpu.of(layout).pinning(layout.placements().get(0))
            : PlanGpu.of(layout));
    Arbitrary<Demand> demands = Arbitraries.of("4g.24gb", "2g.12gb", "2g.12gb+me", "1g.6gb")
        .flatMap(profile ->
            Arbitraries.integers().between(1, 2).map(n -> Demand.of(DemandItem.of(profile, n))));
    return Combinators.combine(gpus.list().ofSize(3), demands).as(Question::new);
  }

  private static MigLayout at(GpuModel gpu, String... instances) {
    var layout = MigLayout.on(gpu);
    for (String instance : instances) {
      String[] parts = instance.split("@");
      layout.addAt(parts[0], Integer.parseInt(parts[1]));
    }
    return layout.build();
  }
}
