package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * Repartitions large fleets for a demand with as few changed GPUs as possible: the planner, a first fit,
 * and every {@link Solver} on the class path. The profile {@code ortools} adds OR-Tools CP-SAT.
 */
public final class PlannerScale {

  private static final int ROUNDS = 3;

  private static final GpuModel A100 = GpuCatalog.bundled().require("a100-40gb");

  private static final List<String> PROFILES =
      List.of("7g.40gb", "4g.20gb", "3g.20gb", "2g.10gb", "1g.10gb", "1g.5gb", "1g.5gb+me");

  /** Devices for each profile, for every thousand GPUs. */
  private static final int[] PER_THOUSAND = {100, 100, 300, 400, 400, 600, 100};

  /** A demand and a fleet. A GPU with a pinned instance keeps its layout. */
  record Problem(List<PlanGpu> gpus, Map<MigProfile, Integer> demand) {

    /** Every state in turn, every fifth GPU with a pinned instance. */
    static Problem of(int gpus) {
      List<MigLayout> states = Layouts.of(A100).states().toList();
      List<PlanGpu> fleet = new ArrayList<>();
      for (int i = 0; i < gpus; i++) {
        PlanGpu gpu = PlanGpu.of(states.get((i * 37) % states.size()));
        List<Placement> instances = gpu.layout().orElseThrow().placements();
        fleet.add(i % 5 == 0 && !instances.isEmpty() ? gpu.pinning(instances.get(0)) : gpu);
      }
      Map<MigProfile, Integer> demand = new LinkedHashMap<>();
      for (int i = 0; i < PER_THOUSAND.length; i++) {
        demand.put(MigProfile.parse(PROFILES.get(i)), PER_THOUSAND[i] * gpus / 1000);
      }
      return new Problem(fleet, demand);
    }

    GpuModel model() {
      return A100;
    }

    /** The instances of a GPU that can meet demand, by profile. */
    static Map<MigProfile, Integer> free(PlanGpu gpu) {
      Map<MigProfile, Integer> free = new LinkedHashMap<>();
      gpu.layout()
          .orElseThrow()
          .placements()
          .forEach(p -> free.merge(p.profile(), 1, Integer::sum));
      gpu.pinnedInstances().forEach(p -> free.merge(p.profile(), -1, Integer::sum));
      return free;
    }
  }

  /** An answer; the bound is 0 if the solver has none. */
  record Answer(int changed, int bound, int unmet, String note) {}

  /** Another way to solve it. */
  interface Solver {
    String name();

    Answer solve(Problem problem);
  }

  private PlannerScale() {}

  /**
   * Prints the table.
   *
   * @param args the numbers of GPUs, 10,000 and 100,000 if absent
   */
  public static void main(String[] args) throws ReflectiveOperationException {
    List<Solver> solvers = new ArrayList<>(List.of(new Ours(), new FirstFit()));
    ServiceLoader.load(Solver.class).forEach(solvers::add);
    List<String> sizes = args.length > 0 ? List.of(args) : List.of("10000", "100000");
    System.out.println();
    System.out.println("| GPUs | solver | ms, median of " + ROUNDS
        + " | MB allocated | GPUs changed | lower bound | gap | devices unmet | |");
    System.out.println("|---|---|---|---|---|---|---|---|---|");
    for (String size : sizes) {
      Problem problem = Problem.of(Integer.parseInt(size));
      for (Solver solver : solvers) {
        print(problem, solver);
      }
    }
  }

  private static void print(Problem problem, Solver solver) throws ReflectiveOperationException {
    AllocatedBytes bytes = new AllocatedBytes();
    solver.solve(problem);
    double[] millis = new double[ROUNDS];
    long allocated = 0;
    Answer answer = null;
    for (int round = 0; round < ROUNDS; round++) {
      long before = bytes.now();
      long start = System.nanoTime();
      answer = solver.solve(problem);
      millis[round] = (System.nanoTime() - start) / 1e6;
      allocated = bytes.now() - before;
    }
    Arrays.sort(millis);
    System.out.printf(
        Locale.ROOT,
        "| %,d | %s | %,.0f | %,.1f | %,d | %s | %s | %d | %s |%n",
        problem.gpus().size(),
        solver.name(),
        millis[ROUNDS / 2],
        allocated / 1e6,
        answer.changed,
        answer.bound == 0 ? "" : String.format(Locale.ROOT, "%,d", answer.bound),
        answer.bound == 0 ? "" : answer.changed - answer.bound,
        answer.unmet,
        answer.note);
  }

  private static final class Ours implements Solver {

    @Override
    public String name() {
      return "`Planner.plan`";
    }

    @Override
    public Answer solve(Problem problem) {
      PlanNode node = PlanNode.named("fleet");
      List<PlanNode> nodes = new ArrayList<>();
      for (int i = 0; i < problem.gpus().size(); i++) {
        node = node.gpu(problem.gpus().get(i));
        if (i % 8 == 7 || i == problem.gpus().size() - 1) {
          nodes.add(node);
          node = PlanNode.named("fleet-" + i);
        }
      }
      List<DemandItem> items = new ArrayList<>();
      problem
          .demand()
          .forEach((profile, count) -> items.add(DemandItem.of(profile.toString(), count)));
      FleetPlan plan = Planner.of(nodes).plan(new Demand(items));
      return new Answer(
          plan.gpus(),
          plan.lowerBound(),
          plan.unmetCount(),
          plan.isOptimal() ? "proven optimal" : "");
    }
  }

  /**
   * Uses the free instances of the GPUs in turn, and packs the rest, largest first, into the GPUs of
   * which it used none.
   */
  private static final class FirstFit implements Solver {

    @Override
    public String name() {
      return "first fit";
    }

    @Override
    public Answer solve(Problem problem) {
      Map<MigProfile, Integer> rest = new LinkedHashMap<>(problem.demand());
      int unused = 0;
      for (PlanGpu gpu : problem.gpus()) {
        boolean isUsed = !gpu.pinnedInstances().isEmpty();
        for (Map.Entry<MigProfile, Integer> free : Problem.free(gpu).entrySet()) {
          int taken = Math.min(free.getValue(), rest.getOrDefault(free.getKey(), 0));
          rest.computeIfPresent(free.getKey(), (any, count) -> count - taken);
          isUsed |= taken > 0;
        }
        unused += isUsed ? 0 : 1;
      }
      Fleet fleet = new Fleet(PlacementPolicy.firstFit());
      int changed = 0;
      int unmet = 0;
      for (Map.Entry<MigProfile, Integer> wanted : rest.entrySet()) {
        FleetRequest request = fleet.request(wanted.getKey());
        for (int i = 0; i < wanted.getValue(); i++) {
          if (fleet.place(request) == Fleet.NONE) {
            if (changed < unused) {
              fleet.add(problem.model());
              changed++;
              fleet.place(request);
            } else {
              unmet++;
            }
          }
        }
      }
      return new Answer(changed, 0, unmet, "");
    }
  }
}
