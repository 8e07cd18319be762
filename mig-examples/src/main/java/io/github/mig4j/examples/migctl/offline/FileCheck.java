package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.examples.migctl.console.Input;
import io.github.mig4j.examples.migctl.console.NodeShape;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeLint;
import io.github.mig4j.sharing.DevicePluginConfigFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The findings of one file on every kind of nodes, and which of its configurations work there. */
final class FileCheck {

  private final Path path;
  private final MigConfigFile read;
  private final List<NodeShape> kinds;
  private final @Nullable MigStrategy strategy;
  private final Map<NodeShape, Set<String>> unfit = new LinkedHashMap<>();
  private final Set<String> chosen = new LinkedHashSet<>();
  private final Set<Finding> aboutChosen = new HashSet<>();
  private boolean isAnyChosen;
  private List<Finding> findings = List.of();

  FileCheck(Path path, MigConfigFile read, List<NodeShape> kinds, @Nullable MigStrategy strategy) {
    this.path = path;
    this.read = read;
    this.kinds = kinds;
    this.strategy = strategy;
  }

  /** Checks the file, of which these configurations are to be applied to these kinds of nodes. */
  void check(Map<NodeShape, Set<String>> applied) {
    isAnyChosen = !applied.isEmpty();
    applied.values().forEach(chosen::addAll);
    List<Finding> all = new ArrayList<>(read.findings());
    if (kinds.isEmpty()) {
      chosen.forEach(config -> absent(config).ifPresent(found -> all.add(0, found)));
      all.stream()
          .filter(found -> config(found).filter(chosen::contains).isPresent())
          .forEach(aboutChosen::add);
    } else {
      all.clear();
      all.addAll(onKinds(applied));
    }
    addDevicePlugin(all);
    all.sort(Comparator.comparing(found -> !aboutChosen.contains(found)));
    findings = List.copyOf(all);
  }

  private Optional<Finding> absent(String config) {
    return read.document()
        .filter(document -> document.config(config).isEmpty())
        .map(document -> Finding.builder()
            .severity(Severity.ERROR)
            .code(NodeCode.CONFIG_NOT_PRESENT)
            .location(SourceLocation.START)
            .subject("the file")
            .message("The file has no config %s".formatted(Input.quoted(config)))
            .remedy("it has %s".formatted(Input.present(document)))
            .build());
  }

  /** Each finding once, with the kinds of nodes that have it, unless it is one of the file. */
  private List<Finding> onKinds(Map<NodeShape, Set<String>> applied) {
    Map<Finding, List<String>> names = new LinkedHashMap<>();
    Set<Finding> ofChosen = new HashSet<>();
    for (NodeShape kind : kinds) {
      Set<String> configs = applied.getOrDefault(kind, Set.of());
      List<Finding> found = on(kind, configs);
      for (Finding each : found) {
        names.computeIfAbsent(each, k -> new ArrayList<>()).add(kind.name());
        if (config(each).filter(configs::contains).isPresent()) {
          ofChosen.add(each);
        }
      }
      if (!isAnyChosen) {
        unfit.put(kind, unfit(kind, found));
      }
    }
    List<Finding> all = new ArrayList<>();
    names.forEach((finding, of) -> {
      Finding named = of.contains("") || read.findings().contains(finding)
          ? finding
          : withMessage(finding, String.join(", ", of) + ": " + finding.message());
      all.add(named);
      if (ofChosen.contains(finding)) {
        aboutChosen.add(named);
      }
    });
    all.sort(Comparator.comparing(
        FileCheck::start,
        Comparator.comparingInt(SourceLocation::line).thenComparingInt(SourceLocation::column)));
    return all;
  }

  /** The worst of a finding for each configuration that is to be applied. */
  private List<Finding> on(NodeShape kind, Set<String> configs) {
    if (configs.isEmpty()) {
      return NodeLint.of(read, Input.gpus(kind.gpus()), strategy());
    }
    Map<String, Finding> worst = new LinkedHashMap<>();
    for (String config : configs) {
      for (Finding finding : NodeLint.of(read, Input.gpus(kind.gpus()), strategy(), config)) {
        worst.merge(
            start(finding) + " " + finding.code() + " " + finding.message(),
            finding,
            (a, b) -> a.severity().compareTo(b.severity()) <= 0 ? a : b);
      }
    }
    return List.copyOf(worst.values());
  }

