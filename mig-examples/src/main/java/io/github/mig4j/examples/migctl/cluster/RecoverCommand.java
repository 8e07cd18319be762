package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import picocli.CommandLine.Command;

@Command(
    name = "recover",
    description =
        "Frees a node that is stuck in pending or whose GPU clients stay paused: restarts its MIG manager, which applies the requested configuration, and verifies it. Takes over from a client that ended.",
    footer = {
      "",
      "Example:",
      "  migctl recover gpu-node",
      "",
      "Pods that use the node's GPUs are left alone."
    })
public final class RecoverCommand extends ChangeCommand {

  @Override
  ApplyRequest request(MigNode target) {
    return target.recover();
  }
}
