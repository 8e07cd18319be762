package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The measured load on 40,000 GPUs of several models, eight of one model in a row. It places an instance
 * with a random profile of the models at the best placement, and frees it. The variants use the index and
 * a scan of all GPUs.
 */
final class ModelsWorkload {

  /** The models of a fleet. */
  enum Models {
    /** One model. */
    ONE(Stream.of("h100-sxm-80gb").map(GpuCatalog.bundled()::require)),
    /** Models with profiles of their own. */
    FIVE(Stream.of("h100-sxm-80gb", "a100-40gb", "a30-24gb", "h200-141gb", "b200-180gb")
        .map(GpuCatalog.bundled()::require)),
    /** Models with equal profiles. */
    EQUAL(IntStream.range(0, 340)
        .mapToObj(i -> GpuModel.builder()
            .from(GpuCatalog.bundled().require("h100-sxm-80gb"))
            .id("h100-" + i)
            .build()));

    private final List<GpuModel> gpus;

    Models(Stream<GpuModel> gpus) {
      this.gpus = gpus.toList();
    }
  }

  private static final int QUESTIONS = 1024;

  private final Fleet fleet = new Fleet(PlacementPolicy.standard());
  private final FleetRequest[] requests;
  private final int[] all;
  private int next;

  ModelsWorkload(Models models, int gpus) {
    for (int gpu = 0; gpu < gpus; gpu++) {
      fleet.add(models.gpus.get(gpu / 8 % models.gpus.size()));
    }
    all = IntStream.range(0, gpus).toArray();
    FleetRequest[] distinct = models.gpus.stream()
        .flatMap(model -> model.profiles().stream())
        .map(profile -> fleet.request(profile.profile()))
        .distinct()
        .toArray(FleetRequest[]::new);
    Random random = new Random(1);
    for (int i = 0; i < gpus * 5L / 2; i++) {
      fleet.place(distinct[random.nextInt(distinct.length)]);
    }
    requests = random
        .ints(QUESTIONS, 0, distinct.length)
        .mapToObj(i -> distinct[i])
        .toArray(FleetRequest[]::new);
  }

  long byIndex() {
    return placedAndFreed(fleet.choose(requests[next++ % QUESTIONS]));
  }

  long byScan() {
    return placedAndFreed(requests[next++ % QUESTIONS].bestOfEach(all));
  }

  private long placedAndFreed(long chosen) {
    if (chosen != Fleet.NONE) {
      fleet.occupy(chosen);
      fleet.free(chosen);
    }
    return chosen;
  }
}
