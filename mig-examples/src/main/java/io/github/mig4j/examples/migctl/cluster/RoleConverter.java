package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.k8s.config.MigRole;
import java.util.Arrays;
import java.util.Iterator;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a use as people write it, such as {@code read-only}. */
final class RoleConverter implements ITypeConverter<MigRole>, Iterable<String> {

  /** The candidates for completion. */
  @Override
  public Iterator<String> iterator() {
    return Arrays.stream(MigRole.values()).map(MigRole::toJson).iterator();
  }

  @Override
  public MigRole convert(String text) {
    String wanted = text.replace('_', '-');
    return Arrays.stream(MigRole.values())
        .filter(role -> role.toJson().equalsIgnoreCase(wanted))
        .findFirst()
        .orElseThrow(() -> new TypeConversionException(
            "'%s' is not one of %s".formatted(text, String.join(", ", this))));
  }
}
