package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.Budget;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuInstanceProfile;
import io.github.mig4j.gpu.GpuModel;
import java.io.PrintWriter;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "model",
    description = "Shows what one GPU model can be cut into, and where each number comes from.",
    footer = {
      "",
      "A model is found by its id, its name, its PCI device id, or the value of the",
      "node label nvidia.com/gpu.product (suffixes such as -MIG-1g.23gb are ignored).",
      "",
      "Examples:",
      "  migctl model b200-180gb",
      "  migctl model NVIDIA-H100-80GB-HBM3-SHARED",
      "  migctl model 0x2901 --json"
    })
public final class ModelCommand extends AnswerCommand {

  private static final Object[] HEADER =
      "PROFILE ID SLICES STARTS MAX MIB SM CE DEC ENC JPEG OFA CONFIDENCE".split(" ", -1);
  private static final String ROW = "%-16s %4s %6s %-16s %4s %8s %4s %3s %4s %4s %5s %4s  %s";

  @Parameters(
      paramLabel = "ID|PRODUCT",
      completionCandidates = Candidates.Gpus.class,
      description = "The model.")
  private String name = "";

  @Override
  public Integer call() {
    GpuModel gpu = GpuCatalog.bundled().require(name);
    answer(gpu, () -> print(out(), gpu));
    return ExitCode.YES;
  }

  static void print(PrintWriter out, GpuModel gpu) {
    out.println(gpu.id() + " (" + gpu.architecture() + ")");
    out.println("products:       " + ModelsCommand.products(gpu));
    if (!gpu.boards().isEmpty()) {
      out.println("boards:         "
          + gpu.boards().stream()
              .map(b -> b.id() + " " + b.name())
              .collect(Collectors.joining(", ")));
    }
    if (!gpu.supportsMig()) {
      out.println("MIG:            no; share it by time-slicing or MPS");
      return;
    }
    out.println("compute slices: " + gpu.computeSlices());
    out.println("memory slices:  " + Output.orUnknown(gpu.memorySlices()));
    out.println("memory:         " + Output.orUnknown(gpu.totalMemoryMib()) + " MiB");
    out.println();
    out.println(Output.row(ROW, HEADER));
    for (GpuInstanceProfile p : gpu.profiles()) {
      out.println(Output.row(
          ROW,
          p.profile(),
          Output.orUnknown(p.id()),
          Output.orUnknown(p.size()),
          p.starts().isEmpty()
              ? "?"
              : p.starts().stream().map(String::valueOf).collect(Collectors.joining(",")),
          p.maxInstances(),
          Output.orUnknown(p.amount(Budget.MEMORY_MIB)),
          Output.orUnknown(p.amount(Budget.SMS)),
          Output.orUnknown(p.amount(Budget.COPY_ENGINES)),
          Output.orUnknown(p.amount(Budget.DECODERS)),
          Output.orUnknown(p.amount(Budget.ENCODERS)),
          Output.orUnknown(p.amount(Budget.JPEG_ENGINES)),
          Output.orUnknown(p.amount(Budget.OFA_ENGINES)),
          p.provenance().confidence()));
    }
    out.println();
    gpu.profiles().stream()
        .map(p -> p.provenance().toString())
        .distinct()
        .forEach(source -> out.println("source: " + source));
  }
}
