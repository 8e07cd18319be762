package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Plans how GPUs are cut to meet a {@link Demand}: with the fewest GPUs of a model, or with those
 * that nodes have, where the fewest are cut anew and none that runs something.
 *
 * <pre>{@code
 * GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
 * Demand demand = Demand.of(DemandItem.of("1g.23gb", 500), DemandItem.of("3g.90gb", 40).priority(1));
 *
 * System.out.println(Planner.fewest(b200, demand).gpus());       // how many GPUs it takes
 *
 * FleetPlan plan = Planner.of(
 *         PlanNode.named("node-a").gpus(b200, 8),
 *         PlanNode.named("node-b").gpu(PlanGpu.of(present).pinning(running)))
 *     .plan(demand);
 * plan.changes("node-b");                                        // GPUs to be cut anew
 * plan.layouts("node-b");                                        // how, by GPU index
 * plan.unmet().forEach(unmet -> System.out.println(unmet.message()));
 * }</pre>
 *
 * <p>Each plan carries a lower bound, so that one can see what a better one could save at most. The
 * effort is limited by a number of steps, never by time: equal questions have equal answers.
 * Planners are immutable and thread-safe.
 */
public final class Planner {

  /** Takes a fraction of a second where it is used up. */
  private static final int DEFAULT_EFFORT = 20_000;

  private final List<PlanNode> nodes;
  private final int effort;

  private Planner(List<PlanNode> nodes, int effort) {
    this.nodes = nodes;
    this.effort = effort;
  }

  /**
   * A planner for some nodes.
   *
   * @param nodes the nodes, of different names
   * @return a planner with the default effort
   * @throws IllegalArgumentException if two nodes have one name
   */
  public static Planner of(PlanNode... nodes) {
    Objects.requireNonNull(nodes, "nodes");
    return of(Arrays.asList(nodes));
  }

  /**
   * A planner for some nodes.
   *
   * @param nodes the nodes, of different names
   * @return a planner with the default effort
   * @throws IllegalArgumentException if two nodes have one name
   */
  public static Planner of(List<PlanNode> nodes) {
    Objects.requireNonNull(nodes, "nodes");
    Set<String> names = new HashSet<>();
    for (PlanNode node : nodes) {
      if (!names.add(node.name())) {
        throw new IllegalArgumentException(
            "Two nodes are named '%s'; give each its own name".formatted(node.name()));
      }
    }
    return new Planner(List.copyOf(nodes), DEFAULT_EFFORT);
  }

  /**
   * Limits the effort to prove a plan the best or to find a better one.
   *
   * @param steps how many steps each search makes at most, at least 1; 20,000 if not set, which
   *     takes a fraction of a second
   * @return the changed planner
   * @throws IllegalArgumentException if it is below 1
   */
  public Planner effort(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("The effort must be at least 1, but was " + steps);
    }
    return new Planner(nodes, steps);
  }

  /**
   * The fewest GPUs of a model that meet a demand. Priorities and labels of nodes do not matter, for
   * there are as many GPUs as it takes.
   *
   * @param model the model
   * @param demand what is wanted
   * @return a plan without nodes; what the model does not offer is unmet
   */
  public static FleetPlan fewest(GpuModel model, Demand demand) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(demand, "demand");
    Problem problem = new Problem(demand, Problem.Supply.UNLIMITED);
    BitSet allowed = new BitSet();
    allowed.set(0, demand.items().size());
    GpuLot lot = problem.add(PlanGpu.of(model), 1, allowed);
    Levels.Outcome outcome = problem.solve(DEFAULT_EFFORT);
    return new FleetPlan(
        demand,
        problem.reasons().shortfalls(outcome),
        outcome,
        problem.deal(lot, Integer.MAX_VALUE),
        Map.of());
  }

  /**
   * Plans the GPUs of the nodes: meets as many devices as possible, the more urgent first, and among
   * the plans that do takes one that cuts the fewest GPUs anew. A free instance that exists meets a
   * demand as it is.
   *
   * @param demand what is wanted, besides what pinned instances run
   * @return the plan
   */
  public FleetPlan plan(Demand demand) {
    Objects.requireNonNull(demand, "demand");
    Problem problem = new Problem(demand, Problem.Supply.LIMITED);
    Map<PlanNode, List<GpuLot>> lots = new LinkedHashMap<>();
    for (PlanNode node : nodes) {
      BitSet allowed = problem.allowedBy(node.labels());
      lots.put(
          node,
          node.runs().stream()
              .map(run -> problem.add(run.gpu(), run.count(), allowed))
              .toList());
    }
    Levels.Outcome outcome = problem.solve(effort);
    List<Problem.LayoutCount> all = new ArrayList<>();
    Map<String, List<FleetPlan.PlannedRun>> planned = new LinkedHashMap<>();
    lots.forEach((node, lotOfRun) -> {
      List<FleetPlan.PlannedRun> runs = new ArrayList<>();
      for (int i = 0; i < lotOfRun.size(); i++) {
        PlanNode.Run run = node.runs().get(i);
        List<Problem.LayoutCount> layouts = problem.deal(lotOfRun.get(i), run.count());
        all.addAll(layouts);
        runs.add(new FleetPlan.PlannedRun(run, layouts));
      }
      planned.put(node.name(), runs);
    });
    return new FleetPlan(demand, problem.reasons().shortfalls(outcome), outcome, all, planned);
  }

  /**
   * Finds the fewest instances to be moved so that a demand fits into free slices, where instances
   * are made beside running ones, as NVIDIA's DRA driver makes them. Instances that are pinned, and
   * those on GPUs that are, stay where they are; a layout's other instances run something, too, but
   * may move to another GPU of the same model. GPUs without published placements stay as they are.
   *
   * @param demand what shall fit, besides all that runs
   * @return the moves and what fits then
   */
  public Defragmentation defragment(Demand demand) {
    Objects.requireNonNull(demand, "demand");
    return new DefragmentationProblem(demand, nodes).solve(effort);
  }

  /** The number of nodes, e.g. {@code planner for 3 nodes}. */
  @Override
  public String toString() {
    return "planner for %d nodes".formatted(nodes.size());
  }
}
