package io.github.mig4j.fleet;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.layout.Layouts;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Measures the first call in a new JVM: the CPU time of the process with its compiler and collector, and
 * that of the calling thread. The JVMs of a table alternate, and the medians are compared. {@link #main}
 * prints a table of docs/benchmarks.md.
 */
public final class ColdStart {

  private static final int ROUNDS = 9;

  private static final double NANOS_PER_MS = 1e6;

  /** What is called, beside the straightforward way to a part of it. */
  private enum Call {
    CATALOGUE("`GpuCatalog.bundled()`"),
    CATALOGUE_TREE("Jackson reads the same JSON into a tree"),
    STATES("`GpuStates.of` an H100, after the catalogue"),
    LAYOUTS("a list of the same states as layouts"),
    READ_AND_LINT("`MigConfigFile.read` and lint of 81 configurations, with the catalogue"),
    READ("SnakeYAML reads the same file into maps"),
    EQUAL_MODELS("340 models with equal profiles added to a fleet, after the catalogue"),
    ONE_MODEL("one model added to a fleet, after the catalogue");

    private final String title;

    Call(String title) {
      this.title = title;
    }
  }

  private ColdStart() {}

  /**
   * Prints the table.
   *
   * @param args none; in a new JVM a call and the file
   */
  public static void main(String[] args) throws Exception {
    if (args.length == 2) {
      measure(Call.valueOf(args[0]), Path.of(args[1]));
      return;
    }
    Path file = Files.createTempFile("configurations", ".yaml");
    try {
      Files.writeString(file, configurations());
      print(file);
    } finally {
      Files.delete(file);
    }
  }

  /** The generated configurations of all models with a PCI device id. */
  private static String configurations() {
    return MigConfigDocument.generatedFor(GpuCatalog.bundled().models().stream()
            .filter(model -> model.supportsMig() && !model.boards().isEmpty())
            .toList())
        .toYaml();
  }

  private static void print(Path file) throws IOException {
    Call[] calls = Call.values();
    double[][] process = new double[calls.length][ROUNDS];
    double[][] thread = new double[calls.length][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      for (Call call : calls) {
        String[] times = inNewJvm(call, file).split(" ");
        process[call.ordinal()][round] = Double.parseDouble(times[0]);
        thread[call.ordinal()][round] = Double.parseDouble(times[1]);
      }
    }
    System.out.println("| first call | CPU of the process, ms | range | of the thread, ms | range |");
    System.out.println("|---|---|---|---|---|");
    for (Call call : calls) {
      System.out.printf(
          "| %s | %s | %s |%n",
          call.title, summary(process[call.ordinal()]), summary(thread[call.ordinal()]));
    }
  }

  private static String summary(double[] values) {
    Arrays.sort(values);
    return String.format(
        Locale.ROOT,
        "%.1f | %.1f–%.1f",
        values[values.length / 2],
        values[0],
        values[values.length - 1]);
  }

  private static String inNewJvm(Call call, Path file) throws IOException {
    List<String> command = new ArrayList<>(
        List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(ColdStart.class.getName(), call.name(), file.toString()));
    Process jvm = new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    try (InputStream out = jvm.getInputStream()) {
      return new String(out.readAllBytes(), StandardCharsets.UTF_8).trim();
    }
  }

  private static void measure(Call call, Path file) throws IOException {
    String text = Files.readString(file);
    GpuModel h100 =
        switch (call) {
          case STATES, LAYOUTS, EQUAL_MODELS, ONE_MODEL ->
            GpuCatalog.bundled().require("h100-sxm-80gb");
          default -> null;
        };
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    var threads = ManagementFactory.getThreadMXBean();
    long process = system.getProcessCpuTime();
    long thread = threads.getCurrentThreadCpuTime();
    Object result = run(call, text, h100);
    thread = threads.getCurrentThreadCpuTime() - thread;
    process = system.getProcessCpuTime() - process;
    System.out.printf(
        Locale.ROOT, "%.3f %.3f%n", process / NANOS_PER_MS, thread / NANOS_PER_MS);
    if (result.hashCode() == 42) {
      System.out.println();
    }
  }

  private static Object run(Call call, String text, GpuModel h100) throws IOException {
    return switch (call) {
      case CATALOGUE -> GpuCatalog.bundled();
      case CATALOGUE_TREE -> {
        try (InputStream in = GpuCatalog.class.getResourceAsStream("gpus.json")) {
          yield new ObjectMapper().readTree(in);
        }
      }
      case STATES -> GpuStates.of(h100);
      case LAYOUTS -> Layouts.of(h100).states().toList();
      case READ_AND_LINT ->
        NodeLint.of(
            MigConfigFile.read(text),
            NodeGpu.several(GpuCatalog.bundled().require("h100-sxm-80gb"), 8),
            MigStrategy.MIXED,
            "all-disabled");
      case READ -> new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
      case EQUAL_MODELS -> {
        Fleet fleet = new Fleet(PlacementPolicy.standard());
        IntStream.range(0, 340)
            .mapToObj(i -> GpuModel.builder().from(h100).id("h100-" + i).build())
            .forEach(fleet::add);
        yield fleet;
      }
      case ONE_MODEL -> {
        Fleet fleet = new Fleet(PlacementPolicy.standard());
        fleet.add(h100);
        yield fleet;
      }
    };
  }
}
