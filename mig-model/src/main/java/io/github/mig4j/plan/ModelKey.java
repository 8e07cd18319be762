package io.github.mig4j.plan;

import io.github.mig4j.gpu.GpuModel;

/** A model as a key of a map. */
record ModelKey(GpuModel model) {
  /** Hashes the id only, because the hash of a whole model is slow. */
  @Override
  public int hashCode() {
    return model.id().hashCode();
  }
}
