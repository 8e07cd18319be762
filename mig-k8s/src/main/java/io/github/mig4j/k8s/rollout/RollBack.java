package io.github.mig4j.k8s.rollout;

/** Which nodes return to the configuration before, if nodes fail. */
public enum RollBack {
  /** None: a node that failed stays as it is, to be looked at. */
  NONE,
  /** Each node that failed, at once. */
  FAILED,
  /** As {@link #FAILED}; and if failures stop the rollout, every node that it has changed. */
  ALL
}