  private static Finding withMessage(Finding finding, String message) {
    return Finding.builder()
        .severity(finding.severity())
        .code(finding.code())
        .location(finding.location())
        .subject(finding.subject())
        .message(message)
        .remedy(finding.remedy())
        .facts(finding.facts())
        .build();
  }

  /**
   * Adds the findings of the device plugin's configurations, which a file may contain as well, or
   * instead of those of mig-parted.
   */
  private void addDevicePlugin(List<Finding> all) {
    Map<String, DevicePluginConfigFile> plugin = DevicePluginConfigFile.readAll(read.text());
    boolean isNamed = !plugin.containsKey("");
    boolean isOfPlugin = all.stream().anyMatch(found -> found.code() == TextCode.OTHER_KIND);
    boolean isElsewhere = !all.isEmpty()
        && all.stream().allMatch(found -> found.code() == TextCode.CONTENT_ELSEWHERE);
    if (isOfPlugin || (isNamed && isElsewhere)) {
      all.clear();
    }
    if (isOfPlugin || isNamed) {
      plugin.values().stream()
          .flatMap(each -> each.findings().stream())
          .filter(found -> !all.contains(found))
          .forEach(all::add);
    }
  }

  private MigStrategy strategy() {
    return strategy == null ? read.strategy().orElse(MigStrategy.MIXED) : strategy;
  }

  /** Which configurations would have errors if they were chosen. */
  private Set<String> unfit(NodeShape kind, List<Finding> found) {
    Set<String> suspects = new LinkedHashSet<>();
    found.forEach(finding -> config(finding).ifPresent(suspects::add));
    suspects.retainAll(configs());
    suspects.removeIf(name -> NodeLint.of(read, Input.gpus(kind.gpus()), strategy(), name).stream()
        .noneMatch(finding -> finding.isError() && config(finding).equals(Optional.of(name))));
    return suspects;
  }

  Path path() {
    return path;
  }

  /** All findings, those about the configurations that are to be applied first. */
  List<Finding> findings() {
    return findings;
  }

  /** The findings without those about other configurations than the ones to be applied. */
  List<Finding> decisive() {
    return findings.stream()
        .filter(found -> found.isError() || !isOfOther(found))
        .toList();
  }

  /** How many configurations the findings are about that {@link #decisive} leaves out. */
  long others() {
    return findings.stream()
        .filter(found -> !found.isError() && isOfOther(found))
        .flatMap(found -> config(found).stream())
        .distinct()
        .count();
  }

  private boolean isOfOther(Finding finding) {
    return isAnyChosen && config(finding).isPresent() && !aboutChosen.contains(finding);
  }

  Set<String> configs() {
    return read.document().map(document -> document.configs().keySet()).orElse(Set.of());
  }

  /** The configurations that cannot work on a kind of nodes; none if one is to be applied. */
  Set<String> unfit(NodeShape kind) {
    return unfit.getOrDefault(kind, Set.of());
  }

  /** The configurations that create MIG devices; the others work anywhere. */
  private Set<String> layouts() {
    return read.document().map(MigConfigDocument::configs).orElse(Map.of()).entrySet().stream()
        .filter(config -> createsDevices(config.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static boolean createsDevices(MigConfig config) {
    return config.entries().stream()
        .anyMatch(entry -> entry.migEnabled() && !entry.migDevices().isEmpty());
  }

  /** Whether the file has configurations that create devices, and none is chosen. */
  boolean offersLayouts() {
    return !isAnyChosen && !layouts().isEmpty();
  }

  /** Whether one of the configurations that create devices works on a kind of nodes. */
  boolean worksOn(NodeShape kind) {
    return !unfit(kind).containsAll(layouts());
  }

  /** Whether the file has no error, and a layout that works on one of the kinds of nodes. */
  boolean isValid() {
    return findings.stream().noneMatch(Finding::isError)
        && (kinds.isEmpty() || !offersLayouts() || kinds.stream().anyMatch(this::worksOn));
  }

  /** A line of the file as it is written; empty if there is none. */
  String line(int number) {
    return read.text().lines().skip(number - 1L).findFirst().orElse("");
  }

  static SourceLocation start(Finding finding) {
    return finding.location().orElse(SourceLocation.START);
  }

  private static Optional<String> config(Finding finding) {
    return finding.location().flatMap(SourceLocation::config);
  }
}
