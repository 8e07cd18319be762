package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "disable",
    description = "Returns a node to whole GPUs, and verifies it.",
    footer = {"", "Example:", "  migctl disable gpu-node --drain"})
public final class DisableCommand extends ChangeCommand {

  @Mixin
  private final DisruptionOptions disruption = new DisruptionOptions();

  @Override
  ApplyRequest request(MigNode target) {
    return disruption.on(target.disable());
  }
}
