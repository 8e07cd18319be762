package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.reconcile.PendingPods;
import io.github.mig4j.k8s.reconcile.PodAnswer;
import picocli.CommandLine.Command;

@Command(
    name = "pending",
    description = "Prints for each pod that waits for MIG devices which idle node could serve it"
        + " after a change of its layout, or why none can. Reads only.",
    footer = {
      "",
      "Exit code 0: no pod waits, or an idle node can serve each. 1: a pod cannot be",
      "served."
    })
public final class PendingCommand extends ClusterCommand {

  @Override
  protected int call(MigClient mig) {
    PendingPods pending = mig.pendingPods();
    answer(pending, () -> print(pending));
    return pending.answers().stream().anyMatch(PodAnswer.Unserved.class::isInstance)
        ? ExitCode.NO
        : ExitCode.YES;
  }

  private void print(PendingPods pending) {
    pending.answers().forEach(answer -> out().println(answer.message()));
    pending
        .changes()
        .forEach((node, layouts) -> layouts.forEach((gpu, layout) -> out()
            .println("node %s, GPU %d: %s".formatted(node, gpu, Output.joined(layout.devices())))));
    if (pending.answers().isEmpty()) {
      out().println("No pod waits for MIG devices");
    }
  }
}
