package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.examples.migctl.console.Simulation;
import io.github.mig4j.examples.migctl.console.Subcommand;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "simulate",
    description =
        "Simulates a GPU Operator with GPUs on a cluster without GPUs, such as a kind cluster,"
            + " until it is interrupted. Creates the nodes, the operator's namespace and a ClusterPolicy"
            + " if they do not exist; they stay afterwards.",
    footer = {
      "",
      "Examples:",
      "  migctl simulate --context kind-kind --nodes gpu-a=b200-180gb:8,gpu-b=l40s",
      "  migctl apply gpu-a all-disabled --exact        in another terminal"
    })
public final class SimulateCommand extends Subcommand {

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Mixin
  private final Simulation simulation = new Simulation();

  @Option(
      names = "--config-map",
      paramLabel = "NAME",
      description = "The ConfigMap that the MIG manager reads, if there is no ClusterPolicy yet;"
          + " without it the manager generates configurations.")
  private @Nullable String configMap;

  @Override
  public Integer call() throws InterruptedException {
    List<NodeShape> nodes = simulation.nodes();
    try (KubernetesClient client = access.connect(err())) {
      GpuOperatorSimulator.Builder operator =
          simulation.in(GpuOperatorSimulator.on(client)).installClusterPolicyDefinition();
      access.namespace().ifPresent(operator::namespace);
      if (configMap != null) {
        operator.configMap(configMap);
      }
      try (GpuOperatorSimulator simulator = start(operator, client)) {
        out().println("Simulating the GPU Operator on " + client.getMasterUrl());
        nodes.forEach(node -> out().println("  " + node));
        out().println("Ctrl-C ends it");
        simulation.awaitEnd();
      }
    }
    return ExitCode.YES;
  }

  private static GpuOperatorSimulator start(
      GpuOperatorSimulator.Builder operator, KubernetesClient client) {
    try {
      return operator.start();
    } catch (KubernetesClientException e) {
      throw new MigClusterException(
          "Cannot simulate the GPU Operator on %s: %s"
              .formatted(client.getMasterUrl(), ClusterAccess.reason(e)),
          e);
    }
  }
}
