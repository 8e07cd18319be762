package io.github.mig4j.sharing;

import io.github.mig4j.MigException;
import io.github.mig4j.lint.Finding;
import java.util.List;
import java.util.stream.Collectors;

/** A file that the device plugin would refuse; thrown where a configuration was demanded. */
public final class DevicePluginSyntaxException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<Finding> errors;

  DevicePluginSyntaxException(List<Finding> errors) {
    super("Not a device plugin configuration: "
        + errors.stream().map(Finding::locatedSentence).collect(Collectors.joining("; ")));
    this.errors = List.copyOf(errors);
  }

  /** {@return why the file is refused: every error, in the order of the file} */
  public List<Finding> errors() {
    return errors == null ? List.of() : errors;
  }
}
