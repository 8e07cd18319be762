package io.github.mig4j.k8s.check;

import io.github.mig4j.lint.Severity;
import java.util.Objects;

/**
 * Something that prevents a change, or is good to know before it.
 *
 * @param severity an error makes {@code MigNode.apply} refuse; a warning or a note does not
 * @param code what kind of finding it is
 * @param message subject and value in one line, without a full stop
 * @param remedy what to do about it, as a command
 */
public record PreflightFinding(
    Severity severity, PreflightCode code, String message, String remedy) {
  public PreflightFinding {
    Objects.requireNonNull(severity, "severity");
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(remedy, "remedy");
  }

  /**
   * Whether {@code MigNode.apply} refuses because of this.
   *
   * @return true for errors
   */
  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** What is wrong and what helps, e.g. {@code there is no such node; see 'kubectl get nodes'}. */
  String sentence() {
    return message + "; " + remedy;
  }

  /** A line for a log or a terminal, e.g. {@code error: … [node-absent]}. */
  @Override
  public String toString() {
    return "%s: %s [%s]".formatted(severity, sentence(), code);
  }
}
