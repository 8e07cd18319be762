package io.github.mig4j.examples.migctl.demo;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.Simulation;
import io.github.mig4j.examples.migctl.console.Subcommand;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
public final class DemoCommand extends Subcommand {

  private static final String CONFIG_MAP = "mig-config";

  @Mixin
  private final Simulation simulation = new Simulation();

  @Option(
      names = "--write-kubeconfig",
      paramLabel = "FILE",
      description =
          "Where to write the kubeconfig; a temporary file by default, which is deleted at"
              + " the end.")
  private @Nullable Path kubeconfig;

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<NodeShape> nodes = simulation.nodes();
    Path written = writable();
    try (KubectlRequests kubectl = new KubectlRequests();
        EmbeddedCluster cluster = new EmbeddedCluster(kubectl::answer)) {
      MigClient.of(cluster.client())
          .configMap(CONFIG_MAP)
          .merge("all-disabled", MigConfigSpec.allDisabled());
      try (GpuOperatorSimulator simulator = simulation
          .in(GpuOperatorSimulator.on(cluster.client()).configMap(CONFIG_MAP))
          .start()) {
        cluster.showLogsOf(simulator);
        write(written, cluster.kubeconfig());
        announce(cluster, nodes, written);
        simulation.awaitEnd();
      }
    }
    return ExitCode.YES;
  }

  /** Before the cluster starts, because the cluster is of no use without its kubeconfig. */
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

  private void announce(EmbeddedCluster cluster, List<NodeShape> nodes, Path written) {
    out().println("Simulating a cluster on " + cluster.client().getMasterUrl());
    nodes.forEach(node -> out().println("  " + node));
    out().println("Ctrl-C ends it. In another terminal:");
    out().println();
    out().println("  export KUBECONFIG=" + written);
    out().println("  migctl status");
  }
}
