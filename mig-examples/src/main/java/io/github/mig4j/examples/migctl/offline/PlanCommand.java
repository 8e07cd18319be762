package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ConfigForm;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.UnusableFileException;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.cluster.GpuResources;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "plan",
    description =
        "Prints how to cut GPUs so that a demand is met with the fewest GPUs, how far that"
            + " may be from the best plan, and what is unmet and why.",
    footer = {
      "",
      "'At least' is a lower bound: no plan that meets as much needs fewer GPUs. A gap",
      "of 0 means that the plan is proven to be the best.",
      "",
      "Examples:",
      "  migctl plan --gpus b200-180gb:16 --demand 1g.23gb:50,3g.90gb:12",
      "  migctl plan --gpus a100-40gb:8,h100-sxm-80gb:8 --demand 1g.10gb:60",
      "  migctl plan --nodes 4xh100-sxm-80gb:8 --demand 1g.10gb:60,nvidia.com/gpu:4",
      "  migctl plan --nodes 2xb200-180gb:8 --demand 1g.23gb:50 -o configmap",
      "",
      "A resource's name, such as nvidia.com/mig-1g.10gb.me, is a profile's name too.",
      "",
      "Exit code 0: all is met. 1: some is unmet; stderr says why."
    })
public final class PlanCommand extends AnswerCommand {

  private static final Pattern COUNTED = Pattern.compile("([^:]+?)\\s*:\\s*([0-9]{1,9})");

  @ArgGroup(multiplicity = "1")
  private Available offered = new Available();

  /** The GPUs, as a number or on nodes. */
  static final class Available {
    @Option(
        names = {"--gpu", "--gpus"},
        split = ",",
        paramLabel = "ID:COUNT",
        completionCandidates = Candidates.Gpus.class,
        description = "The available GPUs, not cut yet: ids or products, separated by commas.")
    private List<String> gpus = List.of();

