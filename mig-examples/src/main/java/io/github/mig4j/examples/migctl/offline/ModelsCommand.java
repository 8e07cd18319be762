package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.GpuProduct;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the catalogue. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
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
public final class ModelsCommand implements Callable<Integer> {

  private static final String ROW = "%-28s %-13s %-4s %7s %7s %8s  %s";

  @Mixin
  private final Output output = new Output();

  @Override
  public Integer call() {
    List<GpuModel> models = GpuCatalog.bundled().models();
    output.answer(models, () -> {
      output
          .out()
          .println(Output.row(
              ROW, "ID", "ARCHITECTURE", "MIG", "COMPUTE", "MEMORY", "MIB", "CONFIDENCE"));
      models.forEach(gpu -> output.out().println(line(gpu)));
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
