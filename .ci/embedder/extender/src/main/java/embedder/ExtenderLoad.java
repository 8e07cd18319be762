package embedder;

import com.sun.management.ThreadMXBean;
import io.github.mig4j.fleet.Criterion;
import io.github.mig4j.fleet.Fleet;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.fleet.FleetRequest;
import io.github.mig4j.fleet.PlacementPolicy;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.MigLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Decides on the GPUs of a large cluster with the engine and with a scan of a list. */
public final class ExtenderLoad {

  static final List<String> MODELS =
      List.of("a100-40gb", "a30-24gb", "h100-sxm-80gb", "h200-141gb", "b200-180gb");
  static final List<String> PROFILES = List.of(
      "1g.5gb", "3g.20gb", "1g.6gb", "2g.12gb", "1g.10gb", "2g.20gb", "3g.40gb", "1g.18gb", "4g.71gb", "1g.23gb",
      "7g.180gb");

  /** What the scan compares, and the policy of the engine. */
  static final List<Criterion> CRITERIA = List.of(
      Criterion.EMPTY,
      Criterion.LOSS.plus(Criterion.FREE_SLICES).plus(Criterion.SCARCITY.times(2)));

  static final PlacementPolicy POLICY =
      PlacementPolicy.by(CRITERIA.get(0)).then(CRITERIA.get(1));

  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private ExtenderLoad() {}

  static List<FleetGpu> cluster(int gpus) {
    List<GpuModel> models =
        MODELS.stream().map(GpuCatalog.bundled()::require).toList();
    List<FleetGpu> cluster = new ArrayList<>();
    for (int gpu = 0; gpu < gpus; gpu++) {
      GpuModel model = models.get(gpu / 8 % models.size());
      cluster.add(FleetGpu.of("node-" + gpu / 8, gpu % 8, MigLayout.on(model).build()));
    }
    return cluster;
  }

  /** One decision: a random instance ends at every third, a pod arrives at the others. */
  private interface Scheduler {
    long place(int profile);

    void free(long instance);
  }

  private static void measure(String name, Scheduler scheduler, int warmUp, int decisions) {
    Random random = new Random(1);
    List<Long> running = new ArrayList<>();
    run(scheduler, random, running, warmUp);
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    long listBytes = run(scheduler, random, running, decisions);
    double seconds = (System.nanoTime() - start) / 1e9;
    bytes = THREADS.getCurrentThreadAllocatedBytes() - bytes - listBytes;
    System.out.printf(
        "%s: %,.0f decisions per second, %,.0f bytes per decision%n",
        name,
        decisions / seconds,
        (double) bytes / decisions);
  }

  /** Returns the bytes of the boxed numbers that the load itself keeps. */
  private static long run(Scheduler scheduler, Random random, List<Long> running, int decisions) {
    long own = 0;
    for (int i = 0; i < decisions; i++) {
      if (i % 3 == 2 && !running.isEmpty()) {
        int which = random.nextInt(running.size());
        scheduler.free(running.get(which));
        running.set(which, running.get(running.size() - 1));
        running.remove(running.size() - 1);
      }
      long placed = scheduler.place(random.nextInt(PROFILES.size()));
      if (placed != Fleet.NONE) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        running.add(placed);
        own += THREADS.getCurrentThreadAllocatedBytes() - before;
      }
    }
    return own;
  }

  public static void main(String[] args) {
    int gpus = args.length > 0 ? Integer.parseInt(args[0]) : 40_000;
    List<FleetGpu> cluster = cluster(gpus);
    Extender extender = new Extender(POLICY);
    long start = System.nanoTime();
    extender.resync(cluster);
    System.out.printf(
        "%,d GPUs of %d models read in %,d ms%n",
        gpus,
        MODELS.size(),
        (System.nanoTime() - start) / 1_000_000);
    FleetRequest[] requests =
        PROFILES.stream().map(extender::request).toArray(FleetRequest[]::new);
    measure(
        "engine",
        new Scheduler() {
          @Override
          public long place(int profile) {
            return extender.place(requests[profile]);
          }

          @Override
          public void free(long instance) {
            extender.free(instance);
          }
        },
        200_000,
        1_000_000);
    ListScan scan = new ListScan(cluster);
    List<MigProfile> profiles = PROFILES.stream().map(MigProfile::parse).toList();
    measure(
        "list scan",
        new Scheduler() {
          @Override
          public long place(int profile) {
            return scan.place(profiles.get(profile), CRITERIA);
          }

          @Override
          public void free(long instance) {
            scan.free(instance);
          }
        },
        40,
        200);
  }
}
