package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.node.MigNodeStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "diagnose",
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
public final class DiagnoseCommand extends ClusterCommand {

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
      throw usage("Missing NODE. Expected a node, or --file with a log");
    }
    return files.isEmpty() ? super.call() : print(ofFiles());
  }

  @Override
  protected int call(MigClient mig) {
    return print(mig.node(Objects.requireNonNull(node)).diagnose());
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

  private int print(Diagnosis diagnosis) {
    answer(diagnosis, () -> {
      out().println(diagnosis);
      diagnosis.logLines().forEach(line -> out().println("  " + line));
    });
    return ExitCode.YES;
  }
}
