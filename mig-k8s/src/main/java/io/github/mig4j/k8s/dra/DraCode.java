package io.github.mig4j.k8s.dra;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;

/**
 * The kinds of {@link Finding}s about the driver's slices and the claims; docs/dra.md explains them.
 * Each has its facts as a record of {@link DraFacts}.
 */
public enum DraCode implements Code {
  /** Claims hold devices of one GPU that exclude each other. */
  DOUBLE_BOOKED,
  /** A claim holds a device that the driver does not publish. */
  ALLOCATED_BUT_GONE,
  /** The catalogue says that the devices of a GPU cannot exist together. */
  IMPOSSIBLE_LAYOUT,
  /** A GPU is offered as a whole beside its MIG devices. */
  WHOLE_BESIDE_MIG,
  /** Slices of a pool are missing. */
  INCOMPLETE_POOL,
  /** Several devices of a pool have the same name. */
  DUPLICATE_DEVICE,
  /** The profile of a MIG device cannot be read. */
  UNREADABLE_PROFILE,
  /** The type of a device is not known, so that it is not counted. */
  UNKNOWN_TYPE,
  /** A device has a profile that the catalogue does not have, and does not show its placement. */
  UNKNOWN_PROFILE,
  /** A device is at a placement that the catalogue does not have. */
  UNKNOWN_PLACEMENT,
  /** The driver does not publish a placement that the catalogue has. */
  MISSING_PLACEMENT,
  /** The driver publishes another amount than the catalogue has. */
  AMOUNT_DIFFERS,
  /** The product is not in the catalogue, or can be several models. */
  UNKNOWN_PRODUCT;

  /** The stable text of this code, e.g. {@code double-booked}. */
  @Override
  public String toString() {
    return text();
  }
}
