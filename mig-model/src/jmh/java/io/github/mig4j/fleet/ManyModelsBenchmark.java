package io.github.mig4j.fleet;

import java.util.concurrent.TimeUnit;
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

/** Chooses among GPUs of several models; {@link ModelsWorkload} describes the load. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ManyModelsBenchmark {

  @Param({"ONE", "FIVE", "EQUAL"})
  String models;

  private ModelsWorkload fleet;

  @Setup
  public void fill() {
    fleet = new ModelsWorkload(ModelsWorkload.Models.valueOf(models), 40_000);
  }

  @Benchmark
  public long placeAndFree_index() {
    return fleet.byIndex();
  }

  @Benchmark
  public long placeAndFree_scan() {
    return fleet.byScan();
  }
}
