package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.plan.Demand;
import io.github.mig4j.plan.DemandItem;
import io.github.mig4j.plan.FleetPlan;
import io.github.mig4j.plan.PlanNode;
import io.github.mig4j.plan.Planner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Plans layouts for many GPUs. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
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
      "",
      "A resource's name, such as nvidia.com/mig-1g.10gb.me, is a profile's name too.",
      "",
      "Exit code 0: all is met. 1: some is unmet; stderr says why."
    })
public final class PlanCommand implements Callable<Integer> {

  private static final Pattern COUNTED = Pattern.compile("([^:]+?)\\s*:\\s*([0-9]{1,9})");

  @Mixin
  private final Output output = new Output();

  @Option(
      names = {"--gpu", "--gpus"},
      required = true,
      split = ",",
      paramLabel = "ID:COUNT",
      description = "The available GPUs, not cut yet: ids or products, separated by commas.")
  private List<String> gpus = List.of();

  @Option(
      names = "--demand",
      required = true,
      split = ",",
      paramLabel = "PROFILE:COUNT",
      description = "The desired MIG devices, separated by commas.")
  private List<String> demand = List.of();

  @Override
  public Integer call() {
    Map<GpuModel, PlanNode> pools = new LinkedHashMap<>();
    for (String each : gpus) {
      Counted counted = counted(each, "GPUs", "ID:COUNT, e.g. 'b200-180gb:8'");
      GpuModel model = GpuCatalog.bundled().require(counted.name);
      PlanNode pool = pools.getOrDefault(model, PlanNode.named(model.id()));
      pools.put(model, usage(() -> pool.gpus(model, counted.count)));
    }
    List<DemandItem> items = new ArrayList<>();
    for (String each : demand) {
      Counted counted = counted(each, "demand", "PROFILE:COUNT, e.g. '1g.23gb:50'");
      items.add(usage(() -> DemandItem.of(Input.profile(counted.name), counted.count)));
    }
    Demand wanted = usage(() -> Demand.of(items));
    Planner planner = usage(() -> Planner.of(List.copyOf(pools.values())));
    FleetPlan plan = planner.plan(wanted);
    Map<GpuModel, Integer> available = new LinkedHashMap<>();
    pools.forEach((model, pool) -> available.put(model, pool.gpuCount()));
    if (output.isJson()) {
      output.print(json(plan, available));
    } else {
      print(plan, available);
    }
    plan.unmet().forEach(unmet -> output.err().println(unmet.message()));
    return plan.unmet().isEmpty() ? ExitCode.YES : ExitCode.NO;
  }

  private record Counted(String name, int count) {}

  private Counted counted(String text, String what, String expected) {
    Matcher form = COUNTED.matcher(text.strip());
    if (!form.matches() || Integer.parseInt(form.group(2)) < 1) {
      throw new ParameterException(
          output.commandLine(),
          "Not %s: '%s'. Expected %s with a count of at least 1".formatted(what, text, expected));
    }
    return new Counted(form.group(1), Integer.parseInt(form.group(2)));
  }

  private <T> T usage(Supplier<T> made) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(output.commandLine(), e.getMessage(), e);
    }
  }

  private void print(FleetPlan plan, Map<GpuModel, Integer> available) {
    plan.layouts().forEach((layout, count) -> {
      output.out().println(count + " x");
      output.out().print(LayoutDiagram.of(layout).toText());
    });
    available.forEach((model, count) ->
        output.out().println("%s: %d of %d used".formatted(model.id(), used(plan, model), count)));
    output
        .out()
        .println(
            "GPUs: %d, at least %d (gap %d)".formatted(plan.gpus(), plan.lowerBound(), plan.gap()));
    output
        .out()
        .println("unmet: %d, at least %d".formatted(plan.unmetCount(), plan.unmetLowerBound()));
  }

  private static int used(FleetPlan plan, GpuModel model) {
    return plan.layouts().entrySet().stream()
        .filter(each -> each.getKey().gpu().equals(model))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  private static ObjectNode json(FleetPlan plan, Map<GpuModel, Integer> available) {
    ObjectNode answer = Output.json(plan);
    ArrayNode models = answer.putArray("models");
    available.forEach((model, count) -> models
        .addObject()
        .put("model", model.id())
        .put("used", used(plan, model))
        .put("available", count));
    return answer;
  }
}
