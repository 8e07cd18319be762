package io.github.mig4j.config;


import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
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
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Reading and checking a file as large as the operator's default: the generated configurations of
 * all models with a PCI device id. SnakeYAML's own reading into maps, which finds nothing, stands beside it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReadAndLintBenchmark {

  private final String text = MigConfigDocument.generatedFor(
          GpuCatalog.bundled().models().stream()
              .filter(model -> model.supportsMig() && !model.boards().isEmpty())
              .toList())
      .toYaml();
  private final List<NodeGpu> gpus =
      NodeGpu.several(GpuCatalog.bundled().require("h100-sxm-80gb"), 8);

  @Benchmark
  public Object snakeYamlIntoMaps() {
    return new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
  }

  @Benchmark
  public Object read() {
    return MigConfigFile.read(text);
  }

  @Benchmark
  public Object readAndLint() {
    return NodeLint.of(MigConfigFile.read(text), gpus, MigStrategy.MIXED, "all-disabled");
  }
}
