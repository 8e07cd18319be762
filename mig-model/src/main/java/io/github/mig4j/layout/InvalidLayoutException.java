package io.github.mig4j.layout;

import io.github.mig4j.MigException;
import io.github.mig4j.gpu.GpuModel;
import java.util.List;
import java.util.stream.Collectors;

/** There is no layout where one was demanded; thrown by {@link PlacementResult#orElseThrow}. */
public final class InvalidLayoutException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient PlacementResult result;

  InvalidLayoutException(GpuModel gpu, PlacementResult.Rejected rejected) {
    super("No layout for %s: %s"
        .formatted(
            gpu.id(),
            rejected.violations().stream()
                .map(Violation::message)
                .collect(Collectors.joining("; "))));
    this.result = rejected;
  }

  InvalidLayoutException(GpuModel gpu, PlacementResult.Undetermined undetermined) {
    super("No layout for %s: %s".formatted(gpu.id(), undetermined.message()));
    this.result = undetermined;
  }

  /**
   * Why there is no layout.
   *
   * @return every violation; empty if it could not be determined
   */
  public List<Violation> violations() {
    return result instanceof PlacementResult.Rejected rejected ? rejected.violations() : List.of();
  }
}