    @Option(
        names = "--nodes",
        split = ",",
        paramLabel = "NODES",
        description =
            "The nodes with their GPUs, not cut yet: NODESxID:GPUS for equal nodes, or NAME=ID:GPUS;"
                + " ID:GPUS+ID:GPUS for several models on one node.")
    private List<String> nodes = List.of();
  }

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORM",
      description = "Print the configurations of the nodes instead: " + ConfigForm.CHOICES)
  private @Nullable ConfigForm form;

  @Option(names = "--svg", paramLabel = "FILE", description = "Write a picture of the layouts.")
  private @Nullable Path svg;

  @Option(
      names = "--demand",
      required = true,
      split = ",",
      paramLabel = "PROFILE:COUNT",
      completionCandidates = Candidates.Profiles.class,
      description =
          "The desired MIG devices, separated by commas; nvidia.com/gpu:COUNT for whole GPUs.")
  private List<String> demand = List.of();

  @Override
  public Integer call() throws UnusableFileException {
    List<PlanNode> nodes = nodes();
    if (form != null && isJson()) {
      throw usage(ConfigForm.NOT_BESIDE_JSON);
    }
    if (form != null && offered.nodes.isEmpty()) {
      throw usage("--output needs --nodes, because a configuration is for the GPUs of one node");
    }
    List<DemandItem> items = new ArrayList<>();
    long whole = 0;
    for (String each : demand) {
      Counted counted = counted(each, "demand", "PROFILE:COUNT, e.g. '1g.23gb:50'");
      if (counted.name.equals(GpuResources.GPU)) {
        whole += counted.count;
      } else {
        items.add(DemandItem.of(Input.profile(counted.name), counted.count));
      }
    }
    FleetPlan plan = Planner.of(nodes).plan(new Demand(items));
    Map<GpuModel, Integer> available = new LinkedHashMap<>();
    nodes.forEach(node -> IntStream.range(0, node.gpuCount())
        .forEach(index -> available.merge(node.gpu(index).model(), 1, Integer::sum)));
    print(plan, nodes, available, whole);
    if (svg != null) {
      write(svg, picture(plan, available));
    }
    plan.unmet().forEach(unmet -> err().println(unmet.message()));
    long missing = whole - uncut(plan, available);
    if (missing > 0) {
      err()
          .println("%d of %d x %s unmet: the plan leaves %d whole GPUs; add %d"
              .formatted(missing, whole, GpuResources.GPU, whole - missing, missing));
    }
    return plan.unmet().isEmpty() && missing <= 0 ? ExitCode.YES : ExitCode.NO;
  }

  private void print(
      FleetPlan plan, List<PlanNode> nodes, Map<GpuModel, Integer> available, long whole) {
    if (isJson()) {
      print(Output.json(plan));
    } else if (form != null) {
      PlannedConfigs configs = PlannedConfigs.of(plan, nodes);
      out().print(form.of(configs.document(), configs.nodes()));
    } else {
      print(plan, available);
      if (whole > 0) {
        out().println("whole GPUs: %d, needed %d".formatted(uncut(plan, available), whole));
      }
    }
  }

  /** One node for each kind of GPU, if only numbers are given. */
  private List<PlanNode> nodes() {
    if (!offered.nodes.isEmpty()) {
      return NodeShape.read(offered.nodes).stream().map(PlanCommand::node).toList();
    }
    Map<GpuModel, PlanNode> pools = new LinkedHashMap<>();
    long total = 0;
    for (String each : offered.gpus) {
      Counted counted = counted(each, "GPUs", "ID:COUNT, e.g. 'b200-180gb:8'");
      total += counted.count;
      if (total > Input.MAX_PLANNED_GPUS) {
        throw usage("Too many GPUs: '%s'. Expected at most %d in all"
            .formatted(each, Input.MAX_PLANNED_GPUS));
      }
      GpuModel model = GpuCatalog.bundled().require(counted.name);
      PlanNode pool = pools.getOrDefault(model, PlanNode.named(model.id()));
      pools.put(model, pool.gpus(model, counted.count));
    }
    return List.copyOf(pools.values());
  }

  private static PlanNode node(NodeShape shape) {
    PlanNode node = PlanNode.named(shape.name());
    for (GpuModel gpu : shape.gpus()) {
      node = node.gpus(gpu, 1);
    }
    return node;
  }

  private static int uncut(FleetPlan plan, Map<GpuModel, Integer> available) {
    return available.values().stream().mapToInt(Integer::intValue).sum() - plan.gpus();
  }

  /** One picture of each layout, and of the GPUs that are not cut. */
  private static String picture(FleetPlan plan, Map<GpuModel, Integer> available) {
    Map<GpuModel, Integer> whole = new LinkedHashMap<>();
    available.forEach((model, count) -> whole.put(model, count - used(plan, model)));
    whole.values().removeIf(count -> count == 0);
    return LayoutDiagram.ofCounts(plan.layouts(), whole).toSvg();
  }

  private record Counted(String name, int count) {}

  private Counted counted(String text, String what, String expected) {
    Matcher form = COUNTED.matcher(text.strip());
    if (!form.matches() || Integer.parseInt(form.group(2)) < 1) {
      throw usage(
          "Not %s: '%s'. Expected %s with a count of at least 1".formatted(what, text, expected));
    }
    return new Counted(form.group(1), Integer.parseInt(form.group(2)));
  }

  private void print(FleetPlan plan, Map<GpuModel, Integer> available) {
    plan.layouts().forEach((layout, count) -> {
      out().println(count + " x");
      out().print(LayoutDiagram.of(layout).toText());
    });
    available.forEach((model, count) ->
        out().println("%s: %d of %d used".formatted(model.id(), used(plan, model), count)));
    out()
        .println(
            "GPUs: %d, at least %d (gap %d)".formatted(plan.gpus(), plan.lowerBound(), plan.gap()));
    out().println("unmet: %d, at least %d".formatted(plan.unmetCount(), plan.unmetLowerBound()));
  }

  private static int used(FleetPlan plan, GpuModel model) {
    return plan.layouts().entrySet().stream()
        .filter(each -> each.getKey().gpu().equals(model))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }
}
