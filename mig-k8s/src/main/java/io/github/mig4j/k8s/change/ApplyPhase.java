package io.github.mig4j.k8s.change;

import io.github.mig4j.JsonName;

/** The phases of a change, as its {@linkplain ApplyEvent events} report them. */
public enum ApplyPhase implements JsonName {
  /** Everything that can be checked is checked; nothing is written yet. */
  CHECKED,
  /** No new pod comes to the node. */
  CORDONED,
  /** The pods that used the node's GPUs have left. */
  DRAINED,
  /** The node's MIG manager was restarted. */
  RESTARTED,
  /** The node requests the configuration. */
  REQUESTED,
  /** The MIG manager did not know the configuration yet; the node requests it by another name. */
  RETRIED,
  /** The MIG manager is at work. */
  PENDING,
  /** The node reboots. */
  REBOOTING,
  /** The GPU's clients are stopped; the node offers no GPU. */
  PAUSED,
  /** The GPU's clients run again. */
  RESUMED,
  /** The MIG manager reports success. */
  REPORTED,
  /** The node offers what was requested; it must stay so for a while. */
  OFFERED,
  /** The evidence held, and the record of the change is ended. */
  VERIFIED,
  /** The change failed, and its rollback begins. */
  ROLLING_BACK,
  /** The node is back at the configuration before the change. */
  ROLLED_BACK
}
