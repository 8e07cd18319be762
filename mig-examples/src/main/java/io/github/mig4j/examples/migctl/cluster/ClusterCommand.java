package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.k8s.MigClient;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/** A subcommand that asks a cluster. */
public abstract class ClusterCommand extends AnswerCommand {

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Override
  public Integer call() throws IOException {
    try (KubernetesClient client = access.connect(err())) {
      return call(access.mig(client));
    }
  }

  /** Asks the cluster, and returns the exit code. */
  protected abstract int call(MigClient mig) throws IOException;
}
