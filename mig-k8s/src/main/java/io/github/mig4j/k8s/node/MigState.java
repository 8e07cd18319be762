package io.github.mig4j.k8s.node;

import java.util.Locale;

/**
 * What the MIG manager last said about a node. It names no configuration, so it may speak of an
 * earlier request; {@code MigNode.apply} believes evidence instead.
 */
public enum MigState {
  /** Work has begun. */
  PENDING,
  /** The node reboots so that a MIG mode change takes effect. */
  REBOOTING,
  /** The last run ended well. */
  SUCCESS,
  /** The last run did not end well; the manager does not try again by itself. */
  FAILED,
  /** A word that this library does not know. */
  UNKNOWN;

  static MigState of(String label) {
    for (MigState state : values()) {
      if (state != UNKNOWN && state.toString().equals(label)) {
        return state;
      }
    }
    return UNKNOWN;
  }

  /** The value as the label spells it, e.g. {@code pending}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
