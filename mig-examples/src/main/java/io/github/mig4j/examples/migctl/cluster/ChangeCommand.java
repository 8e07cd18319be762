package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A subcommand that changes the configuration of one node and verifies it. */
public abstract class ChangeCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Mixin
  private final ChangeOptions change = new ChangeOptions();

  @Parameters(
      index = "0",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node.")
  private String node = "";

  @Override
  public final Integer call() {
    try (KubernetesClient client = access.connect()) {
      return change.run(request(access.mig(client).node(node)), output);
    }
  }

  /** What is requested of the node. */
  abstract ApplyRequest request(MigNode target);
}
