package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import java.time.Duration;
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
      "  migctl simulate --context kind-kind --node gpu-a,gpu-b --count 8",
      "  migctl apply gpu-a all-disabled --exact        in another terminal"
    })
public final class SimulateCommand extends AnswerCommand {

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Option(
      names = "--node",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "gpu-node",
      description = "The nodes; ${DEFAULT-VALUE} by default.")
  private List<String> nodes = List.of();

  @Option(
      names = {"--gpu", "--gpus"},
      paramLabel = "ID",
      completionCandidates = Candidates.Gpus.class,
      defaultValue = "b200-180gb",
      description = "Their GPUs' model; ${DEFAULT-VALUE} by default.")
  private String gpu = "";

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "GPUs of each node; ${DEFAULT-VALUE} by default.")
  private int count = 1;

  @Option(
      names = "--strategy",
      paramLabel = "STRATEGY",
      defaultValue = "mixed",
      description = "none, single or mixed, if there is no ClusterPolicy yet; ${DEFAULT-VALUE} by"
          + " default.")
  private MigStrategy strategy = MigStrategy.MIXED;

  @Option(
      names = "--config-map",
      paramLabel = "NAME",
      description = "The ConfigMap that the MIG manager reads, if there is no ClusterPolicy yet;"
          + " without it the manager generates configurations.")
  private @Nullable String configMap;

  @Option(names = "--for", paramLabel = "DURATION", description = "End after this time.")
  private @Nullable Duration end;

  @Override
  public Integer call() throws InterruptedException {
    GpuModel model = GpuCatalog.bundled().require(gpu);
    try (KubernetesClient client = access.connect(err())) {
      GpuOperatorSimulator.Builder operator = GpuOperatorSimulator.on(client)
          .strategy(strategy)
          .timings(SimulatorTimings.everyStep(Duration.ofMillis(500)))
          .installClusterPolicyDefinition();
      access.namespace().ifPresent(operator::namespace);
      if (configMap != null) {
        operator.configMap(configMap);
      }
      nodes.forEach(node -> operator.node(node, model, count));
      try (GpuOperatorSimulator simulator = start(operator, client)) {
        out()
            .println("Simulating the GPU Operator on %s for %s with %d %s each; Ctrl-C ends it"
                .formatted(client.getMasterUrl(), String.join(", ", nodes), count, model.id()));
        Thread.sleep(end == null ? Long.MAX_VALUE : end.toMillis());
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
