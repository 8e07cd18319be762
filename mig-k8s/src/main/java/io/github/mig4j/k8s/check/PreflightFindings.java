package io.github.mig4j.k8s.check;

import io.github.mig4j.lint.Severity;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects what a {@link NodeCheck} finds; not thread-safe. */
final class PreflightFindings {

  private final Set<PreflightFinding> found = new LinkedHashSet<>();

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
    found.add(new PreflightFinding(severity, code, message, remedy));
  }

  boolean hasErrors() {
    return found.stream().anyMatch(PreflightFinding::isError);
  }

  boolean hasAny(Set<PreflightCode> codes) {
    return found.stream().anyMatch(finding -> codes.contains(finding.code()));
  }

  /** Errors first, and within a severity from the node to its configuration. */
  List<PreflightFinding> sorted() {
    return found.stream()
        .sorted(
            Comparator.comparing(PreflightFinding::severity).thenComparing(PreflightFinding::code))
        .toList();
  }
}
