package io.github.mig4j.k8s.change;

/** How far a request has come; see {@link ApplyEvent}. */
public enum ApplyPhase {
  /** Everything that can be checked has been; nothing is written yet. */
  CHECKED,
  /** No new pod comes to the node. */
  CORDONED,
  /** The pods that used the node's GPUs are gone. */
  DRAINED,
  /** The node's MIG manager was started anew. */
  RESTARTED,
  /** The node asks for the configuration. */
  REQUESTED,
  /** The MIG manager did not know the configuration yet; the node asks under another name. */
  RETRIED,
  /** The MIG manager has begun. */
  PENDING,
  /** The node reboots. */
  REBOOTING,
  /** The GPU's clients are stopped; the node offers no GPU. */
  PAUSED,
  /** The GPU's clients run again. */
  RESUMED,
  /** The MIG manager says that it is done. */
  REPORTED,
  /** The node offers what was asked for; it has to stay so for a while. */
  OFFERED,
  /** The evidence held. */
  VERIFIED,
  /** The change failed, and the node asks for the configuration before it. */
  ROLLED_BACK
}
