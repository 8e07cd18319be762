package io.github.mig4j.layout;

import io.github.mig4j.MigException;
import io.github.mig4j.gpu.GpuModel;
import java.util.List;

/**
 * Thrown by {@link PlacementResult#orElseThrow} if no layout exists. The message has the decisive
 * reasons; {@link #violations()} has all of them.
 */
public final class InvalidLayoutException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<Violation> violations;

  InvalidLayoutException(GpuModel gpu, String reason, List<Violation> violations) {
    super("No layout for %s: %s".formatted(gpu.id(), reason));
    this.violations = violations;
  }

  /** {@return all reasons why no layout exists; empty if the result is undetermined} */
  public List<Violation> violations() {
    return violations == null ? List.of() : violations;
  }
}
