package io.github.mig4j.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;

/** Valid input of any size: huge counts, no items, no nodes, models with millions of states. */
class HostilePlanPropertiesTest {

  private static final GpuModel A30 = GpuCatalog.bundled().require("a30-24gb");

  /** An invented model with 24 slices, which has far more states than can be listed. */
  private static final GpuModel WIDE = wide();

  private static final List<GpuModel> MODELS = List.of(
      A30,
      WIDE,
      GpuCatalog.bundled().require("l40s"),
      GpuCatalog.bundled().require("rtx-pro-4500-blackwell-32gb"));

  private static GpuModel wide() {
    GpuModel.Builder model =
        GpuModel.builder().id("wide").architecture("Invented").computeSlices(24).memorySlices(24);
    for (int size : new int[] {1, 2, 3, 24}) {
      model.addProfiles(GpuInstanceProfile.builder()
          .profile(MigProfile.parse(size + "g." + size + "gb"))
          .maxInstances(24 / size)
          .size(size)
          .addStarts(IntStream.rangeClosed(0, 24 - size).toArray())
          .build());
    }
    return model.build();
  }

  record Question(List<PlanNode> nodes, Demand demand, int effort) {
    boolean isRefused() {
      Set<String> names = new HashSet<>();
      nodes.forEach(node -> names.add(node.name()));
      return names.size() < nodes.size() || gpus() > Integer.MAX_VALUE;
    }

    long gpus() {
      return nodes.stream().mapToLong(PlanNode::gpuCount).sum();
    }
  }

  @Property(tries = 150)
  void plan_refusesOrAnswers(@ForAll("questions") Question question) {
    Statistics.label("refused").collect(question.isRefused());
    if (question.isRefused()) {
      assertThatThrownBy(() -> Planner.of(question.nodes))
          .isInstanceOf(IllegalArgumentException.class);
      return;
    }

    FleetPlan plan = Planner.of(question.nodes).effort(question.effort).plan(question.demand);

    assertConsistent(question.demand, plan);
    assertThat((long) plan.gpus()).isLessThanOrEqualTo(question.gpus());
    assertThat(plan.nodes()).hasSameSizeAs(question.nodes);
  }

  @Property(tries = 100)
  void fewest_answers(@ForAll("demands") Demand demand, @ForAll("models") GpuModel model) {
    FleetPlan plan = Planner.fewest(model, demand);

    assertConsistent(demand, plan);
  }

  private static void assertConsistent(Demand demand, FleetPlan plan) {
    long met = plan.met().values().stream().mapToLong(Integer::longValue).sum();
    assertThat(met + plan.unmetCount()).isEqualTo(demand.count());
    assertThat(plan.lowerBound()).isBetween(0, plan.gpus());
    assertThat(plan.unmetLowerBound()).isBetween(0, plan.unmetCount());
    assertThat(plan.isOptimal() && plan.isStopped()).isFalse();
    assertThat(plan.toString()).isNotEmpty();
  }

  @Property(tries = 100)
  void defragment_refusesOrAnswers(@ForAll("questions") Question question) {
    if (question.isRefused()) {
      return;
    }
    Planner planner = Planner.of(question.nodes).effort(question.effort);
    if (question.gpus() > 100_000) {
      assertThatThrownBy(() -> planner.defragment(question.demand))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "At most 100000 GPUs can be defragmented, but the nodes have %d; defragment some"
                  + " of the nodes",
              question.gpus());
      return;
    }

    Defragmentation answer = planner.defragment(question.demand);

