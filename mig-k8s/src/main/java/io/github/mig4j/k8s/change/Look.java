package io.github.mig4j.k8s.change;

import java.time.Instant;

/** What one look at a change shows. */
sealed interface Look {

  /**
   * The change has reached its goal.
   *
   * @param since since when the node shows the evidence
   */
  record Done(ApplyOutcome outcome, Instant since) implements Look {}

  /**
   * The change goes on by itself.
   *
   * @param phase the phase that is reached
   * @param detail what is missing, in words
   * @param untilNanos nothing is decided before a change of what is awaited or this time
   * @param awaited what is awaited
   */
  record Waiting(ApplyPhase phase, String detail, long untilNanos, Awaited awaited)
      implements Look {}

  /** The node requests the configuration since this look, by this value of the label. */
  record Requested(String key) implements Look {}

  /** The change has failed, and its record says so. */
  record Failed(MigChangeException failure) implements Look {}

  /** What a change waits for. */
  enum Awaited {
    /** A later version of the node, which is read if no watch reports one. */
    NODE,
    /**
     * A later version of the node, if there is one. None is read: what the next look decides is written
     * only if the version that it has seen is still the latest.
     */
    NODE_OR_NONE,
    PODS_OF_NODE,
    MANAGER_PODS
  }
}
