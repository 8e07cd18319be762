package io.github.mig4j.k8s.node;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The state that the MIG manager last reported for a node. It names no configuration and may be from an
 * earlier request, so {@code MigNode.apply} requires other evidence.
 */
public enum MigState {
  /** A run has started. */
  PENDING,
  /** The node reboots so that a MIG mode change takes effect. */
  REBOOTING,
  /** The last run succeeded. */
  SUCCESS,
  /** The last run failed; the manager does not repeat it. */
  FAILED,
  /** A value that this library does not know. */
  UNKNOWN;

  /**
   * {@return whether the MIG manager is changing the node's GPUs: true for {@link #PENDING} and
   * {@link #REBOOTING}}
   */
  public boolean isAtWork() {
    return this == PENDING || this == REBOOTING;
  }

  static MigState of(String label) {
    for (MigState state : values()) {
      if (state != UNKNOWN && state.toString().equals(label)) {
        return state;
      }
    }
    return UNKNOWN;
  }

  /** The value of the label, e.g. {@code pending}. */
  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
