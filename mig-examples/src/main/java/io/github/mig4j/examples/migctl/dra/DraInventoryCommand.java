package io.github.mig4j.examples.migctl.dra;

import io.github.mig4j.examples.migctl.cluster.ClusterCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.dra.DraDevice;
import io.github.mig4j.k8s.dra.DraGpu;
import io.github.mig4j.k8s.dra.DraInventory;
import io.github.mig4j.k8s.dra.DraNode;
import io.github.mig4j.layout.Placement;
import io.github.mig4j.lint.Finding;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "inventory",
    description =
        "Prints what each GPU is cut into and has room for, as NVIDIA's DRA driver publishes"
            + " it; with NODE, also each device and its claims. Contradictions are on stderr. Reads"
            + " only.",
    footer = {
      "",
      "Examples:",
      "  migctl dra inventory",
      "  migctl dra inventory gpu-node --json",
      "  kubectl get resourceslices,resourceclaims -A -o yaml > dump.yaml",
      "  migctl dra inventory --file dump.yaml",
      "",
      "Exit code 1: a finding is an error, such as a device that two claims hold."
    })
public final class DraInventoryCommand extends ClusterCommand {

  private static final String GPU_ROW = "%-12s %-28s %-14s %-32s %s";
  private static final String DEVICE_ROW = "%-28s %-14s %-10s %s";

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "Read this dump instead of a cluster; '-' is stdin.")
  private @Nullable Path file;

  @Parameters(
      arity = "0..1",
      paramLabel = "NODE",
      completionCandidates = Candidates.Nodes.class,
      description = "The node.")
  private @Nullable String node;

  @Override
  public Integer call() throws IOException {
    return file == null ? super.call() : print(read(file));
  }

  @Override
  protected int call(MigClient mig) {
    return print(mig.dra().inventory());
  }

  private int print(DraInventory all) {
    DraInventory inventory = node == null ? all : all.on(node);
    if (isJson()) {
      print(Output.json(inventory));
    } else if (inventory.nodes().isEmpty()) {
      inventory.findings().forEach(finding -> err().println(finding));
      throw new NegativeAnswerException(nothing());
    } else {
      print(inventory.nodes());
      inventory.findings().forEach(finding -> err().println(finding));
    }
    return inventory.findings().stream().anyMatch(Finding::isError) ? ExitCode.NO : ExitCode.YES;
  }

  private String nothing() {
    String ofNode = node == null ? "" : " of node " + node;
    return file == null
        ? "The driver gpu.nvidia.com publishes no GPU" + ofNode
        : "%s has no ResourceSlice of the driver gpu.nvidia.com with a GPU%s; expected what 'kubectl get resourceslices -o yaml' prints"
            .formatted(Input.name(file), ofNode);
  }

  private DraInventory read(Path file) throws IOException {
    try {
      return DraInventory.parse(TextFile.text(file), GpuCatalog.bundled());
    } catch (IllegalArgumentException e) {
      throw usage("%s: %s".formatted(Input.name(file), e.getMessage()));
    }
  }

  private void print(List<DraNode> nodes) {
    println(GPU_ROW, "NODE", "GPU", "FORM", "CUT INTO", "ROOM FOR");
    for (DraNode each : nodes) {
      for (DraGpu gpu : each.gpus()) {
        println(
            GPU_ROW,
            each.name(),
            gpu.model().map(GpuModel::id).or(gpu::product).orElse("?"),
            gpu.form().toJson(),
            counts(gpu.cutInto()),
            room(gpu));
      }
    }
    if (node != null) {
      out().println();
      println(DEVICE_ROW, "DEVICE", "PLACE", "STATE", "CLAIMS");
      nodes.forEach(each -> each.gpus().forEach(gpu -> gpu.devices().forEach(this::print)));
    }
  }

  private void print(DraDevice device) {
    println(
        DEVICE_ROW,
        device.name(),
        device
            .placement()
            .map(Placement::toString)
            .or(() -> device.profile().map(MigProfile::toString))
            .orElse("-"),
        device.state().toJson(),
        String.join(", ", device.claims()));
  }

  private void println(String form, Object... cells) {
    out().println(Output.row(form, cells));
  }

  private static String room(DraGpu gpu) {
    String room = counts(gpu.room());
    if (!gpu.isFree()) {
      return room;
    }
    return gpu.room().isEmpty() ? "whole" : "whole or " + room;
  }

  private static String counts(Map<MigProfile, Integer> devices) {
    return devices.isEmpty() ? "-" : Output.joined(devices);
  }
}
