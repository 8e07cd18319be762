package io.github.mig4j.config;

import io.github.mig4j.MigException;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.stream.Collectors;

/** A file that the MIG manager would refuse; thrown where a document was demanded. */
public final class MigConfigSyntaxException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<Finding> errors;

  MigConfigSyntaxException(List<Finding> errors) {
    super("Not a MIG configuration file: "
        + errors.stream().map(Finding::locatedSentence).collect(Collectors.joining("; ")));
    this.errors = List.copyOf(errors);
  }

  /** {@return why the file is refused: every error, in the order of the file} */
  public List<Finding> errors() {
    return errors == null ? List.of() : errors;
  }
}
