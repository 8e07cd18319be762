package io.github.mig4j.config;

import io.github.mig4j.MigException;
import java.util.List;

/** A file that the MIG manager would refuse. */
public final class MigConfigSyntaxException extends MigException {
  private static final long serialVersionUID = 1L;

  MigConfigSyntaxException(List<String> problems) {
    super("Not a MIG configuration file: " + String.join("; ", problems));
  }
}
