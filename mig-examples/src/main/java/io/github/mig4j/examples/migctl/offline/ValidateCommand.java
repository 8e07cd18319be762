package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.Candidates;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.FileSelection;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.examples.migctl.console.TextFile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.SourceLocation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "validate",
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
      "  migctl validate '*.yaml' --nodes a=a30-24gb,b=b200-180gb --config a=s,b=t",
      "  migctl validate - --gpu a30-24gb --strategy single < config.yaml",
      "",
      "Exit code 0: no errors, at most warnings. 1: errors, or no configuration with",
      "devices can work on one of the kinds of nodes. No output: no findings."
    })
public final class ValidateCommand extends AnswerCommand {

  /** Names in a line; the rest is counted. */
  private static final int MAX_NAMES_SHOWN = 8;

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
      paramLabel = "[KIND=]NAME",
      description =
          "The configurations to be applied, KIND=NAME on one kind of nodes only; findings"
              + " of the others are only counted.")
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

  @Option(
      names = "--docs",
      paramLabel = "URL",
      description = "Where lint.md and sharing-lint.md are published, for links in SARIF.")
  private @Nullable URI pages;

  @Override
  public Integer call() throws IOException {
    List<NodeShape> kinds = kinds();
    Map<NodeShape, Set<String>> applied = applied(kinds);
    List<FileCheck> checks = new ArrayList<>();
    for (Path file : FileSelection.of(files)) {
      checks.add(new FileCheck(file, MigConfigFile.read(TextFile.bytes(file)), kinds, strategy));
    }
    checks.forEach(check -> check.check(forFile(check, checks, applied)));
    boolean valid = isValid(checks, kinds);
    boolean isSarifPrinted = sarif != null && Output.isStandardOutput(sarif);
    if (isJson() && !isSarifPrinted) {
      print(json(checks, valid));
    } else if (!isSarifPrinted) {
      checks.forEach(this::print);
    }
    checks.forEach(check -> kinds.forEach(kind -> printUnfit(check, kind)));
    kinds.stream()
        .filter(kind -> !works(checks, kind))
        .forEach(kind ->
            err().println("No configuration with devices can work on %s".formatted(text(kind))));
    if (sarif != null) {
      Map<Path, List<Finding>> shown = new LinkedHashMap<>();
      checks.forEach(check -> shown.put(check.path(), shown(check)));
      write(
          sarif,
          Sarif.of(shown, Optional.ofNullable(pages).map(URI::toString)).toPrettyString() + "\n");
    }
    return valid ? ExitCode.YES : ExitCode.NO;
  }

  private List<NodeShape> kinds() {
    if (gpus == null) {
      return List.of();
    }
    return gpus.ids.isEmpty()
        ? NodeShape.named(gpus.kinds)
        : List.of(new NodeShape("", Input.models(gpus.ids)));
  }

  private static String text(NodeShape kind) {
    return kind.name().isEmpty() ? "these GPUs" : "the GPUs of " + kind.name();
  }

  /** The configurations of --config for each kind of nodes; without kinds, those for any. */
  private Map<NodeShape, Set<String>> applied(List<NodeShape> kinds) {
    List<NodeShape> any = kinds.isEmpty() ? List.of(new NodeShape("", List.of())) : kinds;
    Map<NodeShape, Set<String>> applied = new LinkedHashMap<>();
    for (String each : configs) {
      int sign = each.indexOf('=');
      String kind = each.substring(0, Math.max(0, sign)).strip();
      String config = each.substring(sign + 1).strip();
      List<NodeShape> of =
          any.stream().filter(one -> sign < 0 || one.name().equals(kind)).toList();
      if (of.isEmpty() || config.isEmpty()) {
        throw usage("Not a configuration: '%s'. Expected NAME, or KIND=NAME with a kind of --nodes"
            .formatted(each));
      }
      of.forEach(one -> applied.computeIfAbsent(one, k -> new LinkedHashSet<>()).add(config));
    }
    return applied;
  }

  /** Without the configurations that only other files have. */
  private static Map<NodeShape, Set<String>> forFile(
      FileCheck file, List<FileCheck> files, Map<NodeShape, Set<String>> applied) {
    Map<NodeShape, Set<String>> own = new LinkedHashMap<>();
    applied.forEach((kind, configs) -> own.put(
        kind,
        configs.stream()
            .filter(config -> file.configs().contains(config)
                || files.stream().noneMatch(other -> other.configs().contains(config)))
            .collect(Collectors.toCollection(LinkedHashSet::new))));
    return own;
  }

  private static boolean isValid(List<FileCheck> files, List<NodeShape> kinds) {
    return files.stream().allMatch(FileCheck::isValid)
        && kinds.stream().allMatch(kind -> works(files, kind));
  }

  /** Whether a layout of any file works on these nodes, or no file offers one. */
  private static boolean works(List<FileCheck> files, NodeShape kind) {
    return files.stream().noneMatch(FileCheck::offersLayouts)
        || files.stream().anyMatch(file -> file.offersLayouts() && file.worksOn(kind));
  }

  private List<Finding> shown(FileCheck file) {
    return all ? file.findings() : file.decisive();
  }

  private void print(FileCheck file) {
    List<Finding> shown = shown(file);
    shown.forEach(finding -> print(file, finding));
    int folded = file.findings().size() - shown.size();
    if (folded > 0) {
      err()
          .println("%s: %s about %s not printed; --all prints %s"
              .formatted(
                  Input.name(file.path()),
                  counted(folded, "finding"),
                  counted(file.others(), "other configuration") + (folded == 1 ? " is" : " are"),
                  folded == 1 ? "it" : "them"));
    }
  }

  private static String counted(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }

  private void print(FileCheck file, Finding finding) {
    out()
        .println("%s:%s%s: %s [%s]"
            .formatted(
                Input.name(file.path()),
                finding.location().map(at -> at + ": ").orElse(""),
                severity(finding),
                finding.sentence(),
                finding.code()));
    if (source == null ? Output.isTerminal() : source) {
      SourceLocation at = FileCheck.start(finding);
      out().print(SourceLine.marked(file.line(at.line()), at.column()));
    }
  }

  private String severity(Finding finding) {
    String colour = switch (finding.severity()) {
      case ERROR -> "red";
      case WARNING -> "yellow";
      case NOTE -> "cyan";
    };
    return styled("@|bold,%s %s|@".formatted(colour, finding.severity()));
  }

  private void printUnfit(FileCheck file, NodeShape kind) {
    Set<String> unfit = file.unfit(kind);
    if (unfit.isEmpty()) {
      return;
    }
    err()
        .println(
            "%s%d of %d configurations cannot work on %s (%s); --config NAME makes that an error"
                .formatted(
                    isOneFile() ? "" : Input.name(file.path()) + ": ",
                    unfit.size(),
                    file.configs().size(),
                    text(kind),
                    shortened(unfit)));
  }

  private static String shortened(Set<String> configs) {
    if (configs.size() <= MAX_NAMES_SHOWN) {
      return Input.names(configs);
    }
    List<String> first = configs.stream().limit(MAX_NAMES_SHOWN).toList();
    return Input.names(first) + " and %d more".formatted(configs.size() - MAX_NAMES_SHOWN);
  }

  private boolean isOneFile() {
    return files.size() == 1 && FileSelection.isOneFile(files.get(0));
  }

  private ObjectNode json(List<FileCheck> checks, boolean valid) {
    if (isOneFile()) {
      return json(checks.get(0)).put("valid", valid);
    }
    ObjectNode answer = Output.object().put("valid", valid);
    answer.set("files", Output.tree(checks.stream().map(ValidateCommand::json).toList()));
    return answer;
  }

  private static ObjectNode json(FileCheck check) {
    ObjectNode answer =
        Output.object().put("file", Input.name(check.path())).put("valid", check.isValid());
    answer.set("findings", Output.tree(check.findings()));
    return answer;
  }
}
