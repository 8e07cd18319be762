package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A subcommand that changes the configuration of one node and verifies it. */
public abstract class ChangeCommand extends ClusterCommand {

  @Mixin
  private final ChangeOptions change = new ChangeOptions();

  @Parameters(
      index = "0",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node.")
  private String node = "";

  @Override
  protected final int call(MigClient mig) {
    return change.run(request(mig.node(node)), this);
  }

  abstract ApplyRequest request(MigNode target);
}
