package io.github.mig4j.examples.migctl.console;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a simulated GPU Operator. */
public final class Simulation {

  @Option(
      names = "--nodes",
      split = ",",
      paramLabel = "NAME=ID[:COUNT]",
      defaultValue = "gpu-node=b200-180gb,l40s-node=l40s:2",
      description =
          "The nodes and their GPUs, of several models as ID:COUNT+ID:COUNT; ${DEFAULT-VALUE} by default.")
  private List<String> nodes = List.of();

  @Option(
      names = "--strategy",
      paramLabel = "STRATEGY",
      defaultValue = "mixed",
      description =
          "none, single or mixed, if no ClusterPolicy sets it; ${DEFAULT-VALUE} by default.")
  private MigStrategy strategy = MigStrategy.MIXED;

  @Option(
      names = "--step",
      paramLabel = "DURATION",
      defaultValue = "0.5s",
      description =
          "How long each step of the simulated operator takes; ${DEFAULT-VALUE} by default.")
  private Duration step = Duration.ofMillis(500);

  @Option(names = "--for", paramLabel = "DURATION", description = "End after this time.")
  private @Nullable Duration end;

  /** The nodes that are simulated. */
  public List<NodeShape> nodes() {
    return NodeShape.named(nodes);
  }

  /** Adds the nodes and the settings to a simulator that is not started yet. */
  public GpuOperatorSimulator.Builder in(GpuOperatorSimulator.Builder operator) {
    operator.strategy(strategy).timings(SimulatorTimings.everyStep(step));
    nodes().forEach(node -> operator.node(node.name(), node.gpus().toArray(GpuModel[]::new)));
    return operator;
  }

  /** Waits for the requested end; without one, until the process ends. */
  public void awaitEnd() throws InterruptedException {
    Thread.sleep(end == null ? Long.MAX_VALUE : end.toMillis());
  }
}
