package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.PlanGpu;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Plans a million devices on any number of GPUs, and devices on fleets with layouts. For
 * comparison, the first plan is also computed by packing the devices one by one into the first GPU
 * with free slices, largest first.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class PlannerBenchmark {

  private static final Demand FEW = Demand.of(DemandItem.of("7g.40gb", 3));
  private static final Demand SOME = Demand.of(
      DemandItem.of("7g.180gb", 20), DemandItem.of("3g.90gb", 50), DemandItem.of("1g.23gb", 100));

  private static final String[] PROFILES = {
    "7g.40gb", "4g.20gb", "3g.20gb", "2g.10gb", "1g.10gb", "1g.5gb", "1g.5gb+me"
  };
  private static final int[] COUNTS = {50_000, 50_000, 150_000, 200_000, 200_000, 300_000, 50_000};

  private final GpuModel a100 = GpuCatalog.bundled().require("a100-40gb");
  private final Demand million = demand(1, 0);
  private final GpuModel b200 = GpuCatalog.bundled().require("b200-180gb");
  private final Planner of100 = planner(a100, 100);
  private final Planner of10000 = planner(a100, 10_000);
  private final Planner of1000B200 = planner(b200, 1_000);

  /** The same mix with fewer devices, some of them with a higher priority. */
  private static Demand demand(int divisor, int urgent) {
    List<DemandItem> items = new ArrayList<>();
    for (int i = 0; i < PROFILES.length; i++) {
      items.add(
          DemandItem.of(PROFILES[i], COUNTS[i] / divisor).priority(i < urgent ? 1 : 0));
    }
    return new Demand(items);
  }

  /** Eight GPUs per node, in every state in turn, every fifth with a pinned instance. */
  private static Planner planner(GpuModel model, int gpus) {
    List<MigLayout> states = Layouts.of(model).states().toList();
    List<PlanNode> nodes = new ArrayList<>();
    for (int i = 0; i < gpus; i++) {
      if (i % 8 == 0) {
        nodes.add(PlanNode.named("node-" + nodes.size()));
      }
      PlanGpu gpu = PlanGpu.of(states.get((i * 37) % states.size()));
      List<Placement> instances = gpu.layout().orElseThrow().placements();
      if (i % 5 == 0 && !instances.isEmpty()) {
        gpu = gpu.pinning(instances.get(0));
      }
      nodes.set(nodes.size() - 1, nodes.get(nodes.size() - 1).gpu(gpu));
    }
    return Planner.of(nodes);
  }

  @Benchmark
  public Object fewestGpusOfAMillion() {
    return Planner.fewest(a100, million);
  }

  @Benchmark
  public Object replan100Gpus() {
    return of100.plan(demand(5_000, 0));
  }

  @Benchmark
  public Object replan10000Gpus() {
    return of10000.plan(demand(50, 0));
  }

  @Benchmark
  public Object replan10000GpusTwoPriorities() {
    return of10000.plan(demand(30, 3));
  }

  @Benchmark
  public Object defragment100Gpus() {
    return of100.defragment(FEW);
  }

  /** The peer of {@link #defragment100Gpus}: new layouts for the same demand, without moves. */
  @Benchmark
  public Object replan100GpusForFew() {
    return of100.plan(FEW);
  }

  /** Nearly every GPU has a layout of its own. */
  @Benchmark
  public Object defragment1000B200s() {
    return of1000B200.defragment(SOME);
  }

  /** The peer of {@link #defragment1000B200s}. */
  @Benchmark
  public Object replan1000B200sForSome() {
    return of1000B200.plan(SOME);
  }

  @Benchmark
  public Object replan1000B200s400Priorities() {
    List<DemandItem> items = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      items.add(DemandItem.of(i % 2 == 0 ? "1g.23gb" : "3g.90gb", 1 + i % 3).priority(i));
    }
    return of1000B200.plan(new Demand(items));
  }

  /** A readable packing of the same million devices, without a bound. */
  @Benchmark
  public int firstFitOfAMillion() {
    int[] size = {8, 4, 4, 2, 2, 1, 1};
    int[][] starts = {
      {0}, {0}, {4, 0}, {4, 2, 0}, {6, 4, 2, 0}, {6, 5, 4, 3, 2, 1, 0}, {6, 5, 4, 3, 2, 1, 0}
    };
    List<int[]> gpus = new ArrayList<>();
    for (int profile = 0; profile < PROFILES.length; profile++) {
      int from = 0;
      for (int n = 0; n < COUNTS[profile]; n++) {
        while (from < gpus.size() && !place(gpus.get(from), profile, size, starts)) {
          from++;
        }
        if (from == gpus.size()) {
          gpus.add(new int[2]);
          place(gpus.get(from), profile, size, starts);
        }
      }
    }
    return gpus.size();
  }

  private static boolean place(int[] gpu, int profile, int[] size, int[][] starts) {
    if (profile == 6 && gpu[1] > 0) {
      return false;
    }
    for (int start : starts[profile]) {
      int mask = ((1 << size[profile]) - 1) << start;
      if ((gpu[0] & mask) == 0) {
        gpu[0] |= mask;
        gpu[1] += profile == 6 ? 1 : 0;
        return true;
      }
    }
    return false;
  }
}