    int unmet = answer.unmet().stream().mapToInt(PlanShortfall::count).sum();
    assertThat((long) answer.fits().size() + unmet).isEqualTo(question.demand.count());
    assertThat(answer.lowerBound()).isBetween(0, answer.moves().size());
    assertThat(answer.unmetLowerBound()).isBetween(0, unmet);
  }

  @Test
  void gpusOfANode_aboveTheLimit_areRefused() {
    PlanNode full = PlanNode.named("n").gpus(A30, Integer.MAX_VALUE);

    assertThatThrownBy(() -> full.gpus(A30, Integer.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Node n: a node must have at most 2147483647 GPUs, but would have 4294967294");
    assertThatThrownBy(() -> full.gpu(PlanGpu.of(A30)))
        .hasMessage("Node n: a node must have at most 2147483647 GPUs, but would have 2147483648");
    assertThatThrownBy(() -> Planner.of(full, PlanNode.named("m").gpus(A30, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The nodes of a plan must have at most 2147483647 GPUs together, but have 2147483648");
  }

  @Test
  void gpusOfANode_thatAreTooMany_areNotListed() {
    FleetPlan plan =
        Planner.of(PlanNode.named("n").gpus(A30, Integer.MAX_VALUE)).plan(Demand.of());

    assertThatThrownBy(() -> plan.layouts("n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The GPUs of node 'n' cannot be listed: it has 2147483647, and the limit is 100000");
    assertThatThrownBy(() -> plan.changes("n")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void fewest_asManyAsThereCanBe_isProven() {
    FleetPlan plan = Planner.fewest(A30, Demand.of(DemandItem.of("1g.6gb", Integer.MAX_VALUE)));

    assertThat(plan.gpus()).isEqualTo(536_870_912);
    assertThat(plan.isOptimal()).isTrue();
  }

  @Test
  void plan_ofAModelWithTooManyStates_usesSomeOfThem_andSaysThatItHasNoBound() {
    FleetPlan plan =
        Planner.fewest(WIDE, Demand.of(DemandItem.of("1g.1gb", 48), DemandItem.of("24g.24gb", 1)));

    assertThat(plan.unmet()).isEmpty();
    assertThat(plan.gpus()).isEqualTo(3);
    assertThat(plan.lowerBound()).isZero();
    assertThat(plan.isStopped()).isTrue();
  }

  @Provide
  Arbitrary<GpuModel> models() {
    return Arbitraries.of(MODELS);
  }

  @Provide
  Arbitrary<Demand> demands() {
    Arbitrary<Integer> counts = Arbitraries.of(1, 2, 7, 1_000, 500_000_000);
    Arbitrary<DemandItem> items = Combinators.combine(
            Arbitraries.of("1g.6gb", "2g.12gb", "4g.24gb", "1g.1gb", "24g.24gb", "9g.99gb", ""),
            counts,
            Arbitraries.of(Integer.MIN_VALUE, -1, 0, 1, Integer.MAX_VALUE),
            Arbitraries.of("", "a", "b"))
        .as((profile, count, priority, zone) -> {
          DemandItem item = profile.isEmpty()
              ? DemandItem.of(ProfileNeed.anything(), count)
              : DemandItem.of(profile, count);
          item = item.priority(priority);
          return zone.isEmpty() ? item : item.onNodesWith("zone", zone);
        });
    return items.list().ofMaxSize(4).map(Demand::new);
  }

  @Provide
  Arbitrary<Question> questions() {
    Arbitrary<PlanGpu> gpus = Arbitraries.oneOf(
        models().map(PlanGpu::of),
        Arbitraries.of(
            PlanGpu.of(MigLayout.on(A30).add("1g.6gb", 3).build()),
            PlanGpu.of(MigLayout.on(A30).add("2g.12gb", 1).build()).pinned(),
            PlanGpu.of(MigLayout.on(WIDE).add("3g.3gb", 5).build())));
    Arbitrary<PlanNode> nodes = Combinators.combine(
            Arbitraries.strings().alpha().ofMaxLength(1),
            Arbitraries.of("a", "b"),
            gpus.list().ofMaxSize(3),
            Arbitraries.of(1, 2, 50, 1_000_000_000 / 3))
        .as((name, zone, some, count) -> {
          PlanNode node = PlanNode.named(name).label("zone", zone);
          for (PlanGpu gpu : some) {
            node = node.gpus(gpu, count);
          }
          return node;
        });
    return Combinators.combine(nodes.list().ofMaxSize(4), demands(), Arbitraries.of(1, 100, 5_000))
        .as((some, demand, effort) -> new Question(new ArrayList<>(some), demand, effort));
  }
}
