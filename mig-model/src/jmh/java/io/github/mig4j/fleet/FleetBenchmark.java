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

/** Chooses among many GPUs; {@link FleetWorkload} describes the load. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FleetBenchmark {

  @Param({"10", "100", "1000", "10000", "100000", "1000000"})
  int gpus;

  private FleetWorkload fleet;

  @Setup
  public void fill() {
    fleet = new FleetWorkload(gpus);
  }

  @Benchmark
  public long freeAndPlace_index() {
    return fleet.byIndex();
  }

  @Benchmark
  public long freeAndPlace_scan() {
    return fleet.byScan();
  }

  @Benchmark
  public long freeAndPlace_sortedCandidates() {
    return fleet.bySortedCandidates();
  }

  /** Frees and places an instance, and rolls both back. */
  @Benchmark
  public long freeAndPlace_takenBack() {
    return fleet.takenBack();
  }

  /** Chooses among the eight GPUs of one node. */
  @Benchmark
  public long choose_onOneNode() {
    return fleet.chooseOnOneNode();
  }

  @Benchmark
  public long choose_onOneNodeByScan() {
    return fleet.chooseOnOneNodeByScan();
  }

  /** Chooses among every second GPU. */
  @Benchmark
  public long choose_amongHalf() {
    return fleet.chooseAmongHalf();
  }

  @Benchmark
  public long choose_amongHalfByScan() {
    return fleet.chooseAmongHalfByScan();
  }
}
