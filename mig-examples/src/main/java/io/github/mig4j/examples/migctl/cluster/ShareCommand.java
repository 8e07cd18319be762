package io.github.mig4j.examples.migctl.cluster;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.examples.migctl.console.DurationConverter;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.k8s.change.SharingClient;
import io.github.mig4j.k8s.change.SharingNode;
import io.github.mig4j.k8s.change.SharingOutcome;
import io.github.mig4j.k8s.change.SharingRequest;
import io.github.mig4j.sharing.GpuSharing;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shares the GPUs of a node and verifies it. */
@Command(
    name = "share",
    mixinStandardHelpOptions = true,
    description =
        "Lets several containers use each GPU of a node, by time-slicing or MPS, and waits"
            + " for the evidence. Flags of the device plugin's configuration are kept.",
    footer = {
      "",
      "Examples:",
      "  migctl share l40s-node --time-slicing 4 --setup device-plugin-config",
      "  migctl share l40s-node --mps 4",
      "  migctl share l40s-node --off",
      "",
      "Exit code 0: verified. 1: refused, or somebody else changes the node.",
      "3: the deadline passed, or the cluster failed."
    })
public final class ShareCommand implements Callable<Integer> {

  /** One of four. */
  private static final class How {
    @Option(
        names = "--time-slicing",
        paramLabel = "N",
        description = "Each GPU for N containers in turns; nothing keeps them apart.")
    private @Nullable Integer timeSlicing;

    @Option(
        names = "--mps",
        paramLabel = "N",
        description =
            "Each GPU for N containers side by side, each with an equal part of the memory.")
    private @Nullable Integer mps;

    @Option(names = "--off", description = "Each GPU for one container.")
    private boolean off;

    @Option(names = "--undo", description = "As before the last change.")
    private boolean undo;
  }

  @Mixin
  private final Output output = new Output();

  @Mixin
  private final ClusterAccess access = new ClusterAccess();

  @ArgGroup(multiplicity = "1")
  private How how = new How();

  @Option(
      names = "--rename",
      description = "Offer shared GPUs as nvidia.com/gpu.shared, so that no pod gets one unawares.")
  private boolean rename;

  @Option(
      names = "--one-each",
      description =
          "Refuse containers that ask for several replicas, which are no more GPU than one.")
  private boolean oneEach;

  @Option(
      names = "--setup",
      paramLabel = "NAME",
      description =
          "Point the GPU Operator at this ConfigMap on the way, which is made if it is absent."
              + " Every device plugin of the cluster restarts if it was another.")
  private @Nullable String setup;

  @Option(
      names = "--even-if-busy",
      description = "Change from or to MPS even while pods use the node's GPUs; their programs may"
          + " fail. Other changes leave running pods alone.")
  private boolean evenIfBusy;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "10m",
      converter = DurationConverter.class,
      description = "How long the change may take in all, such as 90s or 10m; ${DEFAULT-VALUE} by"
          + " default.")
  private Duration timeout = Duration.ofMinutes(10);

  @Option(
      names = "--stability",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationConverter.class,
      description = "How long the evidence has to hold before it is believed; ${DEFAULT-VALUE} by"
          + " default.")
  private Duration stability = Duration.ofSeconds(5);

  @Parameters(index = "0", paramLabel = "NODE", description = "The node.")
  private String node = "";

  @Spec
  private @Nullable CommandSpec command;

  @Override
  public Integer call() {
    try (KubernetesClient client = access.connect()) {
      SharingClient sharing = access.sharing(client);
      SharingRequest request = request(sharing.node(node)).stability(stability);
      request = setup == null ? request : request.using(setup);
      request = evenIfBusy ? request.evenIfBusy() : request;
      SharingOutcome outcome;
      try (ProgressPrinter progress = ProgressPrinter.on(output)) {
        outcome = request.onProgress(progress).await(timeout);
      }
      if (output.isJson()) {
        output.print(json(outcome));
      } else {
        print(outcome);
      }
      return ExitCode.YES;
    }
  }

  private SharingRequest request(SharingNode shared) {
    if ((how.off || how.undo) && (rename || oneEach)) {
      throw usage("--rename and --one-each are for --time-slicing and --mps");
    }
    if (how.off) {
      return shared.unshare();
    }
    return how.undo ? shared.undo() : shared.share(sharing());
  }

  private GpuSharing sharing() {
    if (Objects.equals(how.timeSlicing, 1) || Objects.equals(how.mps, 1)) {
      throw usage("A GPU for one container is not shared; use --off");
    }
    try {
      GpuSharing sharing = how.mps == null
          ? GpuSharing.timeSlicing(Objects.requireNonNull(how.timeSlicing))
          : GpuSharing.mps(how.mps);
      sharing = rename ? sharing.renamed() : sharing;
      return oneEach ? sharing.oneReplicaEach() : sharing;
    } catch (IllegalArgumentException e) {
      throw usage(String.valueOf(e.getMessage()));
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(Objects.requireNonNull(command).commandLine(), message);
  }

  private void print(SharingOutcome outcome) {
    output
        .out()
        .println("%s %s as %s"
            .formatted(
                outcome.node(),
                outcome.doubt().isEmpty() ? "verified" : "offers it",
                outcome.config().isEmpty() ? "the operator's default" : outcome.config()));
    outcome.doubt().ifPresent(doubt -> output.out().println("  but " + doubt));
    outcome
        .allocatable()
        .forEach((resource, count) -> output.out().println("  " + resource + ": " + count));
  }

  private static ObjectNode json(SharingOutcome outcome) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("node", outcome.node());
    answer.put("config", outcome.config().isEmpty() ? null : outcome.config());
    ObjectNode allocatable = answer.putObject("allocatable");
    outcome.allocatable().forEach(allocatable::put);
    answer.put("doubt", outcome.doubt().orElse(null));
    return answer;
  }
}
