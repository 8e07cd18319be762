package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.Preflight;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "preflight",
    description = "Prints everything that prevents applying a configuration to a node. Reads only.",
    footer = {
      "",
      "Example:",
      "  migctl preflight gpu-node b200-split-small",
      "",
      "Exit code 0: clear, warnings included. 1: apply would refuse.",
      "docs/preflight.md explains each code."
    })
public final class PreflightCommand extends ClusterCommand {

  @Mixin
  private final GpuOptions gpus = new GpuOptions();

  @Option(
      names = "--drain",
      description = "Check pods that use GPUs for 'apply --drain', which evicts them.")
  private boolean drain;

  @Option(
      names = "--exact",
      description = "Check the plain name, which 'apply --exact' writes into the label.")
  private boolean exact;

  @Parameters(
      index = "0",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node.")
  private String node = "";

  @Parameters(
      index = "1",
      paramLabel = "CONFIG",
      completionCandidates = Candidates.Configs.class,
      converter = ConfigNameConverter.class,
      description = "A configuration of the ConfigMap that the GPU Operator is pointed at.")
  private String config = "";

  @Override
  protected int call(MigClient mig) {
    MigNode target = mig.node(node);
    Preflight preflight = gpus.on(exact ? target.applyExact(config) : target.apply(config))
        .disruption(drain ? Disruption.DRAIN : Disruption.NONE)
        .preflight();
    answer(preflight, () -> {
      out().println(preflight.toText());
      CodeHints.print(preflight.findings(), err());
    });
    return preflight.isClear() ? ExitCode.YES : ExitCode.NO;
  }
}
