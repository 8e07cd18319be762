package io.github.mig4j.node;

import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigFile;
import io.github.mig4j.lint.Findings;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.text.Quoted;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Collectors;

/** Rules for the file as a whole: its size, and the names that the cluster requests. */
final class FileRules {

  static final String ALL_DISABLED = "all-disabled";

  private static final int MAX_CONFIGMAP_BYTES = 1024 * 1024;

  private static final int MAX_NAMES_SHOWN = 12;

  private FileRules() {}

  static void checkSize(MigConfigFile file, Findings findings) {
    int bytes = file.text().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_CONFIGMAP_BYTES) {
      report(
          findings,
          NodeCode.CONFIGMAP_TOO_LARGE,
          "The file has %d bytes, but a ConfigMap has at most %d"
              .formatted(bytes, MAX_CONFIGMAP_BYTES),
          "remove configurations that no node requests");
    }
  }

  static void checkSelected(MigConfigDocument document, String selected, Findings findings) {
    if (!document.configs().containsKey(selected)) {
      report(
          findings,
          NodeCode.CONFIG_NOT_PRESENT,
          "The file has no config %s".formatted(Quoted.of(selected)),
          "it has %s".formatted(names(document.configs().keySet())));
    }
  }

  /** Nodes that request no configuration fail without the default. */
  static void checkDefault(MigConfigDocument document, Optional<String> stated, Findings findings) {
    String name = stated.orElse(ALL_DISABLED);
    if (!name.isEmpty() && !document.configs().containsKey(name)) {
      report(
          findings,
          NodeCode.NO_ALL_DISABLED,
          "The file has no config %s, which the operator requests for nodes that request no configuration"
              .formatted(Quoted.of(name)),
          "add it, or set migManager.config.default to ''");
    }
  }

  private static void report(Findings findings, NodeCode code, String message, String remedy) {
    findings.add(code.severity(), code, SourceLocation.START, message, remedy);
  }

  private static String names(Collection<String> names) {
    String listed =
        names.stream().limit(MAX_NAMES_SHOWN).map(Quoted::of).collect(Collectors.joining(", "));
    return names.isEmpty() ? "none" : listed + (names.size() > MAX_NAMES_SHOWN ? " and more" : "");
  }
}
