package io.github.mig4j.sharing;

import io.github.mig4j.JsonName;

/** Whether containers get IMEX channel 0, the only one that the plugin injects. */
public enum ImexChannel implements JsonName {
  /** They do not. */
  NONE,
  /** They do where the node has it. */
  IF_PRESENT,
  /** They do, and the plugin does not start without it. */
  REQUIRED
}
