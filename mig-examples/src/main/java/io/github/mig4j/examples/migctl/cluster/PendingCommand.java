package io.github.mig4j.examples.migctl.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.reconcile.PendingPods;
import io.github.mig4j.k8s.reconcile.PodAnswer;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Prints why pods wait for MIG devices. */
@Command(
    name = "pending",
    mixinStandardHelpOptions = true,
    description = "Prints for each pod that waits for MIG devices which idle node could serve it"
        + " after a change of its layout, or why none can. Reads only.",
    footer = {
      "",
      "Exit code 0: no pod waits, or an idle node can serve each. 1: a pod cannot be",
      "served."
    })
public final class PendingCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Override
  public Integer call() {
    PendingPods pending;
    try (KubernetesClient client = access.connect()) {
      pending = access.mig(client).pendingPods();
    }
    if (output.isJson()) {
      output.print(json(pending));
    } else {
      print(pending);
    }
    return pending.answers().stream().anyMatch(PodAnswer.Unserved.class::isInstance)
        ? ExitCode.NO
        : ExitCode.YES;
  }

  private void print(PendingPods pending) {
    pending.answers().forEach(answer -> output.out().println(answer.message()));
    pending
        .changes()
        .forEach((node, layouts) -> layouts.forEach((gpu, layout) -> output
            .out()
            .println("node %s, GPU %d: %s".formatted(node, gpu, Output.joined(layout.devices())))));
    if (pending.answers().isEmpty()) {
      output.out().println("No pod waits for MIG devices");
    }
  }

  private static ObjectNode json(PendingPods pending) {
    ObjectNode answer = Output.object();
    ArrayNode pods = answer.putArray("pods");
    pending.answers().forEach(each -> pods.add(json(each)));
    ArrayNode changes = answer.putArray("changes");
    pending
        .changes()
        .forEach((node, layouts) -> layouts.forEach((gpu, layout) -> {
          ObjectNode devices =
              changes.addObject().put("node", node).put("gpu", gpu).putObject("devices");
          layout.devices().forEach((profile, count) -> devices.put(profile.toString(), count));
        }));
    return answer;
  }

  private static ObjectNode json(PodAnswer each) {
    ObjectNode pod = Output.object().put("pod", each.pod().name());
    if (each instanceof PodAnswer.Fits fits) {
      pod.put("answer", "fits").put("node", fits.node());
    } else if (each instanceof PodAnswer.Served served) {
      pod.put("answer", "served").put("node", served.node());
    } else if (each instanceof PodAnswer.Unserved unserved) {
      pod.put("answer", "unserved")
          .put("reason", unserved.reason().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    return pod.put("message", each.message());
  }
}
