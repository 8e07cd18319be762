package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.MigLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Plans the layouts of GPUs that meet a {@link Demand}. The plan uses either the fewest GPUs of one
 * model, or the GPUs of given nodes. On given nodes it repartitions as few GPUs as possible, and no
 * GPU with a pinned instance.
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
 * plan.changes("node-b");                                        // GPUs to repartition
 * plan.layouts("node-b");                                        // how, by GPU index
 * plan.unmet().forEach(unmet -> System.out.println(unmet.message()));
 * }</pre>
 *
 * <p>Each plan has a lower bound, which shows how much a better plan can save at most. The number
 * of steps limits the search, not the time, so equal inputs have equal plans. Planners are
 * immutable and thread-safe.
 */
public final class Planner {

  /** An answer with this number of steps takes a fraction of a second. */
  private static final int DEFAULT_EFFORT = 20_000;

  private final List<PlanNode> nodes;
  private final int effort;

  private Planner(List<PlanNode> nodes, int effort) {
    this.nodes = nodes;
    this.effort = effort;
  }

  /** A planner for some nodes, as {@link #of(List)} creates it. */
  public static Planner of(PlanNode... nodes) {
    Objects.requireNonNull(nodes, "nodes");
    return of(Arrays.asList(nodes));
  }

  /**
   * A planner for some nodes, with the default effort.
   *
   * @param nodes the nodes, of different names
   * @throws IllegalArgumentException if two nodes have one name, or if the nodes have more than
   *     {@link Integer#MAX_VALUE} GPUs together
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
    long gpus = nodes.stream().mapToLong(PlanNode::gpuCount).sum();
    if (gpus > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "The nodes of a plan must have at most %d GPUs together, but have %d"
              .formatted(Integer.MAX_VALUE, gpus));
    }
    return new Planner(List.copyOf(nodes), DEFAULT_EFFORT);
  }

  /**
   * Limits the work for one answer: the preparation, the search for a better plan, and the proof that
   * the plan is the best. If the work ends early, the answer {@linkplain FleetPlan#isStopped says
   * so}. Its lower bounds are then still right, but can be far from the best plan.
   *
   * @param steps the maximum number of steps, at least 1; the default is 20,000, which takes a
   *     fraction of a second
   * @throws IllegalArgumentException if it is below 1
   */
  public Planner effort(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("The effort must be at least 1, but was " + steps);
    }
    return new Planner(nodes, steps);
  }

  /**
   * Plans the fewest GPUs of a model that meet a demand. Priorities and node labels do not matter,
   * because the number of GPUs is unlimited.
   *
   * @return a plan without nodes; devices that the model does not offer are unmet
   */
  public static FleetPlan fewest(GpuModel model, Demand demand) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(demand, "demand");
    LayoutProblem problem =
        new LayoutProblem(demand, LayoutProblem.Supply.UNLIMITED, Effort.ofSteps(DEFAULT_EFFORT));
    GpuGroup group = problem.add(PlanGpu.of(model), 1, problem.rows.all());
    PrioritySearch.Outcome outcome = problem.solve();
    return new FleetPlan(
        demand,
        problem.reasons().shortfalls(outcome),
        outcome,
        problem.nextLayouts(group, Integer.MAX_VALUE),
        Map.of());
  }

  /**
   * Plans the GPUs of the nodes. The plan meets as many devices as possible, by descending
   * priority. Among such plans it repartitions the fewest GPUs. Existing free instances meet demand
   * without a change.
   *
   * @param demand the requested devices, in addition to the pinned instances
   */
  public FleetPlan plan(Demand demand) {
    Objects.requireNonNull(demand, "demand");
    LayoutProblem problem =
        new LayoutProblem(demand, LayoutProblem.Supply.LIMITED, Effort.ofSteps(effort));
    Map<PlanNode, List<GpuGroup>> groups = new LinkedHashMap<>();
    for (PlanNode node : nodes) {
      BitSet allowed = problem.rows.allowedBy(node.labels());
      groups.put(
          node,
          node.runs().stream()
              .map(run -> problem.add(run.gpu(), run.count(), allowed))
              .toList());
    }
    PrioritySearch.Outcome outcome = problem.solve();
    List<LayoutProblem.LayoutCount> all = new ArrayList<>();
    Map<String, List<FleetPlan.PlannedRun>> planned = new LinkedHashMap<>();
    groups.forEach((node, groupOfRun) -> {
      List<FleetPlan.PlannedRun> runs = new ArrayList<>();
      int first = 0;
      for (int i = 0; i < groupOfRun.size(); i++) {
        PlanNode.Run run = node.runs().get(i);
        int next = first + run.count();
        for (LayoutProblem.LayoutCount cut : problem.nextLayouts(groupOfRun.get(i), run.count())) {
          all.add(cut);
          runs.add(new FleetPlan.PlannedRun(first, cut.count(), cut.layout(), true));
          first += cut.count();
        }
        Optional<MigLayout> kept = run.gpu().layout();
        if (first < next && kept.isPresent()) {
          runs.add(new FleetPlan.PlannedRun(first, next - first, kept.get(), false));
        }
        first = next;
      }
      planned.put(node.name(), List.copyOf(runs));
    });
    return new FleetPlan(demand, problem.reasons().shortfalls(outcome), outcome, all, planned);
  }

  /**
   * Finds the fewest moves of instances after which a demand fits into free slices. New instances
   * are created beside running ones, as NVIDIA's DRA driver does. Pinned instances and instances on
   * pinned GPUs stay. All other instances run a workload, too, but can move to another GPU of the
   * same model. GPUs without published placements do not change, nor do those of a model with more
   * than 65,536 states, which no known GPU has.
   *
   * @param demand the requested devices, in addition to all existing instances
   * @return the moves, and what fits after them
   * @throws IllegalArgumentException if the nodes have more than 100,000 GPUs together, because the
   *     answer lists each instance
   */
  public Defragmentation defragment(Demand demand) {
    Objects.requireNonNull(demand, "demand");
    long gpus = nodes.stream().mapToLong(PlanNode::gpuCount).sum();
    if (gpus > FleetPlan.MAX_GPUS_LISTED) {
      throw new IllegalArgumentException(
          "At most %d GPUs can be defragmented, but the nodes have %d; defragment some of the nodes"
              .formatted(FleetPlan.MAX_GPUS_LISTED, gpus));
    }
    return new DefragmentationProblem(demand, nodes, Effort.ofSteps(effort)).solve();
  }

  /** The number of nodes, e.g. {@code planner for 3 nodes}. */
  @Override
  public String toString() {
    return "planner for %d nodes".formatted(nodes.size());
  }
}
