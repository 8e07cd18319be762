package io.github.mig4j.fleet;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Chooses among GPUs of several models: of one, of five with profiles of their own, of 340 equal ones. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ManyModelsBenchmark {

  private static final int GPUS = 40_000;

  @Param({"one", "five", "equal"})
  String models;

  private Fleet fleet;
  private FleetRequest[] requests;
  private int next;

  @Setup
  public void fill() {
    GpuCatalog catalog = GpuCatalog.bundled();
    GpuModel h100 = catalog.require("h100-sxm-80gb");
    List<GpuModel> kinds =
        switch (models) {
          case "one" -> List.of(h100);
          case "five" ->
            List.of(
                h100,
                catalog.require("a100-40gb"),
                catalog.require("a30-24gb"),
                catalog.require("h200-141gb"),
                catalog.require("b200-180gb"));
          default ->
            IntStream.range(0, 340)
                .mapToObj(i -> GpuModel.builder().from(h100).id("h100-" + i).build())
                .toList();
        };
    fleet = new Fleet(PlacementPolicy.standard());
    for (int gpu = 0; gpu < GPUS; gpu++) {
      fleet.add(kinds.get(gpu / 8 % kinds.size()));
    }
    requests = kinds.stream()
        .flatMap(kind -> kind.profiles().stream())
        .map(profile -> fleet.request(profile.profile()))
        .distinct()
        .toArray(FleetRequest[]::new);
    Random random = new Random(1);
    for (int i = 0; i < 3 * GPUS; i++) {
      fleet.place(requests[random.nextInt(requests.length)]);
    }
  }

  @Benchmark
  public long placeAndFree() {
    next = (next + 1) % requests.length;
    long placed = fleet.place(requests[next]);
    if (placed != Fleet.NONE) {
      fleet.free(placed);
    }
    return placed;
  }
}
