package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The findings of one file, alone or for kinds of nodes, and the verdict. */
final class FileCheck {

  /**
   * What the file is checked for.
   *
   * @param nodes the GPUs of each kind of node, by its name; empty to check the file alone
   * @param configs the configurations that are applied there; empty if none is chosen
   * @param strategy the device plugin's; null to take it from the file
   */
  record Target(
      Map<String, List<NodeGpu>> nodes,
      List<String> configs,
      @Nullable MigStrategy strategy) {}

  private final Path path;
  private final Target target;
  private final MigConfigFile read;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<String, Set<String>> unfit = new LinkedHashMap<>();

  FileCheck(Path path, byte[] content, Target target) {
    this.path = path;
    this.target = target;
    this.read = MigConfigFile.read(content);
    if (target.nodes().isEmpty()) {
      findings.addAll(alone());
    } else {
      target.nodes().forEach((name, gpus) -> merge(on(gpus)));
    }
    addDevicePlugin();
    target.nodes().forEach((name, gpus) -> unfit.put(name, unfit(gpus)));
    findings.sort(Comparator.comparing(finding -> !isChosen(finding)));
  }

  Path path() {
    return path;
  }

  /** The text of the file, for excerpts. */
  String text() {
    return read.text();
  }

  /** All findings; those of other configurations than the chosen ones are last. */
  List<Finding> findings() {
    return findings;
  }

  /** Whether a finding is about the whole file or about a chosen configuration. */
  boolean isChosen(Finding finding) {
    return target.configs().isEmpty()
        || finding
            .location()
            .flatMap(SourceLocation::config)
            .map(target.configs()::contains)
            .orElse(true);
  }

  /** No error, and each kind of node can have a configuration with devices, if the file has one. */
  boolean isValid() {
    Set<String> withDevices = new LinkedHashSet<>();
    configs().forEach((name, config) -> {
      if (config.entries().stream().anyMatch(entry -> !entry.migDevices().isEmpty())) {
        withDevices.add(name);
      }
    });
    Set<String> useful = withDevices.isEmpty() ? configs().keySet() : withDevices;
    return findings.stream().noneMatch(Finding::isError)
        && unfit.values().stream().allMatch(names -> names.isEmpty() || !names.containsAll(useful));
  }

  /** A line for each kind of node that some configurations do not fit. */
  List<String> unfitLines() {
    List<String> lines = new ArrayList<>();
    unfit.forEach((name, configs) -> {
      if (!configs.isEmpty()) {
        lines.add(
            "%d of %d configurations cannot work on %s (%s); --config NAME makes that an error"
                .formatted(
                    configs.size(),
                    configs().size(),
                    name.isEmpty() ? "these GPUs" : "the GPUs of " + name,
                    Input.names(configs)));
      }
    });
    return lines;
  }

  private Map<String, MigConfig> configs() {
    return read.document().map(document -> document.configs()).orElse(Map.of());
  }

  private MigStrategy strategy() {
    MigStrategy given = target.strategy();
    return given == null ? read.strategy().orElse(MigStrategy.MIXED) : given;
  }

  private List<Finding> on(List<NodeGpu> gpus) {
    if (target.configs().isEmpty()) {
      return NodeLint.of(read, gpus, strategy());
    }
    List<Finding> found = new ArrayList<>();
    for (String config : target.configs()) {
      NodeLint.of(read, gpus, strategy(), config).stream()
          .filter(finding -> !found.contains(finding))
          .forEach(found::add);
    }
    found.removeIf(finding -> found.stream().anyMatch(other -> isWorse(other, finding)));
    return found;
  }

  /** The same finding of another configuration's check, in which it has a higher severity. */
  private static boolean isWorse(Finding other, Finding finding) {
    return other.severity().compareTo(finding.severity()) != 0
        && isMoreSevere(other.severity(), finding.severity())
        && other.code() == finding.code()
        && other.location().equals(finding.location())
        && other.sentence().equals(finding.sentence());
  }

  private static boolean isMoreSevere(Severity left, Severity right) {
    return rank(left) > rank(right);
  }

  private static int rank(Severity severity) {
    return severity == Severity.ERROR ? 2 : severity == Severity.WARNING ? 1 : 0;
  }

  private void merge(List<Finding> more) {
    more.stream().filter(finding -> !findings.contains(finding)).forEach(findings::add);
  }

  private List<Finding> alone() {
    List<Finding> found = new ArrayList<>();
    read.document()
        .ifPresent(document -> target.configs().stream()
            .filter(name -> document.config(name).isEmpty())
            .forEach(name -> found.add(Finding.builder()
                .severity(Severity.ERROR)
                .code(NodeCode.CONFIG_NOT_PRESENT)
                .location(SourceLocation.START)
                .subject("the file")
                .message("The file has no config %s".formatted(Input.quoted(name)))
                .remedy("it has %s".formatted(Input.present(document)))
                .build())));
    found.addAll(read.findings());
    return found;
  }

  /** Which configurations would have errors if they were chosen; empty if one is chosen. */
  private Set<String> unfit(List<NodeGpu> gpus) {
    if (!target.configs().isEmpty()) {
      return Set.of();
    }
    Set<String> found = new LinkedHashSet<>();
    findings.forEach(finding -> config(finding).ifPresent(found::add));
    Set<String> suspects = new LinkedHashSet<>(configs().keySet());
    suspects.retainAll(found);
    suspects.removeIf(name -> NodeLint.of(read, gpus, strategy(), name).stream()
        .noneMatch(finding -> finding.isError() && config(finding).equals(Optional.of(name))));
    return suspects;
  }

  private static Optional<String> config(Finding finding) {
    return finding.location().flatMap(SourceLocation::config);
  }

  /**
   * Adds the findings of the device plugin's configurations, which a file may contain as well, or
   * instead of those of mig-parted.
   */
  private void addDevicePlugin() {
    Map<String, DevicePluginConfigFile> plugin = DevicePluginConfigFile.readAll(read.text());
    boolean isNamed = !plugin.containsKey("");
    boolean isOfPlugin = findings.stream().anyMatch(found -> found.code() == TextCode.OTHER_KIND);
    boolean isElsewhere = !findings.isEmpty()
        && findings.stream().allMatch(found -> found.code() == TextCode.CONTENT_ELSEWHERE);
    if (isOfPlugin || (isNamed && isElsewhere)) {
      findings.clear();
    }
    if (isOfPlugin || isNamed) {
      plugin.values().forEach(each -> merge(each.findings()));
    }
  }
}
