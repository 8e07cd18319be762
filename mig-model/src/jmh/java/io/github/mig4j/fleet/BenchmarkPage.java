package io.github.mig4j.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.Main;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Prints the tables of docs/benchmarks.md, with the machine, its load and the date. Each table has the
 * straightforward peers of a row from the same run.
 */
public final class BenchmarkPage {

  private static final String[] NONE = {};

  private interface Section {
    void print() throws Exception;
  }

  private BenchmarkPage() {}

  /**
   * Prints all tables, some of them, or the results of some JMH benchmarks.
   *
   * @param args {@code all}; names of sections: {@code operations}, {@code start}, {@code fleet}, {@code churn}, {@code
   *     trace}, {@code dra}, {@code moves}, {@code planner}; or else the arguments of JMH
   */
  public static void main(String[] args) throws Exception {
    Map<String, Section> sections = new LinkedHashMap<>();
    sections.put("operations", BenchmarkPage::operations);
    sections.put("start", () -> ColdStart.main(NONE));
    sections.put("fleet", () -> FleetRatios.main(NONE));
    sections.put("churn", () -> ChurnSimulation.main(NONE));
    sections.put("trace", () -> TraceReplay.main(NONE));
    sections.put("dra", () -> DraPlacement.main(NONE));
    sections.put("moves", () -> MovesCurve.main(NONE));
    sections.put("planner", () -> PlannerScale.main(NONE));
    List<String> words = List.of(String.join(" ", args).trim().split("\\s+"));
    List<String> wanted = words.equals(List.of("all")) ? List.copyOf(sections.keySet()) : words;
    machine();
    if (sections.keySet().containsAll(wanted)) {
      for (String name : wanted) {
        System.out.printf("%n## %s%n%n", name);
        sections.get(name).print();
      }
    } else {
      List<String> jmh = new ArrayList<>(List.of("-prof", "gc"));
      jmh.addAll(wanted);
      Main.main(jmh.toArray(String[]::new));
    }
    System.out.printf("%nLoad average at the end: %s%n", load());
  }

  private static void machine() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    String processor = Files.exists(info)
        ? Files.readAllLines(info).stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).trim())
            .findFirst()
            .orElse("")
        : "";
    System.out.printf(
        Locale.ROOT,
        "%s, %d processors %s, %s %s, %s %s; load average at the start: %s%n",
        DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'")
            .format(ZonedDateTime.now(ZoneOffset.UTC)),
        Runtime.getRuntime().availableProcessors(),
        processor,
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        System.getProperty("java.vm.name"),
        System.getProperty("java.runtime.version"),
        load());
  }

  /** The mean number of processes that wanted a processor in the last minute, as Linux says it. */
  private static String load() throws IOException {
    Path load = Path.of("/proc/loadavg");
    return Files.exists(load) ? Files.readString(load).split(" ")[0] : "unknown";
  }

  /** The JMH benchmarks; of the fleets only the one with 10,000 GPUs. */
  private static void operations() throws Exception {
    List<RunResult> results = new ArrayList<>(new Runner(new OptionsBuilder()
            .include(".*")
            .param("gpus", "10000")
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true)
            .build())
        .run());
    System.out.println("| benchmark | time | ± | unit | B/op |");
    System.out.println("|---|---|---|---|---|");
    for (RunResult result : results) {
      String name = result.getParams().getBenchmark();
      String models = result.getParams().getParam("models");
      Result<?> time = result.getPrimaryResult();
      System.out.printf(
          Locale.ROOT,
          "| %s | %,.2f | %,.2f | %s | %s |%n",
          name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1)
              + (models == null ? "" : " " + models),
          time.getScore(),
          time.getScoreError(),
          time.getScoreUnit(),
          bytes(result));
    }
  }

  private static String bytes(RunResult result) {
    return result.getSecondaryResults().entrySet().stream()
        .filter(each -> each.getKey().endsWith("gc.alloc.rate.norm"))
        .map(each -> String.format(Locale.ROOT, "%,.0f", each.getValue().getScore()))
        .findFirst()
        .orElse("");
  }
}
