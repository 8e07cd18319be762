package io.github.mig4j.examples.migctl.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Prints why a node does not offer what it should. */
@Command(
    name = "diagnose",
    mixinStandardHelpOptions = true,
    description =
        "Prints why a node does not offer what it should: what its labels, its resources and the"
            + " log of its MIG manager show. Reads only.",
    footer = {
      "",
      "Example:",
      "  migctl diagnose gpu-node",
      "",
      "docs/failures.md explains each code."
    })
public final class DiagnoseCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Parameters(index = "0", paramLabel = "NODE", description = "The node.")
  private String node = "";

  @Override
  public Integer call() {
    try (KubernetesClient client = access.connect()) {
      Diagnosis diagnosis = access.mig(client).node(node).diagnose();
      if (output.isJson()) {
        output.print(json(diagnosis));
      } else {
        output.out().println(diagnosis);
        diagnosis.logLines().forEach(line -> output.out().println("  " + line));
      }
      return ExitCode.YES;
    }
  }

  private static ObjectNode json(Diagnosis diagnosis) {
    ObjectNode answer = Output.object()
        .put("code", diagnosis.code().toString())
        .put("explanation", diagnosis.explanation())
        .put("decisiveLine", diagnosis.decisiveLine().orElse(null));
    ArrayNode lines = answer.putArray("logLines");
    diagnosis.logLines().forEach(lines::add);
    return answer;
  }
}
