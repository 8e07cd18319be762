package io.github.mig4j.examples.migctl;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Returns a node to the configuration before. */
@Command(
    name = "rollback",
    mixinStandardHelpOptions = true,
    description =
        "Returns a node to the configuration that was in force before the last change, and verifies it.",
    footer = {"", "Example:", "  migctl rollback gpu-node --drain"})
final class RollbackCommand implements Callable<Integer> {

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
      return change.run(disruption.on(access.mig(client).node(node).rollback()), output);
    }
  }
}
