package io.github.mig4j.sharing;

import io.github.mig4j.MigException;
import java.util.List;
import java.util.stream.Collectors;

/** A file that the device plugin would refuse; thrown where a configuration was demanded. */
public final class DevicePluginSyntaxException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<SharingFinding> errors;

  DevicePluginSyntaxException(List<SharingFinding> errors) {
    super("Not a device plugin configuration: "
        + errors.stream()
            .map(error -> "line %d, column %d: %s"
                .formatted(error.place().line(), error.place().column(), error.message()))
            .collect(Collectors.joining("; ")));
    this.errors = List.copyOf(errors);
  }

  /**
   * Why the file is refused.
   *
   * @return every error, in the order of the file
   */
  public List<SharingFinding> errors() {
    return errors == null ? List.of() : errors;
  }
}
