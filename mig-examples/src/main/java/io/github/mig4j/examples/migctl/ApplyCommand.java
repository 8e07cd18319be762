package io.github.mig4j.examples.migctl;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.change.ApplyRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Cuts the GPUs of a node and verifies it. */
@Command(
    name = "apply",
    mixinStandardHelpOptions = true,
    description =
        "Checks everything that can be checked, asks a node for a configuration, and waits"
            + " for the evidence that it is in force. A node that has it already is only verified.",
    footer = {
      "",
      "Examples:",
      "  migctl apply gpu-node b200-split-small",
      "  migctl apply gpu-node b200-split-small --drain --rollback-on-failure --timeout 20m",
      "",
      "Exit code 0: verified. 1: refused, failed, or somebody else changes the node.",
      "3: the deadline passed, or the cluster failed."
    })
final class ApplyCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Mixin
  private final DisruptionOptions disruption = new DisruptionOptions();

  @Mixin
  private final ChangeOptions change = new ChangeOptions();

  @Option(
      names = "--rollback-on-failure",
      description = "Return to the configuration before, if the change fails.")
  private boolean rollbackOnFailure;

  @Option(
      names = "--exact",
      description = "Label the plain name, for maps that are managed elsewhere, instead of the one"
          + " that carries the content's hash.")
  private boolean exact;

  @Parameters(index = "0", paramLabel = "NODE", description = "The node.")
  private String node = "";

  @Parameters(
      index = "1",
      paramLabel = "CONFIG",
      converter = ConfigNameConverter.class,
      description = "A configuration of the ConfigMap that the GPU Operator is pointed at.")
  private String config = "";

  @Override
  public Integer call() {
    try (KubernetesClient client = access.connect()) {
      ApplyRequest request = exact
          ? access.mig(client).node(node).applyExact(config)
          : access.mig(client).node(node).apply(config);
      return change.run(
          disruption.on(rollbackOnFailure ? request.rollbackOnFailure() : request), output);
    }
  }
}
