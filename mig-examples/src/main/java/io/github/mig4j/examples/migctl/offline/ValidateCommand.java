package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.FileSelection;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.node.NodeGpu;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints everything that is wrong with a file. */
@Command(
    name = "validate",
    mixinStandardHelpOptions = true,
    description =
        "Prints all findings of mig-parted files and device plugin's files, in the form of"
            + " a compiler's messages.",
    footer = {
      "",
      "A file may also be a manifest, Helm values, a Kustomization, or an Argo CD or",
      "Flux object that contains it; findings have the lines of the whole file.",
      "",
      "A folder or a glob selects the YAML files below it with a configuration.",
      "",
      "With --gpu or --nodes also the problems on nodes with these GPUs: errors and",
      "warnings for the configurations of --config, notes for the others. Without",
      "--config, stderr names the configurations that cannot work.",
      "'migctl lint-code CODE' explains a code.",
      "",
      "Examples:",
      "  migctl validate mig-config.yaml",
      "  migctl validate mig-config.yaml --gpu b200-180gb,b200-180gb --config small",
      "  migctl validate clusters --nodes a=a100-80gb:8,b=b200-180gb:8 --sarif x.sarif",
      "  migctl validate - --gpu a30-24gb --strategy single < config.yaml",
      "",
      "Exit code 0: no errors, at most warnings. 1: errors, or no configuration with",
      "devices can work on one of the kinds of nodes. No output: no findings."
    })
public final class ValidateCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "Files, manifests, folders or globs; '-' for stdin.")
  private List<String> files = List.of();

  @ArgGroup
  private @Nullable Gpus gpus;

  /** The GPUs of one kind of node, or of several kinds. */
  static final class Gpus {
    @Option(
        names = {"--gpu", "--gpus"},
        split = ",",
        paramLabel = "ID",
        completionCandidates = Candidates.Gpus.class,
        description = "The node's GPUs in the order of their indexes, separated by commas: ids or"
            + " products; repeated, or as ID:COUNT, for several of one model.")
    private List<String> ids = List.of();

    @Option(
        names = "--nodes",
        split = ",",
        paramLabel = "KIND=ID:COUNT",
        description = "Several kinds of nodes, each with a name and its GPUs.")
    private List<String> kinds = List.of();
  }

  @Option(
      names = "--strategy",
      paramLabel = "STRATEGY",
      description = "The device plugin's: ${COMPLETION-CANDIDATES}; by default what Helm values in"
          + " the file set, and otherwise mixed.")
  private @Nullable MigStrategy strategy;

  @Option(
      names = "--config",
      split = ",",
      paramLabel = "NAME",
      description = "The configurations to be applied; findings of the others are only counted.")
  private List<String> configs = List.of();

  @Option(names = "--all", description = "With --config: also print the findings of the others.")
  private boolean all;

  @Option(
      names = "--source",
      negatable = true,
      description = "Print the line of the file below each finding; the default on a terminal.")
  private @Nullable Boolean source;

  @Option(
      names = "--sarif",
      paramLabel = "FILE",
      description = "Write SARIF for code scanning; '-' for stdout instead of the findings.")
  private @Nullable Path sarif;

  @Override
  public Integer call() throws IOException {
    FileCheck.Target target = new FileCheck.Target(nodes(), configs, strategy);
    List<FileCheck> checks = new ArrayList<>();
    for (Path file : FileSelection.of(files)) {
      checks.add(new FileCheck(file, Input.bytes(file), target));
    }
    boolean isSarifPrinted = sarif != null && Output.isStandardOutput(sarif);
    if (output.isJson() && !isSarifPrinted) {
      output.print(json(checks));
    } else if (!isSarifPrinted) {
      checks.forEach(this::print);
    }
    for (FileCheck check : checks) {
      String file = checks.size() == 1 ? "" : Input.name(check.path()) + ": ";
      check.unfitLines().forEach(line -> output.err().println(file + line));
    }
    if (sarif != null) {
      output.write(sarif, Output.text(Sarif.of(checks)) + "\n");
    }
    return isValid(checks) ? ExitCode.YES : ExitCode.NO;
  }

  private static boolean isValid(List<FileCheck> checks) {
    return checks.stream().allMatch(FileCheck::isValid);
  }

  private Map<String, List<NodeGpu>> nodes() {
    Map<String, List<NodeGpu>> nodes = new LinkedHashMap<>();
    if (gpus == null) {
      return nodes;
    }
    NodeShape.named(gpus.kinds, output.commandLine())
        .forEach(kind -> nodes.put(kind.name(), Input.gpus(kind.gpus())));
    if (!gpus.ids.isEmpty()) {
      nodes.put("", Input.gpus(gpus.ids, output.commandLine()));
    }
    return nodes;
  }

  private void print(FileCheck check) {
    boolean excerpts = source == null ? CommandLine.Help.Ansi.AUTO.enabled() : source;
    int folded = 0;
    for (Finding finding : check.findings()) {
      if (!all && !finding.isError() && !check.isChosen(finding)) {
        folded++;
        continue;
      }
      output.out().println(Input.name(check.path()) + ":" + coloured(finding));
      if (excerpts) {
        excerpt(check.text(), finding);
      }
    }
    if (folded > 0) {
      output
          .err()
          .println("Findings of other configurations: %d; --all prints them".formatted(folded));
    }
  }

  private static String coloured(Finding finding) {
    if (!Ansi.AUTO.enabled()) {
      return finding.toString();
    }
    String colour = finding.isError() ? "31" : finding.severity() == Severity.WARNING ? "33" : "36";
    String severity = finding.severity().toString();
    return finding
        .toString()
        .replaceFirst(
            Pattern.quote(severity + ": "),
            "\u001b[1;%sm%s\u001b[0m: ".formatted(colour, severity));
  }

  /** The line, and a caret below its column; a tab stays a tab, so that the caret is in place. */
  private void excerpt(String text, Finding finding) {
    Optional<SourceLocation> at = finding.location();
    Optional<String> line =
        at.flatMap(location -> text.lines().skip(location.line() - 1L).findFirst());
    if (at.isEmpty() || line.isEmpty() || line.get().isBlank()) {
      return;
    }
    String shown = line.get().replaceAll("[\\p{C}&&[^\t]]", "?");
    int column = Math.min(at.get().column() - 1, shown.length());
    output.out().println("    " + shown);
    output.out().println("    " + shown.substring(0, column).replaceAll("[^\t]", " ") + "^");
  }

  private static ObjectNode json(List<FileCheck> checks) {
    if (checks.size() == 1) {
      return json(checks.get(0));
    }
    ObjectNode answer = Output.object().put("valid", isValid(checks));
    answer.set("files", Output.list(checks.stream().map(ValidateCommand::json).toList()));
    return answer;
  }

  private static ObjectNode json(FileCheck check) {
    ObjectNode answer =
        Output.object().put("file", Input.name(check.path())).put("valid", check.isValid());
    answer.set("findings", Output.list(check.findings()));
    return answer;
  }
}
