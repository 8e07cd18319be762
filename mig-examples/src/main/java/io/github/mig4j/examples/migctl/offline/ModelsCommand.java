package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

@Command(
    name = "models",
    description = "Lists every known GPU model.",
    footer = {
      "",
      "The last column is how certain the layouts of a model are, from 'hardware'",
      "(read from the GPU) down to 'inferred' (concluded from a GPU of the same chip)",
      "and 'unknown'.",
      "",
      "Example:",
      "  migctl models --json"
    })
public final class ModelsCommand extends AnswerCommand {

  private static final String ROW = "%-28s %-15s %-4s %7s %7s %8s  %s";

  @Override
  public Integer call() {
    List<GpuModel> models = GpuCatalog.bundled().models();
    answer(models, () -> {
      out()
          .println(Output.row(
              ROW, "ID", "ARCHITECTURE", "MIG", "COMPUTE", "MEMORY", "MIB", "CONFIDENCE"));
      models.forEach(gpu -> out().println(line(gpu)));
    });
    return ExitCode.YES;
  }

  private static String line(GpuModel gpu) {
    return Output.row(
        ROW,
        gpu.id(),
        gpu.architecture(),
        gpu.supportsMig() ? "yes" : "no",
        gpu.supportsMig() ? gpu.computeSlices() : "-",
        gpu.supportsMig() ? Output.orUnknown(gpu.memorySlices()) : "-",
        Output.orUnknown(gpu.totalMemoryMib()),
        gpu.layoutConfidence());
  }

  static String products(GpuModel gpu) {
    return gpu.products().isEmpty()
        ? "not known"
        : gpu.products().stream().map(GpuProduct::label).collect(Collectors.joining(", "));
  }
}
