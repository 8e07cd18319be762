package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonName;

/** The phase of a rollout. */
public enum RolloutPhase implements JsonName {
  /** Nodes are being changed. */
  RUNNING,
  /** No further node starts until the rollout is resumed. */
  PAUSED,
  /** Too many nodes failed; changed nodes are being rolled back. */
  ROLLING_BACK,
  /** Every node has an outcome. */
  DONE,
  /** Too many nodes failed; the others were not reached. */
  STOPPED,
  /** It was aborted; the others were not reached. */
  ABORTED;

  /** {@return whether the rollout has ended: true for {@link #DONE}, {@link #STOPPED} and {@link #ABORTED}} */
  public boolean isFinal() {
    return this == DONE || this == STOPPED || this == ABORTED;
  }
}
