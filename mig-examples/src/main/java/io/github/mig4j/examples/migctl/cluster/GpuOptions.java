package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.k8s.change.ApplyRequest;
import java.util.List;
import picocli.CommandLine.Option;

/** What a caller states about a node's GPUs. */
final class GpuOptions {

  @Option(
      names = {"--gpu", "--gpus"},
      split = ",",
      paramLabel = "N|ID",
      completionCandidates = Candidates.Gpus.class,
      description =
          "How many GPUs the node has, if its labels do not show it, as with strategy single; or each GPU"
              + " in the order of the indexes, for a node with several models, such as"
              + " h100-sxm-80gb:2,l40s.")
  private List<String> gpus = List.of();

  ApplyRequest on(ApplyRequest request) {
    if (gpus.isEmpty()) {
      return request;
    }
    if (gpus.size() > 1 || !gpus.get(0).matches("-?[0-9]{1,9}")) {
      return request.gpus(Input.gpus(Input.models(gpus)));
    }
    int count = Integer.parseInt(gpus.get(0));
    if (count < 1) {
      throw new IllegalArgumentException("--gpus must be at least 1, but was " + count);
    }
    return request.gpus(count);
  }
}
