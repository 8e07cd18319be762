package io.github.mig4j.examples.migctl.cluster;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints why a node does not offer what it should. */
@Command(
    name = "diagnose",
    mixinStandardHelpOptions = true,
    description =
        "Says why a node is as it is, or that nothing is wrong: what its labels, its resources and"
            + " the log of its MIG manager show. With --file it reads texts instead of a cluster: the"
            + " log of any component, and what kubectl prints about the node. Reads only.",
    footer = {
      "",
      "Examples:",
      "  migctl diagnose gpu-node",
      "  kubectl logs -n gpu-operator POD | migctl diagnose --file -",
      "  migctl diagnose --file manager.log --file node.yaml",
      "",
      "docs/failures.md explains each code."
    })
public final class DiagnoseCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node; with --file its name in the answer.")
  private @Nullable String node;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description =
          "A log, an event, or the node as kubectl get -o yaml or kubectl describe prints it;"
              + " repeatable; - is standard input.")
  private List<Path> files = List.of();

  @Override
  public Integer call() throws IOException {
    if (node == null && files.isEmpty()) {
      throw output.usage("Missing NODE. Expected a node, or --file with a log");
    }
    if (files.isEmpty()) {
      try (KubernetesClient client = access.connect()) {
        print(access.mig(client).node(Objects.requireNonNull(node)).diagnose());
      }
    } else {
      print(ofFiles());
    }
    return ExitCode.YES;
  }

  /** Each file is a node or a log. */
  private Diagnosis ofFiles() throws IOException {
    MigNodeStatus status = MigNodeStatus.unread(node == null ? "NODE" : node);
    List<String> log = new ArrayList<>();
    for (Path file : files) {
      String text = new String(TextFile.bytes(file), StandardCharsets.UTF_8);
      Optional<MigNodeStatus> read = MigNodeStatus.parse(text);
      if (read.isPresent()) {
        status = read.get();
      } else {
        text.lines().forEach(log::add);
      }
    }
    return Diagnosis.of(status, log);
  }

  private void print(Diagnosis diagnosis) {
    output.answer(diagnosis, () -> {
      output.out().println(diagnosis);
      diagnosis.logLines().forEach(line -> output.out().println("  " + line));
    });
  }
}
