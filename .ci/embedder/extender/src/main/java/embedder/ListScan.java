package embedder;

import io.github.mig4j.fleet.Criterion;
import io.github.mig4j.fleet.FleetGpu;
import io.github.mig4j.fleet.GpuState;
import io.github.mig4j.fleet.GpuStates;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.layout.Placement;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a scheduler without the engine does: it reads a list of all GPUs for each pod, and keeps the best.
 */
final class ListScan {

  private final GpuState[] gpus;
  private final Map<GpuModel, GpuStates> tables = new HashMap<>();

  ListScan(List<FleetGpu> cluster) {
    gpus = cluster.stream()
        .map(gpu -> tables
            .computeIfAbsent(gpu.running().gpu(), GpuStates::of)
            .of(gpu.running()))
        .toArray(GpuState[]::new);
  }

  /** Places an instance; the result is a GPU's position in the list and a placement's number, or -1. */
  long place(MigProfile profile, List<Criterion> criteria) {
    int bestGpu = -1;
    Placement best = null;
    double[] least = new double[criteria.size()];
    double[] cost = new double[criteria.size()];
    for (int gpu = 0; gpu < gpus.length; gpu++) {
      GpuState before = gpus[gpu];
      if (!before.states().profiles().contains(profile)) {
        continue;
      }
      for (Placement placement : before.states().placements()) {
        if (placement.profile().equals(profile) && before.canPlace(placement)) {
          GpuState after = before.place(placement);
          for (int i = 0; i < cost.length; i++) {
            cost[i] = criteria.get(i).cost(before, placement, after);
          }
          if (best == null || Arrays.compare(cost, least) < 0) {
            bestGpu = gpu;
            best = placement;
            System.arraycopy(cost, 0, least, 0, cost.length);
          }
        }
      }
    }
    if (best == null) {
      return -1;
    }
    gpus[bestGpu] = gpus[bestGpu].place(best);
    return (long) bestGpu << 32 | gpus[bestGpu].states().placement(profile, best.start());
  }

  void free(long instance) {
    int gpu = (int) (instance >> 32);
    gpus[gpu] = gpus[gpu].free(gpus[gpu].states().placements().get((int) instance));
  }
}
