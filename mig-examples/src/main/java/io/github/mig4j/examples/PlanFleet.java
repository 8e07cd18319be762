package io.github.mig4j.examples;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.ProfileNeed;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.plan.Defragmentation;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.util.List;

/** Plans two nodes whose GPUs are partly in use: which are cut again, what is unmet, what can move. */
public final class PlanFleet {

  private PlanFleet() {}

  /**
   * Runs the example, which needs no cluster.
   *
   * @param args none
   */
  public static void main(String[] args) {
    GpuModel a100 = GpuCatalog.bundled().require("a100-40gb");
    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    MigLayout inference =
        MigLayout.on(a100).addAt("3g.20gb", 4).addAt("1g.5gb", 0).build();
    List<PlanNode> nodes = List.of(
        PlanNode.named("node-a")
            .label("zone", "a")
            .gpu(PlanGpu.of(inference).pinning(inference.placements().get(1)))
            .gpu(PlanGpu.of(MigLayout.on(a100).add("1g.5gb", 7).build())),
        PlanNode.named("node-b").label("zone", "b").gpus(b200, 2));
    Demand demand = Demand.of(
        DemandItem.of("3g.20gb", 2).priority(1),
        DemandItem.of(ProfileNeed.anything().memoryGib(40).sms(30), 3).onNodesWith("zone", "b"),
        DemandItem.of("1g.23gb", 6));

    System.out.println("How many B200 it would take from scratch");
    System.out.println("  " + Planner.fewest(b200, Demand.of(DemandItem.of("1g.23gb", 100))));

    System.out.println("Demand");
    demand.items().forEach(item -> System.out.println("  " + item));
    FleetPlan plan = Planner.of(nodes).plan(demand);
    for (String node : plan.nodes()) {
      System.out.println("Plan for " + node + ": cut again " + plan.changes(node));
      System.out.print(
          LayoutDiagram.ofNode(List.copyOf(plan.layouts(node).values())).toText());
    }
    System.out.printf(
        "%d GPUs are cut again, at least %d (gap %d); %d unmet, at least %d%n",
        plan.gpus(), plan.lowerBound(), plan.gap(), plan.unmetCount(), plan.unmetLowerBound());
    plan.unmet().forEach(unmet -> System.out.println("  " + unmet.message()));

    System.out.println("Moves that would make room for a 7g.40gb beside what runs");
    Defragmentation moves = Planner.of(PlanNode.named("node-c")
            .gpu(PlanGpu.of(inference))
            .gpu(PlanGpu.of(MigLayout.on(a100).addAt("2g.10gb", 2).build())))
        .defragment(Demand.of(DemandItem.of("7g.40gb", 1)));
    moves.moves().forEach(move -> System.out.println("  " + move));
    moves.fits().forEach(fit -> System.out.println("  then " + fit.location()));
  }
}
