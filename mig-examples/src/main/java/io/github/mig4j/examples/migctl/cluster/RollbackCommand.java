package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "rollback",
    description =
        "Returns a node to the configuration that was in force before the last change, and verifies it.",
    footer = {"", "Example:", "  migctl rollback gpu-node --drain"})
public final class RollbackCommand extends ChangeCommand {

  @Mixin
  private final DisruptionOptions disruption = new DisruptionOptions();

  @Override
  ApplyRequest request(MigNode target) {
    return disruption.on(target.rollback());
  }
}
