package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.Placement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Finds the best start of a profile on one H100, and places and frees it there, in random states
 * and for random profiles: by tables, by tables with wider numbers, by the readable values over them, and
 * by a search per call over a list of instances.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OneGpuBenchmark {

  private static final int QUESTIONS = 1024;

  private final GpuModel h100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private final GpuStates states = GpuStates.of(h100);
  private final int[] state = new int[QUESTIONS];
  private final int[] profile = new int[QUESTIONS];
  private final GpuState[] stateValue = new GpuState[QUESTIONS];
  private final GpuInstanceProfile[] profileValue = new GpuInstanceProfile[QUESTIONS];
  private final List<List<Placement>> running = new ArrayList<>();

  /** The same results in an int for each state and profile, four times as large. */
  private int[] wide;

  private int next;

  /** Typical states: up to five random placements. */
  public OneGpuBenchmark() {
    Random random = new Random(1);
    for (int i = 0; i < QUESTIONS; i++) {
      GpuState drawn = states.empty();
      for (int n = random.nextInt(6); n > 0 && drawn.choices() > 0; n--) {
        drawn = drawn.place(drawn.freePlacements().get(random.nextInt(drawn.choices())));
      }
      stateValue[i] = drawn;
      state[i] = drawn.number();
      running.add(new ArrayList<>(drawn.layout().placements()));
      profile[i] = random.nextInt(states.profiles().size());
      profileValue[i] = h100.profiles().get(profile[i]);
    }
  }

  @Setup
  public void widen() {
    int profiles = states.profiles().size();
    wide = new int[states.all().size() * profiles];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = states.best(i / profiles, i % profiles);
    }
  }

  private int next() {
    next = (next + 1) & (QUESTIONS - 1);
    return next;
  }

  @Benchmark
  public int best_tables() {
    int i = next();
    return states.best(state[i], profile[i]);
  }

  @Benchmark
  public int best_wideTables() {
    int i = next();
    return wide[state[i] * 7 + profile[i]];
  }

  /** The questions alone. */
  @Benchmark
  public int best_nothing() {
    int i = next();
    return state[i] + profile[i];
  }

  @Benchmark
  public Object best_values() {
    int i = next();
    return stateValue[i].best(profileValue[i].profile());
  }

  @Benchmark
  public Object best_search() {
    int i = next();
    return best(running.get(i), profileValue[i]);
  }

  @Benchmark
  public int bestPlaceFree_tables() {
    int i = next();
    int best = states.best(state[i], profile[i]);
    if (best == GpuStates.NONE) {
      return best;
    }
    int busy = states.place(state[i], best);
    return states.free(busy, best);
  }

  @Benchmark
  public Object bestPlaceFree_search() {
    int i = next();
    List<Placement> gpu = running.get(i);
    Placement best = best(gpu, profileValue[i]);
    if (best != null) {
      gpu.add(best);
      gpu.remove(best);
    }
    return gpu;
  }

  /** The start after which the most choices remain, directly from the rules. */
  private Placement best(List<Placement> gpu, GpuInstanceProfile wanted) {
    Placement best = null;
    int most = -1;
    for (int start : wanted.starts()) {
      Placement candidate = new Placement(wanted.profile(), start, wanted.size().getAsInt());
      if (fits(gpu, candidate, wanted.maxInstances())) {
        List<Placement> after = new ArrayList<>(gpu);
        after.add(candidate);
        int choices = choices(after);
        if (choices > most) {
          best = candidate;
          most = choices;
        }
      }
    }
    return best;
  }

  private int choices(List<Placement> gpu) {
    int choices = 0;
    for (GpuInstanceProfile p : h100.profiles()) {
      for (int start : p.starts()) {
        if (fits(gpu, new Placement(p.profile(), start, p.size().getAsInt()), p.maxInstances())) {
          choices++;
        }
      }
    }
    return choices;
  }

  private static boolean fits(List<Placement> gpu, Placement candidate, int maxInstances) {
    int same = 0;
    for (Placement placed : gpu) {
      if (placed.overlaps(candidate)) {
        return false;
      }
      if (placed.profile().equals(candidate.profile())) {
        same++;
      }
    }
    return same < maxInstances;
  }
}
