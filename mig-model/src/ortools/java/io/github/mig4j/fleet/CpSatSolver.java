package io.github.mig4j.fleet;

import com.google.ortools.Loader;
import com.google.ortools.sat.CpModel;
import com.google.ortools.sat.CpSolver;
import com.google.ortools.sat.CpSolverStatus;
import com.google.ortools.sat.IntVar;
import com.google.ortools.sat.LinearExpr;
import com.google.ortools.sat.LinearExprBuilder;
import io.github.mig4j.fleet.PlannerScale.Answer;
import io.github.mig4j.fleet.PlannerScale.Problem;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.plan.PlanGpu;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The same problem for OR-Tools CP-SAT, as one would write it: for each kind of GPU how many change, for
 * each maximal multiset how many GPUs get it, and enough devices of each profile. One thread, ten
 * seconds.
 */
public final class CpSatSolver implements PlannerScale.Solver {

  private static final int SECONDS = 10;

  /** Loads the native library. */
  public CpSatSolver() {
    Loader.loadNativeLibraries();
  }

  @Override
  public String name() {
    return "CP-SAT";
  }

  @Override
  public Answer solve(Problem problem) {
    Map<PlanGpu, Integer> kinds = new LinkedHashMap<>();
    problem.gpus().forEach(gpu -> kinds.merge(gpu, 1, Integer::sum));
    CpModel model = new CpModel();
    int gpus = problem.gpus().size();
    Map<MigProfile, LinearExprBuilder> devices = new LinkedHashMap<>();
    problem.demand().keySet().forEach(p -> devices.put(p, LinearExpr.newBuilder()));
    LinearExprBuilder changed = LinearExpr.newBuilder();
    kinds.forEach((gpu, count) -> {
      Map<MigProfile, Integer> free = Problem.free(gpu);
      free.forEach((profile, each) -> {
        if (devices.containsKey(profile)) {
          devices.get(profile).add((long) each * count);
        }
      });
      if (gpu.pinnedInstances().isEmpty()) {
        IntVar changes = model.newIntVar(0, count, "changed");
        changed.add(changes);
        free.forEach((profile, each) -> {
          if (devices.containsKey(profile)) {
            devices.get(profile).addTerm(changes, -each);
          }
        });
      }
    });
    LinearExprBuilder made = LinearExpr.newBuilder();
    Layouts.of(problem.model()).maximalMultisets().forEach(multiset -> {
      IntVar times = model.newIntVar(0, gpus, "times");
      made.add(times);
      multiset.forEach((profile, each) -> {
        if (devices.containsKey(profile)) {
          devices.get(profile).addTerm(times, each);
        }
      });
    });
    model.addEquality(made, changed);
    problem.demand().forEach((profile, count) ->
        model.addGreaterOrEqual(devices.get(profile), count));
    model.minimize(changed);
    CpSolver solver = new CpSolver();
    solver.getParameters().setMaxTimeInSeconds(SECONDS).setNumSearchWorkers(1);
    CpSolverStatus status = solver.solve(model);
    if (status != CpSolverStatus.OPTIMAL && status != CpSolverStatus.FEASIBLE) {
      return new Answer(0, 0, 0, status.toString());
    }
    return new Answer(
        (int) Math.round(solver.objectiveValue()),
        (int) Math.ceil(solver.bestObjectiveBound() - 1e-6),
        0,
        status == CpSolverStatus.OPTIMAL ? "proven optimal" : "stopped after %d s".formatted(SECONDS));
  }
}
