package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints everything that is wrong with a file. */
@Command(
    name = "validate",
    mixinStandardHelpOptions = true,
    description =
        "Prints all findings of a mig-parted file or a device plugin's file, in the form of"
            + " a compiler's messages.",
    footer = {
      "",
      "The file may also be a manifest, Helm values, a Kustomization, or an Argo CD or",
      "Flux object that contains it; findings have the lines of the whole file.",
      "",
      "With --gpu also the problems on a node with these GPUs: errors and warnings for",
      "the configuration of --config, notes for the others. Without --config, stderr",
      "names the configurations that cannot work. docs/lint.md explains the codes.",
      "",
      "Examples:",
      "  migctl validate mig-config.yaml",
      "  migctl validate mig-config.yaml --gpu b200-180gb,b200-180gb --config small",
      "  migctl validate - --gpu a30-24gb --strategy single < config.yaml",
      "",
      "Exit code 0: no errors, at most warnings. 1: errors, or no configuration of the",
      "file can work on these GPUs. No output: no findings."
    })
public final class ValidateCommand implements Callable<Integer> {

  @Mixin
  private final Output output = new Output();

  @Parameters(paramLabel = "FILE", description = "The file or a manifest; '-' for stdin.")
  private Path file = Path.of("");

  @Option(
      names = {"--gpu", "--gpus"},
      split = ",",
      paramLabel = "ID",
      description = "The node's GPUs in the order of their indexes, separated by commas: ids or"
          + " products; repeated, or as ID:COUNT, for several of one model.")
  private List<String> gpus = List.of();

  @Option(
      names = "--strategy",
      paramLabel = "STRATEGY",
      description = "The device plugin's: ${COMPLETION-CANDIDATES}; by default what Helm values in"
          + " the file set, and otherwise mixed.")
  private @Nullable MigStrategy strategy;

  @Option(names = "--config", paramLabel = "NAME", description = "The configuration to be applied.")
  private @Nullable String config;

  @Option(
      names = "--sarif",
      paramLabel = "FILE",
      description = "Write SARIF for code scanning; '-' for stdout instead of the findings.")
  private @Nullable Path sarif;

  @Override
  public Integer call() throws IOException {
    List<NodeGpu> node = Input.gpus(gpus, output.commandLine());
    MigConfigFile read = MigConfigFile.read(Input.bytes(file));
    List<Finding> findings = new ArrayList<>(findings(read, node));
    addDevicePlugin(read, findings);
    Set<String> unfit = unfit(read, node, findings);
    boolean valid = findings.stream().noneMatch(Finding::isError)
        && (unfit.isEmpty() || unfit.size() < configs(read).size());
    boolean isSarifPrinted = sarif != null && Output.isStandardOutput(sarif);
    if (output.isJson() && !isSarifPrinted) {
      output.print(json(findings, valid));
    } else if (!isSarifPrinted) {
      findings.forEach(finding -> output.out().println(Input.line(file, finding)));
    }
    if (!unfit.isEmpty()) {
      output
          .err()
          .println(
              "%d of %d configurations cannot work on these GPUs (%s); --config NAME makes that"
                      .formatted(unfit.size(), configs(read).size(), Input.names(unfit))
                  + " an error");
    }
    if (sarif != null) {
      output.write(sarif, Output.text(Sarif.of(file, findings)) + "\n");
    }
    return valid ? ExitCode.YES : ExitCode.NO;
  }

  /**
   * Adds the findings of the device plugin's configurations, which a file may contain as well, or
   * instead of those of mig-parted.
   */
  private static void addDevicePlugin(MigConfigFile read, List<Finding> findings) {
    Map<String, DevicePluginConfigFile> plugin = DevicePluginConfigFile.readAll(read.text());
    boolean isNamed = !plugin.containsKey("");
    boolean isOfPlugin = findings.stream().anyMatch(found -> found.code() == TextCode.OTHER_KIND);
    boolean isElsewhere = !findings.isEmpty()
        && findings.stream().allMatch(found -> found.code() == TextCode.CONTENT_ELSEWHERE);
    if (isOfPlugin || (isNamed && isElsewhere)) {
      findings.clear();
    }
    if (isOfPlugin || isNamed) {
      plugin.values().stream()
          .flatMap(each -> each.findings().stream())
          .filter(found -> !findings.contains(found))
          .forEach(findings::add);
    }
  }

  private MigStrategy strategy(MigConfigFile read) {
    return strategy == null ? read.strategy().orElse(MigStrategy.MIXED) : strategy;
  }

  private static Set<String> configs(MigConfigFile read) {
    return read.document().map(document -> document.configs().keySet()).orElse(Set.of());
  }

  /** Which configurations would have errors if they were chosen; empty if one is chosen. */
  private Set<String> unfit(MigConfigFile read, List<NodeGpu> node, List<Finding> findings) {
    if (node.isEmpty() || config != null) {
      return Set.of();
    }
    Set<String> suspects = new LinkedHashSet<>();
    findings.forEach(finding -> config(finding).ifPresent(suspects::add));
    suspects.retainAll(configs(read));
    suspects.removeIf(name -> NodeLint.of(read, node, strategy(read), name).stream()
        .noneMatch(finding -> finding.isError() && config(finding).equals(Optional.of(name))));
    return suspects;
  }

  private static Optional<String> config(Finding finding) {
    return finding.location().flatMap(SourceLocation::config);
  }

  private List<Finding> findings(MigConfigFile read, List<NodeGpu> node) {
    if (!node.isEmpty()) {
      return config == null
          ? NodeLint.of(read, node, strategy(read))
          : NodeLint.of(read, node, strategy(read), config);
    }
    List<Finding> findings = new ArrayList<>(read.findings());
    String wanted = config;
    if (wanted != null) {
      read.document()
          .filter(document -> document.config(wanted).isEmpty())
          .ifPresent(document -> findings.add(
              0,
              Finding.builder()
                  .severity(Severity.ERROR)
                  .code(NodeCode.CONFIG_NOT_PRESENT)
                  .location(SourceLocation.START)
                  .subject("the file")
                  .message("The file has no config %s".formatted(Input.quoted(wanted)))
                  .remedy("it has %s".formatted(Input.present(document)))
                  .build()));
    }
    return findings;
  }

  private ObjectNode json(List<Finding> findings, boolean valid) {
    ObjectNode answer = Output.object().put("file", Input.name(file)).put("valid", valid);
    answer.set("findings", Output.list(findings));
    return answer;
  }
}
