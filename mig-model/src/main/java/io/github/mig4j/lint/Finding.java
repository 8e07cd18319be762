package io.github.mig4j.lint;

import java.util.Objects;

/**
 * Something to say about one place of a file.
 *
 * @param severity how bad it is
 * @param code what kind of finding it is
 * @param message subject, value and remedy in one line, without a full stop
 * @param place where it stands
 */
public record Finding(Severity severity, FindingCode code, String message, SourceLocation place) {
  public Finding {
    Objects.requireNonNull(severity, "severity");
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(place, "place");
  }

  /**
   * Whether this finding blocks: the file is refused, or the selected configuration must not be
   * applied.
   *
   * @return true for errors
   */
  public boolean isError() {
    return severity == Severity.ERROR;
  }

  /** The line that a compiler would print, e.g. {@code 7:5: error: … [missing-field]}. */
  @Override
  public String toString() {
    return "%s: %s: %s [%s]".formatted(place, severity, message, code);
  }
}
