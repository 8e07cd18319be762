package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.node.OfferComparison;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "status",
    description =
        "Prints what a node's GPUs are cut into, which configuration it requests and what is wrong;"
            + " without NODE, for every node with a GPU. Reads only.",
    footer = {"", "Examples:", "  migctl status", "  migctl status gpu-node --json"})
public final class StatusCommand extends ClusterCommand {

  private static final String ROW = "%-24s %-28s %-8s %-10s %-32s %s";

  @Parameters(
      arity = "0..1",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node.")
  private @Nullable String node;

  @Option(
      names = "--svg",
      paramLabel = "FILE",
      description = "Write a picture of the GPUs, as 'migctl fleet' draws them.")
  private @Nullable Path svg;

  @Override
  protected int call(MigClient mig) throws UnusableFileException {
    if (node != null) {
      MigNodeStatus status = mig.node(node).statusWithHardware();
      answer(status, () -> print(status));
    } else {
      List<MigNodeStatus> nodes = mig.nodes();
      answer(nodes, () -> print(nodes));
    }
    if (svg != null) {
      write(
          svg,
          new FleetPicture(mig.fleet().nodes().stream()
                  .filter(capacity -> node == null || capacity.status().node().equals(node))
                  .map(FleetNode::of)
                  .toList())
              .toSvg());
    }
    return ExitCode.YES;
  }

  private void print(MigNodeStatus status) {
    print("node", status.node());
    print("product", status.product().orElse("unknown"));
    print("model", status.model().map(GpuModel::id).orElse("unknown"));
    print("strategy", status.strategy().toString());
    print("config", status.config().orElse("none"));
    print("state", state(status));
    if (!status.paused().isEmpty()) {
      print("paused", String.join(", ", status.paused()));
    }
    if (status.allocatable().isEmpty()) {
      print("allocatable", "no GPU");
    }
    status
        .allocatable()
        .forEach((resource, count) -> print("allocatable", resource + ": " + count));
    if (status.product().isEmpty()) {
      print(
          "problem",
          "Node %s has no label nvidia.com/gpu.product: it has no NVIDIA GPU, or GPU Feature Discovery does not run there; see 'kubectl get pods -A --field-selector spec.nodeName=%s'"
              .formatted(status.node(), status.node()));
    }
    status.problems().forEach(problem -> print("problem", problem));
    boolean isLeftPaused = !status.paused().isEmpty() && !status.problems().isEmpty();
    boolean differs = !status.comparison().differences().isEmpty()
        || status.comparison().result() == OfferComparison.Result.NO_DEVICES
        || isLeftPaused;
    if (differs) {
      print("see", "migctl diagnose " + status.node());
    }
  }

  private void print(String what, String value) {
    out().println(Output.row("%-12s %s", what, value));
  }

  private void print(List<MigNodeStatus> nodes) {
    out().println(Output.row(ROW, "NODE", "PRODUCT", "STRATEGY", "STATE", "CONFIG", "ALLOCATABLE"));
    for (MigNodeStatus status : nodes) {
      out()
          .println(Output.row(
              ROW,
              status.node(),
              status.product().orElse("?"),
              status.strategy(),
              status.paused().isEmpty() ? state(status) : "paused",
              status.config().orElse("-"),
              status.allocatable()));
    }
    warnIfNone(nodes);
  }

  private static String state(MigNodeStatus status) {
    return status.state().map(MigState::toString).orElse("none");
  }
}
