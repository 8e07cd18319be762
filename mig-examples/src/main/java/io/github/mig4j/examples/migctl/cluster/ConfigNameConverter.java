package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.config.MigConfig;
import io.github.mig4j.examples.migctl.console.NegativeAnswerException;
import java.util.Objects;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a configuration, which a node's label has to hold. */
final class ConfigNameConverter implements ITypeConverter<String> {

  @Override
  public String convert(String name) {
    try {
      return MigConfig.requireLabelValue(name);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** A name from a file. */
  static void requireName(String name) {
    try {
      String unused = MigConfig.requireLabelValue(name);
    } catch (IllegalArgumentException e) {
      throw new NegativeAnswerException(Objects.toString(e.getMessage()));
    }
  }
}
