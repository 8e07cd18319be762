package io.github.mig4j.examples.migctl.cluster;

import io.github.mig4j.gpu.MigStrategy;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a strategy with which nodes offer MIG devices. */
final class SetupStrategyConverter implements ITypeConverter<MigStrategy>, Iterable<String> {

  private static final List<MigStrategy> OFFERED = List.of(MigStrategy.SINGLE, MigStrategy.MIXED);

  /** The candidates for completion. */
  @Override
  public Iterator<String> iterator() {
    return OFFERED.stream().map(MigStrategy::toString).iterator();
  }

  @Override
  public MigStrategy convert(String text) {
    return OFFERED.stream()
        .filter(strategy -> strategy.toString().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(() -> new TypeConversionException(
            "'%s' is not single or mixed, with which a node offers its MIG devices"
                .formatted(text)));
  }
}
