package io.github.mig4j.node;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;

/**
 * The kinds of {@link Finding}s about a mig-parted file on the GPUs of a node; docs/lint.md has an
 * example of each.
 */
public enum NodeCode implements Code {
  /** A name with a special meaning belongs to a configuration that means something else. */
  RESERVED_NAME,
  /** The file lacks the configuration that the operator falls back to. */
  NO_ALL_DISABLED,
  /** The file has more bytes than a ConfigMap may have. */
  CONFIGMAP_TOO_LARGE,
  /** The file lacks the selected configuration. */
  CONFIG_NOT_PRESENT,
  /** The GPU does not offer the profile. */
  UNKNOWN_PROFILE,
  /** The devices do not fit on the GPU. */
  NOT_PLACEABLE,
  /** The catalogue does not say whether the devices fit on the GPU. */
  PLACEMENT_UNKNOWN,
  /** The devices fit, but probably not in the order in which mig-parted first creates them. */
  DRIVER_ORDER,
  /** One profile name means devices of different sizes. */
  AMBIGUOUS_PROFILE,
  /** No entry selects the GPU. */
  UNCOVERED_GPU,
  /** The configuration selects no GPU of the node. */
  NOTHING_SELECTED,
  /** Later entries decide for all GPUs that an entry selects. */
  SHADOWED_ENTRY,
  /** One GPU has MIG disabled by one entry and enabled by another. */
  CONFLICTING_MODES,
  /** No GPU of the node passes the filter. */
  FILTER_MATCHES_NOTHING,
  /** A filter selects some boards of a model, and the GPU's board is not known. */
  BOARD_NOT_KNOWN,
  /** The node has no GPU with the index. */
  INDEX_OUT_OF_RANGE,
  /** An entry enables MIG on a GPU that does not support it. */
  MIG_NOT_SUPPORTED,
  /** An entry gives all GPUs the same devices, on a node with several kinds of GPUs. */
  NO_FILTER_ON_MIXED_HARDWARE,
  /** With strategy mixed, a compute instance is only a part of its GPU instance. */
  SHARED_INSTANCE_UNDER_MIXED,
  /** With strategy single, not all GPUs are partitioned alike. */
  NOT_UNIFORM_UNDER_SINGLE,
  /** A GPU is in MIG mode and has no devices. */
  EMPTY_MIG_GPU,
  /** With strategy none, the node offers no resource for MIG devices. */
  MIG_UNDER_NONE,
  /** A change of MIG mode resets every GPU of the node. */
  MODE_CHANGE_RESETS,
  /** A change of MIG mode clears every selected GPU. */
  MODE_CHANGE_CLEARS;

  /** The stable text of this code, e.g. {@code not-placeable}. */
  @Override
  public String toString() {
    return text();
  }
}
