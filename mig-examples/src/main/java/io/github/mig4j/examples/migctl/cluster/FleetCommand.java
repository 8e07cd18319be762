package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.node.NodeCapacity;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "fleet",
    description =
        "Shows all nodes with GPUs in one picture: the devices of each GPU, what is in use, what is"
            + " free, and what is lost. Reads only.",
    footer = {
      "",
      "Examples:",
      "  migctl fleet",
      "  migctl fleet --html fleet.html",
      "",
      "Kubernetes does not report which of several equal devices a pod has, so the",
      "first ones of a node are shown as in use. The layout of a GPU is not known",
      "during a change, and for a configuration that is not in the ConfigMap."
    })
public final class FleetCommand extends ClusterCommand {

  @Option(names = "--svg", paramLabel = "FILE", description = "Write the picture as SVG.")
  private @Nullable Path svg;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a table and the picture as one HTML file without scripts.")
  private @Nullable Path html;

  @Override
  protected int call(MigClient mig) throws UnusableFileException {
    List<NodeCapacity> nodes = mig.fleet().nodes();
    FleetPicture picture = new FleetPicture(nodes.stream().map(FleetNode::of).toList());
    answer(nodes, () -> out().print(picture.toText()));
    warnIfNone(nodes);
    if (svg != null) {
      write(svg, picture.toSvg());
    }
    if (html != null) {
      write(html, picture.toHtml());
    }
    return ExitCode.YES;
  }
}
