package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.NvidiaSmi;
import io.github.mig4j.gpu.NvidiaSmi.Listing;
import io.github.mig4j.layout.RunningInstances;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "import",
    description = "Reads what 'nvidia-smi mig' lists of GPUs, also of one newer than the catalogue,"
        + " and of the instances that run on them.",
    footer = {
      "",
      "On a machine with the GPU, in MIG mode:",
      "  nvidia-smi mig -lgip  > lgip.txt      what the GPU can be cut into",
      "  nvidia-smi mig -lgipp > lgipp.txt     where profiles may start",
      "  nvidia-smi mig -lgi   > lgi.txt       what runs; -lci and -lcip are read too",
      "",
      "Examples:",
      "  migctl import --lgip lgip.txt --lgipp lgipp.txt --product 'NVIDIA B200'",
      "  migctl import --lgip lgip.txt --json",
      "  migctl import lgi.txt",
      "",
      "A file can contain one or several of these listings. Without -lgipp the starts",
      "of profiles are not known, so no layout can be found. '-' is stdin."
    })
public final class ImportCommand extends AnswerCommand {

  @Option(names = "--lgip", paramLabel = "FILE", description = "Output of 'nvidia-smi mig -lgip'.")
  private @Nullable Path lgip;

  @Option(
      names = "--lgipp",
      paramLabel = "FILE",
      description = "Output of 'nvidia-smi mig -lgipp'.")
  private @Nullable Path lgipp;

  @Option(
      names = "--product",
      paramLabel = "NAME",
      description = "The product name that 'nvidia-smi -L' prints.")
  private @Nullable String product;

  @Parameters(arity = "0..*", paramLabel = "FILE", description = "Output of 'nvidia-smi mig'.")
  private List<Path> files = List.of();

  @Override
  public Integer call() throws IOException {
    NvidiaSmi listing = Listings.read(err(), files());
    if (isJson()) {
      print(json(listing));
    } else {
      print(listing);
    }
    return ExitCode.YES;
  }

  private Path[] files() {
    Path[] all = Stream.of(Stream.ofNullable(lgip), Stream.ofNullable(lgipp), files.stream())
        .flatMap(some -> some)
        .toArray(Path[]::new);
    if (all.length == 0) {
      throw usage("Missing a file with the output of 'nvidia-smi mig'");
    }
    return all;
  }

  private void print(NvidiaSmi listing) {
    PrintWriter out = out();
    out.println("read: "
        + listing.listings().stream()
            .map(kind -> "%s (%s)".formatted(kind.option(), kind.title()))
            .collect(Collectors.joining(", ")));
    for (NvidiaSmi.Gpu gpu : listing.gpus()) {
      out.println();
      ModelCommand.print(out, model(gpu));
    }
    if (listing.gpus().isEmpty()) {
      printRows(listing.placements().stream()
          .map(row -> "GPU %d: profile ID %d covers %d memory slices from %s"
              .formatted(row.gpu(), row.profileId(), row.size(), row.starts())));
    }
    if (listing.listings().contains(Listing.GPU_INSTANCES)) {
      out.println();
      printRunning(listing, out);
    }
    printRows(listing.computeProfiles().stream()
        .map(row -> "GPU %d, GPU instance %d: %s, %d of %d free"
            .formatted(row.gpu(), row.gpuInstance(), row.profile(), row.free(), row.total())));
    printRows(listing.computeInstances().stream()
        .map(row -> "GPU %d, GPU instance %d runs %s"
            .formatted(row.gpu(), row.gpuInstance(), row.profile())));
  }

  private void printRows(Stream<String> rows) {
    List<String> lines = rows.toList();
    if (!lines.isEmpty()) {
      out().println();
      lines.forEach(out()::println);
    }
  }

  private static void printRunning(NvidiaSmi listing, PrintWriter out) {
    List<RunningInstances> gpus = RunningInstances.in(listing);
    if (gpus.isEmpty()) {
      out.println("no GPU instance runs");
    }
    gpus.forEach(running -> out.println("GPU %d runs %s"
        .formatted(
            running.gpu(),
            running.placements().stream().map(Object::toString).collect(Collectors.joining(" ")))));
  }

  private ObjectNode json(NvidiaSmi listing) {
    ObjectNode answer = Output.object();
    answer.set(
        "listings", Output.tree(listing.listings().stream().map(Listing::option).toList()));
    answer.set("gpus", Output.tree(listing.gpus().stream().map(this::json).toList()));
    answer.set("running", Output.tree(RunningInstances.in(listing)));
    ArrayNode findings = answer.putArray("findings");
    listing
        .findings()
        .forEach(found -> findings
            .addObject()
            .put("severity", found.severity().toString())
            .put("code", found.code().toString())
            .put("file", Listings.name(found, files()))
            .put("line", found.location().orElseThrow().line())
            .put("message", found.sentence()));
    return answer;
  }

  private ObjectNode json(NvidiaSmi.Gpu gpu) {
    ObjectNode node = Output.object().put("index", gpu.index());
    node.set("free", Output.json(gpu.free()));
    node.setAll(Output.json(model(gpu)));
    return node;
  }

  private GpuModel model(NvidiaSmi.Gpu gpu) {
    return product == null ? gpu.model() : gpu.named(product);
  }
}
