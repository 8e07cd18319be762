package io.github.mig4j.examples.migctl.demo;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description =
        "Starts a cluster with simulated GPUs in this process, on this machine only, and writes a"
            + " kubeconfig for it. It ends with Ctrl-C. No GPU, cluster or container is needed.",
    footer = {
      "",
      "Examples:",
      "  migctl demo",
      "  migctl demo --nodes gpu-node=b200-180gb,h100-a=h100-sxm-80gb:8",
      "",
      "In another terminal, after the line 'export KUBECONFIG=...' that it prints:",
      "  migctl status",
      "  migctl publish mig-config.yaml",
      "  migctl apply gpu-node b200-split-small",
      "",
      "kubectl can get, watch, describe, label, annotate, patch, cordon, apply and",
      "delete there. No pod is scheduled or run."
    })
public final class DemoCommand extends AnswerCommand {

  private static final String CONFIG_MAP = "mig-config";

  @Option(
      names = "--nodes",
      split = ",",
      paramLabel = "NAME=ID[:COUNT]",
      defaultValue = "gpu-node=b200-180gb,l40s-node=l40s:2",
      description = "The nodes and their GPUs; ${DEFAULT-VALUE} by default.")
  private List<String> nodes = List.of();

  @Option(
      names = "--strategy",
      paramLabel = "STRATEGY",
      defaultValue = "mixed",
      description = "none, single or mixed; ${DEFAULT-VALUE} by default.")
  private MigStrategy strategy = MigStrategy.MIXED;

  @Option(
      names = "--write-kubeconfig",
      paramLabel = "FILE",
      description =
          "Where to write the kubeconfig; a temporary file by default, which is deleted at"
              + " the end.")
  private @Nullable Path kubeconfig;

  @Option(
      names = "--step",
      paramLabel = "DURATION",
      defaultValue = "PT0.5S",
      description = "How long each step of the simulated operator takes; half a second by default.")
  private Duration step = Duration.ofMillis(500);

  @Option(names = "--for", paramLabel = "DURATION", description = "End after this time.")
  private @Nullable Duration end;

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<NodeShape> shapes = NodeShape.named(nodes);
    Path written = writable();
    try (KubectlRequests kubectl = new KubectlRequests();
        EmbeddedCluster cluster = new EmbeddedCluster(kubectl::answer)) {
      MigClient.of(cluster.client())
          .configMap(CONFIG_MAP)
          .merge("all-disabled", MigConfigSpec.allDisabled());
      GpuOperatorSimulator.Builder operator = GpuOperatorSimulator.on(cluster.client())
          .strategy(strategy)
          .configMap(CONFIG_MAP)
          .timings(SimulatorTimings.everyStep(step));
      shapes.forEach(shape -> operator.node(shape.name(), shape.gpus().toArray(GpuModel[]::new)));
      try (GpuOperatorSimulator simulator = operator.start()) {
        cluster.showLogsOf(simulator);
        write(written, cluster.kubeconfig());
        announce(cluster, shapes, written);
        Thread.sleep(end == null ? Long.MAX_VALUE : end.toMillis());
      }
    }
    return ExitCode.YES;
  }

  /** Before the cluster starts, since without a kubeconfig nobody can use it. */
  private Path writable() throws IOException {
    if (kubeconfig != null && Output.isStandardOutput(kubeconfig)) {
      throw usage(
          "--write-kubeconfig needs the name of a file, because other terminals read it, not '-'");
    }
    if (kubeconfig != null) {
      Output.requireWritable(kubeconfig);
      return kubeconfig.toAbsolutePath();
    }
    Path temporary = Files.createTempFile("migctl-demo-", ".kubeconfig");
    temporary.toFile().deleteOnExit();
    return temporary;
  }

  private void announce(EmbeddedCluster cluster, List<NodeShape> shapes, Path written) {
    out().println("Simulating a cluster on " + cluster.client().getMasterUrl());
    shapes.forEach(shape -> out().println("  " + shape));
    out().println("Ctrl-C ends it. In another terminal:");
    out().println();
    out().println("  export KUBECONFIG=" + written);
    out().println("  migctl status");
  }
}
