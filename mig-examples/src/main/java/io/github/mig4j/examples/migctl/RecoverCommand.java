package io.github.mig4j.examples.migctl;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Frees a node that is stuck. */
@Command(
    name = "recover",
    mixinStandardHelpOptions = true,
    description =
        "Frees a node that is stuck in pending or whose GPU clients stay paused: starts its MIG manager anew, which takes up the configuration that the node asks for, and verifies it. Takes over from a client that is gone.",
    footer = {
      "",
      "Example:",
      "  migctl recover gpu-node",
      "",
      "Pods that use the node's GPUs are left alone."
    })
final class RecoverCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Mixin
  private final ChangeOptions change = new ChangeOptions();

  @Parameters(index = "0", paramLabel = "NODE", description = "The node.")
  private String node = "";

  @Override
  public Integer call() {
    try (KubernetesClient client = access.connect()) {
      return change.run(access.mig(client).node(node).recover(), output);
    }
  }
}
