package io.github.mig4j.k8s.rollout;

import io.github.mig4j.JsonName;

/** Which nodes are rolled back to their previous configuration when nodes fail. */
public enum RollBack implements JsonName {
  /** None: a node that failed stays as it is, for inspection. */
  NONE,
  /** Each node that failed, immediately. */
  FAILED,
  /** As {@link #FAILED}, and every node that the rollout changed if failures stop it. */
  ALL
}
