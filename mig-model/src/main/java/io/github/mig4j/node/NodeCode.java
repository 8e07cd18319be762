package io.github.mig4j.node;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;

/**
 * The kinds of {@link Finding}s about a mig-parted file on the GPUs of a node; docs/lint.md has an
 * example of each.
 */
public enum NodeCode implements Code {
  /** A name with a special meaning belongs to a configuration that means something else. */
  RESERVED_NAME(Severity.WARNING),
  /** The file lacks the configuration that the operator falls back to. */
  NO_ALL_DISABLED(Severity.NOTE),
  /** The file has more bytes than a ConfigMap may have. */
  CONFIGMAP_TOO_LARGE(Severity.ERROR),
  /** The file lacks the selected configuration. */
  CONFIG_NOT_PRESENT(Severity.ERROR),
  /** The GPU does not offer the profile. */
  UNKNOWN_PROFILE(Severity.ERROR),
  /** The devices do not fit on the GPU. */
  NOT_PLACEABLE(Severity.ERROR),
  /** The catalogue does not say whether the devices fit on the GPU. */
  PLACEMENT_UNKNOWN(Severity.NOTE),
  /** The devices fit, but probably not in the order in which mig-parted first creates them. */
  DRIVER_ORDER(Severity.NOTE),
  /** One profile name means devices of different sizes. */
  AMBIGUOUS_PROFILE(Severity.WARNING),
  /** No entry selects the GPU. */
  UNCOVERED_GPU(Severity.WARNING),
  /** The configuration selects no GPU of the node. */
  NOTHING_SELECTED(Severity.ERROR),
  /** Later entries decide for all GPUs that an entry selects. */
  SHADOWED_ENTRY(Severity.WARNING),
  /** One GPU has MIG disabled by one entry and enabled by another. */
  CONFLICTING_MODES(Severity.ERROR),
  /** No GPU of the node passes the filter. */
  FILTER_MATCHES_NOTHING(Severity.NOTE),
  /** A filter selects some boards of a model, and the GPU's board is not known. */
  BOARD_NOT_KNOWN(Severity.NOTE),
  /** The node has no GPU with the index. */
  INDEX_OUT_OF_RANGE(Severity.WARNING),
  /** An entry enables MIG on a GPU that does not support it. */
  MIG_NOT_SUPPORTED(Severity.ERROR),
  /** An entry gives all GPUs the same devices, on a node with several kinds of GPUs. */
  NO_FILTER_ON_MIXED_HARDWARE(Severity.WARNING),
  /** With strategy mixed, a compute instance is only a part of its GPU instance. */
  SHARED_INSTANCE_UNDER_MIXED(Severity.ERROR),
  /** With strategy single, not all GPUs are partitioned alike. */
  NOT_UNIFORM_UNDER_SINGLE(Severity.ERROR),
  /** A GPU is in MIG mode and has no devices. */
  EMPTY_MIG_GPU(Severity.WARNING),
  /** With strategy none, the node offers no resource for MIG devices. */
  MIG_UNDER_NONE(Severity.WARNING),
  /** A change of MIG mode resets every GPU of the node. */
  MODE_CHANGE_RESETS(Severity.NOTE),
  /** A change of MIG mode clears every selected GPU. */
  MODE_CHANGE_CLEARS(Severity.NOTE);

  private final Severity severity;

  NodeCode(Severity severity) {
    this.severity = severity;
  }

  /** How bad a finding of this kind is, if it is about the configuration that is to be applied. */
  Severity severity() {
    return severity;
  }

  /** The stable text of this code, e.g. {@code not-placeable}. */
  @Override
  public String toString() {
    return text();
  }
}
