package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.reconcile.NodeTemplate;
import io.github.mig4j.k8s.reconcile.PolicyTarget;
import io.github.mig4j.sharing.SharingKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "template",
    description = "Prints what a node offers once its GPUs are cut or shared: for autoscalers,"
        + " which have to know it before the node exists.",
    footer = {
      "",
      "Examples:",
      "  migctl template --gpu b200-180gb:8 --layout 1g.23gb:7",
      "  migctl template --gpu l40s:4 --time-slicing 4 --for cluster-api",
      "  migctl template --gpu h100-sxm-80gb:8 --layout 3g.40gb:2 --for karpenter \\",
      "      --instance-type p5.48xlarge"
    })
public final class TemplateCommand extends AnswerCommand {

  enum Autoscaler {
    CLUSTER_AUTOSCALER,
    CLUSTER_API,
    KARPENTER;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      paramLabel = "ID:COUNT",
      completionCandidates = Candidates.Gpus.class,
      description = "The node's GPUs: an id or a product, and how many.")
  private String gpu = "";

  @Option(
      names = "--layout",
      split = ",",
      paramLabel = "PROFILE:COUNT",
      completionCandidates = Candidates.Profiles.class,
      description = "The MIG devices of each GPU, separated by commas; by default whole GPUs.")
  private List<String> layout = List.of();

  @Option(
      names = "--time-slicing",
      paramLabel = "N",
      description = "How many containers take turns on each GPU.")
  private @Nullable Integer timeSlicing;

  @Option(names = "--mps", paramLabel = "N", description = "How many containers share each GPU.")
  private @Nullable Integer mps;

  @Option(
      names = "--for",
      paramLabel = "AUTOSCALER",
      description =
          "cluster-autoscaler (tags of an Auto Scaling group), cluster-api (annotations of a"
              + " MachineDeployment) or karpenter (a NodeOverlay); by default resources and labels.")
  private @Nullable Autoscaler autoscaler;

  @Option(
      names = "--instance-type",
      split = ",",
      paramLabel = "TYPE",
      description = "The instance types with these GPUs, for karpenter.")
  private List<String> instanceTypes = List.of();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "The name of the NodeOverlay; by default mig.")
  private String name = "mig";

  @Override
  public Integer call() {
    List<GpuModel> models = Input.models(List.of(gpu));
    NodeTemplate template = NodeTemplate.of(models.get(0), models.size(), target());
    answer(template, () -> out().println(text(template).stripTrailing()));
    return ExitCode.YES;
  }

  private PolicyTarget target() {
    if ((timeSlicing != null && mps != null)
        || (!layout.isEmpty() && (timeSlicing != null || mps != null))) {
      throw usage("Choose one of --layout, --time-slicing and --mps");
    }
    if (timeSlicing != null) {
      return new PolicyTarget.Shared(SharingKind.TIME_SLICING, timeSlicing);
    }
    if (mps != null) {
      return new PolicyTarget.Shared(SharingKind.MPS, mps);
    }
    return layout.isEmpty() ? PolicyTarget.Whole.WHOLE : new PolicyTarget.Layout(devices());
  }

  private SortedMap<MigProfile, Integer> devices() {
    SortedMap<MigProfile, Integer> devices = new TreeMap<>();
    for (String each : layout) {
      int colon = each.lastIndexOf(':');
      String count = colon < 0 ? "1" : each.substring(colon + 1).strip();
      if (!count.matches("[1-9][0-9]{0,2}")) {
        throw usage("Not a device: '%s'. Expected PROFILE:COUNT, e.g. '1g.23gb:7'".formatted(each));
      }
      String profile = colon < 0 ? each : each.substring(0, colon);
      devices.merge(
          MigProfile.parse(Input.profile(profile)), Integer.parseInt(count), Integer::sum);
    }
    return devices;
  }

  private String text(NodeTemplate template) {
    if (autoscaler == Autoscaler.KARPENTER) {
      if (instanceTypes.isEmpty()) {
        throw usage("A NodeOverlay needs --instance-type, e.g. p5.48xlarge");
      }
      return template.nodeOverlay(name, instanceTypes);
    }
    Map<String, Object> lines = new LinkedHashMap<>();
    if (autoscaler == Autoscaler.CLUSTER_AUTOSCALER) {
      lines.putAll(template.autoscalerTags());
    } else if (autoscaler == Autoscaler.CLUSTER_API) {
      lines.putAll(annotations(template));
    } else {
      lines.putAll(template.resources());
      lines.putAll(template.labels());
    }
    return lines.entrySet().stream()
        .map(line -> "%s: \"%s\"".formatted(line.getKey(), line.getValue()))
        .collect(Collectors.joining(System.lineSeparator()));
  }

  private static SortedMap<String, String> annotations(NodeTemplate template) {
    try {
      return template.clusterApiAnnotations();
    } catch (IllegalStateException e) {
      throw new NegativeAnswerException(String.valueOf(e.getMessage()));
    }
  }
}
