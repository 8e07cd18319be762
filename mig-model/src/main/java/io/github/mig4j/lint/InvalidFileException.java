package io.github.mig4j.lint;

import io.github.mig4j.MigException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** A file that NVIDIA's program would refuse; thrown where its content was demanded. */
public final class InvalidFileException extends MigException {

  private static final long serialVersionUID = 1L;

  private final transient List<Finding> errors;

  /**
   * Creates an exception with the errors among some findings.
   *
   * @param expected what the file should be, such as {@code MIG configuration file}
   */
  public InvalidFileException(String expected, List<Finding> findings) {
    super("Not a %s: %s"
        .formatted(
            Objects.requireNonNull(expected, "expected"),
            Objects.requireNonNull(findings, "findings").stream()
                .filter(Finding::isError)
                .map(Finding::locatedSentence)
                .collect(Collectors.joining("; "))));
    errors = findings.stream().filter(Finding::isError).toList();
  }

  /** {@return why the file is refused: every error, in the order of the file} */
  public List<Finding> errors() {
    return errors == null ? List.of() : errors;
  }
}
