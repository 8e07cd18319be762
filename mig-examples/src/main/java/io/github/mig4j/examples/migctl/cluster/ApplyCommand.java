package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "apply",
    description =
        "Checks everything that can be checked, requests a configuration of a node, and waits"
            + " for the evidence that it is in force. A node that has it already is only verified.",
    footer = {
      "",
      "Examples:",
      "  migctl apply gpu-node b200-split-small",
      "  migctl apply gpu-node b200-split-small --drain --rollback-on-failure",
      "",
      "Exit code 0: verified. 1: refused, failed, or another client changes the node.",
      "3: the deadline passed, or the cluster failed."
    })
public final class ApplyCommand extends ChangeCommand {

  @Mixin
  private final DisruptionOptions disruption = new DisruptionOptions();

  @Option(
      names = "--rollback-on-failure",
      description = "Return to the previous configuration if the change fails.")
  private boolean rollbackOnFailure;

  @Option(
      names = "--exact",
      description =
          "Request the configuration by its plain name, for ConfigMaps that another tool writes, instead"
              + " of the name with the hash of its content.")
  private boolean exact;

  @Parameters(
      index = "1",
      paramLabel = "CONFIG",
      completionCandidates = Candidates.Configs.class,
      converter = ConfigNameConverter.class,
      description = "A configuration of the ConfigMap that the GPU Operator is pointed at.")
  private String config = "";

  @Override
  ApplyRequest request(MigNode target) {
    ApplyRequest request = exact ? target.applyExact(config) : target.apply(config);
    return disruption.on(rollbackOnFailure ? request.rollbackOnFailure() : request);
  }
}
