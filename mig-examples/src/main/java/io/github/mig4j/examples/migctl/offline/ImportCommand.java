package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.NvidiaSmi;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reads a GPU's own tables. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    description = "Reads what nvidia-smi prints of a GPU, also of one newer than the catalogue.",
    footer = {
      "",
      "On a machine with the GPU, in MIG mode:",
      "  nvidia-smi mig -lgip  > lgip.txt",
      "  nvidia-smi mig -lgipp > lgipp.txt",
      "",
      "Examples:",
      "  migctl import --lgip lgip.txt --lgipp lgipp.txt --product 'NVIDIA B200'",
      "  migctl import --lgip lgip.txt --json",
      "",
      "Without --lgipp it stays unknown where profiles may start, so that no layout can be",
      "told. A file '-' is the standard input."
    })
public final class ImportCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Option(
      names = "--lgip",
      required = true,
      paramLabel = "FILE",
      description = "Output of 'nvidia-smi mig -lgip'.")
  private Path lgip = Path.of("");

  @Option(
      names = "--lgipp",
      paramLabel = "FILE",
      description = "Output of 'nvidia-smi mig -lgipp'.")
  private @Nullable Path lgipp;

  @Option(
      names = "--product",
      paramLabel = "NAME",
      description = "The name that 'nvidia-smi -L' prints.")
  private @Nullable String product;

  @Override
  public Integer call() throws IOException {
    List<NvidiaSmi.Gpu> gpus =
        lgipp == null ? NvidiaSmi.read(text(lgip)) : NvidiaSmi.read(text(lgip), text(lgipp));
    if (output.isJson()) {
      ObjectNode answer = Output.object();
      ArrayNode list = answer.putArray("gpus");
      gpus.forEach(gpu -> list.add(json(gpu)));
      output.print(answer);
      return ExitCode.YES;
    }
    String gap = "";
    for (NvidiaSmi.Gpu gpu : gpus) {
      output.out().print(gap);
      ModelCommand.print(output.out(), model(gpu));
      gap = System.lineSeparator();
    }
    return ExitCode.YES;
  }

  private ObjectNode json(NvidiaSmi.Gpu gpu) {
    ObjectNode node = Output.object().put("index", gpu.index());
    ObjectNode free = Output.object();
    gpu.free().forEach((profile, count) -> free.put(profile.toString(), count));
    node.set("free", free);
    node.setAll(Output.model(model(gpu)));
    return node;
  }

  private GpuModel model(NvidiaSmi.Gpu gpu) {
    return product == null ? gpu.model() : gpu.named(product);
  }

  private static String text(Path file) throws IOException {
    return new String(Input.bytes(file), StandardCharsets.UTF_8);
  }
}
