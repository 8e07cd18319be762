package io.github.mig4j.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlannerTest {

  private static final GpuModel A30 = gpu("a30-24gb");
  private static final GpuModel A100 = gpu("a100-40gb");
  private static final GpuModel H100 = gpu("h100-sxm-80gb");

  /** The example of the Javadoc. */
  @Test
  void example_ofTheDocumentation_plans() {
    MigLayout present = MigLayout.on(gpu("b200-180gb")).add("7g.180gb", 1).build();
    Placement running = present.placements().get(0);

    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    Demand demand =
        Demand.of(DemandItem.of("1g.23gb", 500), DemandItem.of("3g.90gb", 40).priority(1));

    assertThat(Planner.fewest(b200, demand).gpus()).isEqualTo(89);

    FleetPlan plan = Planner.of(
            PlanNode.named("node-a").gpus(b200, 8),
            PlanNode.named("node-b").gpu(PlanGpu.of(present).pinning(running)))
        .plan(demand);
    assertThat(plan.changes("node-a")).hasSize(8);
    assertThat(plan.changes("node-b")).isEmpty();
    assertThat(plan.layouts("node-b")).isEqualTo(Map.of(0, present));
    assertThat(plan.unmet())
        .extracting(PlanShortfall::message)
        .containsExactly(
            "500 of 500 x 1g.23gb unmet: the 9 GPUs that offer it are full; add 72 b200-180gb",
            "24 of 40 x 3g.90gb, priority 1 unmet: the 9 GPUs that offer it are full; add 12"
                + " b200-180gb");
    assertThat(plan.isOptimal()).isTrue();
  }

  @Test
  void fewest_groupsTheLayouts_andTrimsWhatIsNotNeeded() {
    FleetPlan plan =
        Planner.fewest(A100, Demand.of(DemandItem.of("4g.20gb", 100), DemandItem.of("1g.5gb", 5)));

    assertThat(plan)
        .hasToString("100 GPUs (at least 100), 0 unmet (at least 0): 98 x a100-40gb"
            + " [4g.20gb@0:4], 1 x a100-40gb [4g.20gb@0:4, 1g.5gb@4:1, 1g.5gb@5:1, 1g.5gb@6:1], 1 x"
            + " a100-40gb [4g.20gb@0:4, 1g.5gb@4:1, 1g.5gb@5:1]");
    assertThat(plan.nodes()).isEmpty();
    assertThat(plan.gap()).isZero();
  }

  @Test
  void toString_ofWhatIsUnmet_saysWhy() {
    assertThat(Planner.fewest(gpu("h100-sxm-80gb"), Demand.of(DemandItem.of("1g.5gb", 5))))
        .asString()
        .startsWith("0 GPUs (at least 0), 5 unmet (at least 5); 5 of 5 x 1g.5gb unmet: ")
        .contains("1g.10gb");
  }

  @Test
  void fewest_oneMillion_isAHandfulOfLayouts() {
    Demand million = Demand.of(
        DemandItem.of("1g.5gb", 300_000),
        DemandItem.of("1g.5gb+me", 50_000),
        DemandItem.of("1g.10gb", 200_000),
        DemandItem.of("2g.10gb", 200_000),
        DemandItem.of("3g.20gb", 150_000),
        DemandItem.of("4g.20gb", 50_000),
        DemandItem.of("7g.40gb", 50_000));

    FleetPlan plan = Planner.fewest(A100, million);

    assertThat(million.count()).isEqualTo(1_000_000);
    assertThat(plan.gpus()).isEqualTo(plan.lowerBound()).isEqualTo(293_750);
    assertThat(plan.layouts()).hasSizeLessThan(20);
  }

  @Test
  void fewest_ofNothing_isNothing() {
    assertThat(Planner.fewest(A100, Demand.of()))
        .hasToString("0 GPUs (at least 0), 0 unmet (at least 0)");
  }

  @Test
  void fewest_oneProfileWithTwoPriorities_isPlanned() {
    FleetPlan plan = Planner.fewest(
        A100, Demand.of(DemandItem.of("1g.5gb", 8), DemandItem.of("1g.5gb", 6).priority(1)));

    assertThat(plan)
        .hasToString("2 GPUs (at least 2), 0 unmet (at least 0): 2 x a100-40gb [1g.5gb@0:1,"
            + " 1g.5gb@1:1, 1g.5gb@2:1, 1g.5gb@3:1, 1g.5gb@4:1, 1g.5gb@5:1, 1g.5gb@6:1]");
    assertThat(plan.met().values()).containsExactly(8, 6);
  }

  @Test
  void fewest_whatTheModelLacks_isUnmetWithAReason() {
    Demand demand = Demand.of(
        DemandItem.of("3g.40gb", 2),
        DemandItem.of("1g.5gb", 1),
        DemandItem.of(ProfileNeed.anything().memoryGib(50), 1));

    FleetPlan plan = Planner.fewest(A100, demand);

    assertThat(plan.gpus()).isEqualTo(1);
    assertThat(plan.unmet())
        .extracting(PlanShortfall::message)
        .containsExactly(
            "2 of 2 x 3g.40gb unmet: it is not offered by a100-40gb; did you mean 3g.20gb?",
            "1 of 1 x any profile with memory >= 50.0 GiB unmet: it is not offered by a100-40gb;"
                + " add a GPU that offers it");
    assertThat(plan.unmetLowerBound()).isEqualTo(3);
    assertThat(plan.isOptimal()).isTrue();
    assertThat(plan.met().values()).containsExactly(0, 1, 0);
  }

  @Test
  void fewest_withoutPlacements_isNotKnown() {
    FleetPlan plan =
        Planner.fewest(gpu("rtx-pro-4500-blackwell-32gb"), Demand.of(DemandItem.of("1g.16gb", 1)));

    assertThat(plan.unmet())
        .extracting(PlanShortfall::message)
        .containsExactly("1 of 1 x 1g.16gb unmet: the profiles or placements of"
            + " rtx-pro-4500-blackwell-32gb are not known; read them with 'nvidia-smi mig"
            + " -lgip' and 'nvidia-smi mig -lgipp' on such a GPU");
  }

  @Test
  void plan_freeInstances_meetTheDemandAsTheyAre() {
    MigLayout large = MigLayout.on(A100).add("3g.20gb", 2).build();
    Planner planner = Planner.of(PlanNode.named("n").gpu(PlanGpu.of(large)).gpus(A100, 1));

    FleetPlan plan = planner.plan(Demand.of(
        DemandItem.of("3g.20gb", 1), DemandItem.of(ProfileNeed.anything().memoryGib(6), 1)));

    assertThat(plan.gpus()).isZero();
    assertThat(plan.layouts("n")).containsEntry(0, large).hasSize(2);
  }

  @Test
  void plan_instancesThatRun_meetNoDemand_butTheirNeighboursDo() {
    MigLayout layout = MigLayout.on(A30).add("2g.12gb", 2).build();
    PlanGpu gpu = PlanGpu.of(layout).pinning(layout.placements().get(0));

    FleetPlan plan =
        Planner.of(PlanNode.named("n").gpu(gpu)).plan(Demand.of(DemandItem.of("2g.12gb", 2)));

    assertThat(plan.met().values()).containsExactly(1);
    assertThat(plan.unmet())
        .extracting(PlanShortfall::message)
        .containsExactly("1 of 2 x 2g.12gb unmet: the only GPU that offers it is pinned and has"
            + " no free instance; free an instance or add a GPU");
  }

  @Test
  void plan_repartitionsTheGpu_whoseInstancesMeetNoDemand() {
    MigLayout useful = MigLayout.on(A30).add("2g.12gb", 2).build();
    MigLayout useless = MigLayout.on(A30).add("1g.6gb", 4).build();

    FleetPlan plan = Planner.of(
            PlanNode.named("n").gpu(PlanGpu.of(useful)).gpu(PlanGpu.of(useless)))
        .plan(Demand.of(DemandItem.of("2g.12gb", 2), DemandItem.of("4g.24gb", 1)));

    assertThat(plan.changes("n")).containsExactly(1);
    assertThat(plan.layouts("n").get(1)).hasToString("a30-24gb [4g.24gb@0:4]");
  }

  @Test
  void plan_labels_bindItemsToNodes() {
    Planner planner = Planner.of(
        PlanNode.named("a").label("zone", "a").gpus(A30, 1),
        PlanNode.named("b").label("zone", "b").gpus(A30, 1));

    FleetPlan plan = planner.plan(Demand.of(
        DemandItem.of("4g.24gb", 2).onNodesWith("zone", "b"),
        DemandItem.of("1g.6gb", 1).onNodesWith("zone", "c")));

    assertThat(plan.changes("a")).isEmpty();
    assertThat(plan.changes("b")).containsExactly(0);
    assertThat(plan.unmet())
        .extracting(PlanShortfall::message)
        .containsExactly(
            "1 of 2 x 4g.24gb on nodes with zone=b unmet: the only GPU that offers it is full;"
                + " add 1 a30-24gb",
            "1 of 1 x 1g.6gb on nodes with zone=c unmet: no node has the labels {zone=c}; label a"
                + " node or require other labels");
  }

  @Test
  void plan_higherPriority_isMetFirst() {
    FleetPlan plan = Planner.of(PlanNode.named("n").gpus(A30, 1))
        .plan(Demand.of(DemandItem.of("1g.6gb", 4), DemandItem.of("4g.24gb", 1).priority(1)));

    assertThat(plan.met().values()).containsExactly(0, 1);
    assertThat(plan.unmetLowerBound()).isEqualTo(4);
  }

  /**
   * Three of five devices with the higher priority fit, in several ways; one way leaves a slice
   * free.
   */
  @Test
  void plan_choosesAmongTheHighPriority_soThatMoreOfTheLowPriorityAreMet() {
    FleetPlan plan = Planner.of(PlanNode.named("n").label("zone", "a").gpus(A30, 1))
        .plan(Demand.of(
            DemandItem.of("1g.6gb", 3).priority(1),
            DemandItem.of("2g.12gb", 2).priority(1),
            DemandItem.of("1g.6gb", 1).onNodesWith("zone", "a")));

    assertThat(plan.met().values()).containsExactly(3, 0, 1);
    assertThat(plan.isOptimal()).isTrue();
  }

  @Test
  void plan_oneProfileOfTwoModels_isMetByEither() {
    FleetPlan plan = Planner.of(
            PlanNode.named("n").gpus(A100, 1).gpus(gpu("l40s"), 1).gpus(H100, 1))
        .plan(Demand.of(DemandItem.of("1g.10gb", 11)));

    assertThat(plan.unmet()).isEmpty();
    assertThat(plan.layouts("n").keySet()).containsExactly(0, 2);
    assertThat(plan.layouts("n").get(2).devices()).hasToString("{1g.10gb=7}");
  }

  @Test
  void misuse_isRefused() {
    assertThatThrownBy(() -> Planner.of(PlanNode.named("n"), PlanNode.named("n")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Two nodes are named 'n'; give each its own name");
    assertThatThrownBy(() -> Planner.of().effort(0))
        .hasMessage("The effort must be at least 1, but was 0");
    assertThatThrownBy(() -> DemandItem.of("1c.3g.20gb", 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Only whole GPU instances can be planned, but 1c.3g.20gb shares one; request"
            + " 3g.20gb");
    assertThatThrownBy(() -> DemandItem.of("3g.20gb", 0))
        .hasMessage("The count of 3g.20gb must be at least 1, but was 0");
    assertThatThrownBy(() ->
            Demand.of(DemandItem.of("1g.5gb", Integer.MAX_VALUE), DemandItem.of("2g.10gb", 1)))
        .hasMessage("A demand must have at most 2147483647 devices, but had 2147483648");
    assertThatThrownBy(() -> PlanNode.named("n").gpus(A30, 0))
        .hasMessage("Node n: the count of a30-24gb [] must be at least 1, but was 0");
    assertThatThrownBy(() -> PlanNode.named("n").gpus(A30, 2).gpu(2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("Node n has no GPU at index 2; it has 2 GPUs");
    assertThatThrownBy(() ->
            PlanGpu.of(A30).pinning(MigLayout.on(A30).add("4g.24gb", 1).build().placements()))
        .hasMessage("a30-24gb has no instance 4g.24gb@0:4 to pin; it has []");
    assertThatThrownBy(() -> Planner.of(PlanNode.named("n")).plan(Demand.of()).layouts("m"))
        .hasMessage("The plan has no node 'm'; it has [n]");
  }

  @Test
  void demand_addsUpEqualItems() {
    assertThat(Demand.of(
            DemandItem.of("1g.5gb", 2),
            DemandItem.of("1g.5gb", 1).priority(1),
            DemandItem.of("1g.5gb", 3)))
        .isEqualTo(
            Demand.of(DemandItem.of("1g.5gb", 5), DemandItem.of("1g.5gb", 1).priority(1)))
        .hasToString("5 x 1g.5gb, 1 x 1g.5gb, priority 1");
  }

  @Test
  void values_sayWhatTheyAre() {
    MigLayout layout = MigLayout.on(A30).add("2g.12gb", 1).build();

    assertThat(PlanNode.named("n").gpus(A30, 2).pinned().gpu(1))
        .isEqualTo(PlanGpu.of(A30).pinned())
        .hasToString("a30-24gb [], pinned");
    assertThat(PlanGpu.of(layout).pinning(layout.placements()))
        .hasToString("a30-24gb [2g.12gb@0:2], pinned [2g.12gb@0:2]");
    assertThat(PlanNode.named("n").gpus(A30, 2)).hasToString("n (2 GPUs)");
    assertThat(
            List.of(PlanNode.named("n").labels(Map.of("a", "b")).label("c", "d").labels()))
        .hasToString("[{a=b, c=d}]");
  }

  private static GpuModel gpu(String id) {
    return GpuCatalog.bundled().require(id);
  }
}
