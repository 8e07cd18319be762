package io.github.mig4j.node;

import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.Severity;
import io.github.mig4j.lint.SourceLocation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One configuration of a file on the GPUs of a node, as the rules see it.
 *
 * @param isSelected whether this is the configuration that is to be applied
 */
record ConfigOnNode(
    MigConfigFile file, String name, Selection selection, boolean isSelected, Findings findings) {

  /** All GPUs of the node. */
  List<NodeGpu> gpus() {
    return selection.gpus;
  }

  /** Whether an entry selects a GPU of the node. */
  boolean selectsAny() {
    return gpus().stream().anyMatch(gpu -> !selection.entriesFor(gpu).isEmpty());
  }

  SourceLocation location() {
    return file.locationOf(name);
  }

  SourceLocation location(int entry, String field) {
    return file.locationOf(name, entry, field);
  }

  SourceLocation location(int entry, MigProfile profile) {
    return file.locationOf(name, entry, profile);
  }

  /** Adds a finding, as a note if this configuration is not to be applied. */
  void report(NodeCode code, SourceLocation location, String message, String remedy) {
    Severity severity = isSelected ? code.severity() : Severity.NOTE;
    findings.add(severity, code, location, message, remedy);
  }

  /** The GPUs by model, so that those of one model are named in one finding. */
  static List<List<NodeGpu>> byModel(List<NodeGpu> gpus) {
    Map<String, List<NodeGpu>> groups = gpus.stream()
        .collect(Collectors.groupingBy(
            gpu -> gpu.model().id(), LinkedHashMap::new, Collectors.toList()));
    return List.copyOf(groups.values());
  }

  /** E.g. {@code GPUs 0, 1 (a30-24gb) and GPU 2 (l40s)}. */
  static String names(List<NodeGpu> gpus) {
    return byModel(gpus).stream().map(Selection::name).collect(Collectors.joining(" and "));
  }

  /** E.g. {@code a30-24gb and l40s}. */
  static String models(List<NodeGpu> gpus) {
    return gpus.stream()
        .map(gpu -> gpu.model().id())
        .distinct()
        .collect(Collectors.joining(" and "));
  }
}
