package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyRequest;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.PublishedConfig;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "share",
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
      "'migctl rollback' undoes the last change of a node's sharing or layout.",
      "",
      "Exit code 0: verified. 1: refused, or another client changes the node.",
      "3: the deadline passed, or the cluster failed."
    })
public final class ShareCommand extends ClusterCommand {

  /** How to share: exactly one of these options. */
  private static final class How {
    @Option(
        names = "--time-slicing",
        paramLabel = "N",
        description = "Each GPU for N containers in turns, without isolation.")
    private @Nullable Integer timeSlicing;

    @Option(
        names = "--mps",
        paramLabel = "N",
        description =
            "Each GPU for N containers at the same time, each with an equal part of the memory.")
    private @Nullable Integer mps;

    @Option(names = "--off", description = "Each GPU for one container.")
    private boolean off;
  }

  @Mixin
  private final DisruptionOptions disruption = new DisruptionOptions();

  @ArgGroup(multiplicity = "1")
  private How how = new How();

  @Option(
      names = "--rename",
      description =
          "Offer shared GPUs as nvidia.com/gpu.shared, so that only pods that request it get one.")
  private boolean rename;

  @Option(
      names = "--one-each",
      description =
          "Refuse containers that request several replicas, since these give no more of the GPU than one.")
  private boolean oneEach;

  @Option(
      names = "--setup",
      paramLabel = "NAME",
      description =
          "Point the GPU Operator at this ConfigMap first, and create it if it does not exist."
              + " If it used another one, every device plugin of the cluster restarts.")
  private @Nullable String setup;

  @Option(
      names = "--rollback-on-failure",
      description = "Return to the previous configuration if the change fails.")
  private boolean rollbackOnFailure;

  @Option(
      names = "--even-if-busy",
      description = "Change from or to MPS even while pods use the node's GPUs; their programs may"
          + " fail. Other changes do not affect running pods.")
  private boolean evenIfBusy;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "10m",
      description = "How long the whole change may take, such as 90s or 10m; ${DEFAULT-VALUE} by"
          + " default.")
  private Duration timeout = Duration.ofMinutes(10);

  @Mixin
  private final StabilityOption stability = new StabilityOption();

  @Parameters(
      index = "0",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node.")
  private String node = "";

  @Override
  protected int call(MigClient mig) {
    ApplyRequest request = disruption.on(request(mig.node(node))).timings(stability.timings());
    request = evenIfBusy ? request.disruption(Disruption.IGNORE_PODS) : request;
    request = rollbackOnFailure ? request.rollbackOnFailure() : request;
    if (setup != null) {
      setUp(mig, setup, request);
    }
    ChangeOptions.report(ChangeOptions.await(request, timeout, this), this);
    return ExitCode.YES;
  }

  /** A ConfigMap without a key would prevent every device plugin from starting. */
  private void setUp(MigClient mig, String map, ApplyRequest request) {
    List<Finding> errors = request.preflight().findings().stream()
        .filter(finding -> finding.isError() || finding.code() == PreflightCode.MISSING_PERMISSION)
        .filter(error -> error.code() != PreflightCode.SHARING_MAP_UNSET)
        .toList();
    if (!errors.isEmpty()) {
      throw MigRefusedException.of("Node %s cannot be shared".formatted(node), errors);
    }
    if (mig.sharingMap(map).read().filter(files -> !files.isEmpty()).isEmpty()) {
      PublishedConfig unused = mig.sharingMap(map).merge("unshared", DevicePluginConfig.unshared());
    }
    mig.operator().useSharingMap(map);
  }

  private ApplyRequest request(MigNode shared) {
    if (how.off && (rename || oneEach)) {
      throw usage("--rename and --one-each are for --time-slicing and --mps");
    }
    return how.off ? shared.unshare() : shared.share(sharing());
  }

  private GpuSharing sharing() {
    if (Objects.equals(how.timeSlicing, 1) || Objects.equals(how.mps, 1)) {
      throw usage("A GPU for one container is not shared; use --off");
    }
    GpuSharing sharing = how.mps == null
        ? GpuSharing.timeSlicing(Objects.requireNonNull(how.timeSlicing))
        : GpuSharing.mps(how.mps);
    sharing = rename ? sharing.renamed() : sharing;
    return oneEach ? sharing.oneReplicaEach() : sharing;
  }
}
