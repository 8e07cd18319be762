package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.k8s.MigClient;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Mixin;

/** A subcommand that asks a cluster. */
public abstract class ClusterCommand extends AnswerCommand {

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Override
  public Integer call() throws IOException {
    try (KubernetesClient client = access.connect(err())) {
      return Interruption.byCtrlC(() -> call(access.mig(client)), err());
    }
  }

  /** Reports on stderr that a list of nodes is empty, and why. */
  void warnIfNone(List<?> nodes) {
    if (nodes.isEmpty()) {
      err().println("No node has a label nvidia.com/gpu.present or nvidia.com/gpu.product");
    }
  }

  /** Asks the cluster, and returns the exit code. */
  protected abstract int call(MigClient mig) throws IOException;
}
