package io.github.mig4j.k8s.check;

import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Collects the findings of a {@link NodeCheck}; not thread-safe. */
final class PreflightFindings {

  private final String node;
  private final Map<Finding, PreflightCode> found = new LinkedHashMap<>();

  PreflightFindings(String node) {
    this.node = node;
  }

  void error(PreflightCode code, String message, String remedy) {
    add(Severity.ERROR, code, message, remedy);
  }

  void warning(PreflightCode code, String message, String remedy) {
    add(Severity.WARNING, code, message, remedy);
  }

  void note(PreflightCode code, String message, String remedy) {
    add(Severity.NOTE, code, message, remedy);
  }

  void add(Severity severity, PreflightCode code, String message, String remedy) {
    Finding finding = Finding.builder()
        .severity(severity)
        .code(code)
        .subject("node " + node)
        .message(message)
        .remedy(remedy)
        .build();
    found.put(finding, code);
  }

  boolean hasErrors() {
    return found.keySet().stream().anyMatch(Finding::isError);
  }

  boolean hasAny(Set<PreflightCode> codes) {
    return found.values().stream().anyMatch(codes::contains);
  }

  /** Errors first, and within a severity from the node to its configuration. */
  List<Finding> sorted() {
    return found.entrySet().stream()
        .sorted(Comparator.comparing(
                (Map.Entry<Finding, PreflightCode> each) -> each.getKey().severity())
            .thenComparing(Map.Entry::getValue))
        .map(Map.Entry::getKey)
        .toList();
  }
}
