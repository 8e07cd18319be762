package io.github.mig4j.examples.migctl;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Returns a node to whole GPUs. */
@Command(
    name = "disable",
    mixinStandardHelpOptions = true,
    description = "Returns a node to whole GPUs, and verifies it.",
    footer = {"", "Example:", "  migctl disable gpu-node --drain"})
final class DisableCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Mixin
  private final DisruptionOptions disruption = new DisruptionOptions();

  @Mixin
  private final ChangeOptions change = new ChangeOptions();

  @Parameters(index = "0", paramLabel = "NODE", description = "The node.")
  private String node = "";

  @Override
  public Integer call() {
    try (KubernetesClient client = access.connect()) {
      return change.run(disruption.on(access.mig(client).node(node).disable()), output);
    }
  }
}
