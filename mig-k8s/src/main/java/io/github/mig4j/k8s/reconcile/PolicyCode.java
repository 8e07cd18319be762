package io.github.mig4j.k8s.reconcile;

import io.github.mig4j.lint.Code;

/** The kinds of findings of a policy file; docs/reconcile.md says what each means. */
public enum PolicyCode implements Code {
  /** A key that the file does not have. */
  UNKNOWN_KEY,
  /** A required key is missing. */
  MISSING_KEY,
  /** A value has another type or form than it must have. */
  INVALID_VALUE,
  /** Two policies have one name. */
  DUPLICATE_NAME,
  /** The catalogue does not have a GPU of this name. */
  UNKNOWN_MODEL,
  /** The GPU does not have the profile. */
  UNKNOWN_PROFILE,
  /** The devices do not fit on the GPU. */
  LAYOUT_DOES_NOT_FIT,
  /** The GPU does not support MIG. */
  NO_MIG,
  /** The stock needs more GPUs than the policy may cut. */
  STOCK_DOES_NOT_FIT,
  /** Two policies choose one node. */
  SAME_NODE,
  /** Two policies can choose one node. */
  CAN_OVERLAP;

  /** The stable text of this code, e.g. {@code unknown-key}. */
  @Override
  public String toString() {
    return text();
  }
}
