package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.JsonName;

/**
 * What to do with a node that another client or an admin has changed. A node that lost its layout by a
 * reboot, or that never had it, is always repaired.
 */
public enum OnDrift implements JsonName {
  /** Leave the node as it is, and report who changed it. */
  YIELD,
  /** Request what is declared again. */
  RESTORE
}
