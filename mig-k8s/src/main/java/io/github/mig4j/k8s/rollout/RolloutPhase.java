package io.github.mig4j.k8s.rollout;

/** How far a rollout has come. */
public enum RolloutPhase {
  /** Nodes are being changed. */
  RUNNING,
  /** No further node begins until it is resumed. */
  PAUSED,
  /** Too many nodes failed; those that were changed return to what they were. */
  ROLLING_BACK,
  /** Every node has had its turn. */
  DONE,
  /** Too many nodes failed; the others were not reached. */
  STOPPED,
  /** Somebody ended it; the others were not reached. */
  ABORTED;

  /**
   * Whether nothing more happens.
   *
   * @return true for {@link #DONE}, {@link #STOPPED} and {@link #ABORTED}
   */
  public boolean isFinal() {
    return this == DONE || this == STOPPED || this == ABORTED;
  }
}
