package io.github.mig4j.gpu;

import io.github.mig4j.MigException;
import java.util.List;

/** Thrown if no model of the catalogue has a name, or if several have it. */
public final class UnknownGpuException extends MigException {
  private static final long serialVersionUID = 1L;

  private final transient List<GpuModel> candidates;

  UnknownGpuException(String message, List<GpuModel> candidates) {
    super(message);
    this.candidates = List.copyOf(candidates);
  }

  /** {@return the models that share the name, at least two; empty if the name is unknown} */
  public List<GpuModel> candidates() {
    return candidates == null ? List.of() : candidates;
  }
}
