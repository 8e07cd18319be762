package io.github.mig4j.k8s.check;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Collects the findings of a {@link NodeCheck}; not thread-safe. */
final class PreflightFindings {

  private final String node;
  private final Set<Finding> found = new LinkedHashSet<>();

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
    found.add(Finding.builder()
        .severity(severity)
        .code(code)
        .subject("node " + node)
        .message(message)
        .remedy(remedy)
        .build());
  }

  /**
   * Adds what lint found in a file.
   *
   * @param file the name of the file, in which the finding's location is
   */
  void addLint(String file, Finding finding) {
    found.add(finding.withSubject(file));
  }

  boolean hasErrors() {
    return found.stream().anyMatch(Finding::isError);
  }

  boolean hasAny(Set<PreflightCode> codes) {
    return found.stream().map(Finding::code).anyMatch(codes::contains);
  }

  /** Errors first, and within a severity from the node to its configuration. */
  List<Finding> sorted() {
    return found.stream()
        .sorted(
            Comparator.comparing(Finding::severity).thenComparing(finding -> rank(finding.code())))
        .toList();
  }

  /** What lint found in a configuration comes after what is found about its file. */
  private static PreflightCode rank(Code code) {
    return code instanceof PreflightCode own ? own : PreflightCode.CONFIG_ABSENT;
  }
}
