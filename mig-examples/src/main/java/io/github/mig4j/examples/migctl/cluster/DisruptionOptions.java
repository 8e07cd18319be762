package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.check.Disruption;
import picocli.CommandLine.Option;

/** What a change may do to pods, and which pods it keeps away. */
final class DisruptionOptions {

  @Option(names = "--cordon", description = "Keep new pods away until the change is verified.")
  private boolean cordon;

  @Option(
      names = "--drain",
      description = "Cordon, and evict the pods that use the node's GPUs, within their disruption"
          + " budgets. Without it a node whose GPUs are in use is refused.")
  private boolean drain;

  @Option(
      names = "--gate",
      description = "Taint the node until the change is verified, for nodes that are new.")
  private boolean gate;

  ApplyRequest on(ApplyRequest request) {
    ApplyRequest disrupting =
        request.disruption(drain ? Disruption.DRAIN : cordon ? Disruption.CORDON : Disruption.NONE);
    return gate ? disrupting.gated() : disrupting;
  }
}
