package io.github.mig4j.lint;

import java.util.Locale;

/**
 * The kinds of {@link Finding}; docs/lint.md has an example of each. Names are stable: a program
 * may depend on them, and a kind that falls away keeps its name reserved.
 */
public enum FindingCode {
  /** The text is no YAML. */
  YAML_SYNTAX,
  /** The bytes are no UTF-8. */
  INVALID_UTF8,
  /** A character that no YAML file may contain. */
  CONTROL_CHARACTER,
  /** More text than any ConfigMap can hold. */
  TOO_LARGE,
  /** Nested more deeply than any configuration is. */
  TOO_DEEP,
  /** Aliases that contain themselves or multiply the document. */
  ALIAS_EXPANSION,
  /** A key that is null, a list or a map. */
  INVALID_KEY,
  /** A value that its tag or JSON does not allow. */
  INVALID_VALUE,
  /** A key that YAML reads as a number or a boolean. */
  KEY_NOT_TEXT,
  /** A key that stands twice in one map. */
  DUPLICATE_KEY,
  /** A tab where other YAML readers want blanks. */
  TAB,
  /** Documents after the first, which nobody reads. */
  EXTRA_DOCUMENT,
  /** Nothing in the file. */
  EMPTY_DOCUMENT,
  /** Indentation that was lost in copying. */
  INDENTATION_LOST,
  /** A manifest that holds no ConfigMap. */
  NO_CONFIGMAP,
  /** A ConfigMap without the key {@code config.yaml}. */
  CONFIGMAP_KEY,
  /** More than one ConfigMap with a configuration in one manifest. */
  SEVERAL_CONFIGMAPS,
  /** A ConfigMap whose edits the GPU Operator reverts. */
  OPERATOR_OWNED_MAP,
  /** No {@code version}. */
  MISSING_VERSION,
  /** A {@code version} other than v1. */
  UNKNOWN_VERSION,
  /** A key that the format does not have. */
  UNEXPECTED_FIELD,
  /** A key that an entry must have. */
  MISSING_FIELD,
  /** A value of another type than the format wants. */
  WRONG_TYPE,
  /** No configuration, or a configuration without entries. */
  NO_ENTRIES,
  /** A text other than {@code all} for {@code devices}. */
  INVALID_DEVICES,
  /** A device filter that YAML reads as a number. */
  UNQUOTED_FILTER,
  /** A profile whose name is malformed. */
  INVALID_PROFILE,
  /** A count below 0. */
  NEGATIVE_COUNT,
  /** Nothing but counts of 0. */
  ALL_COUNTS_ZERO,
  /** MIG devices with MIG switched off. */
  DEVICES_WHILE_DISABLED,
  /** A count of 0 beside others. */
  ZERO_COUNT,
  /** A number that YAML reads as octal. */
  OCTAL_NUMBER,
  /** A number larger than any that means something. */
  HUGE_NUMBER,
  /** A null that is read as something else. */
  NULL_VALUE,
  /** A profile name that NVIDIA's tools spell differently. */
  NON_CANONICAL_PROFILE,
  /** A device filter that matches no GPU at all. */
  FILTER_NOT_AN_ID,
  /** An entry that selects no GPU at all. */
  NO_DEVICES,
  /** An index below 0 or one that stands twice. */
  ODD_INDEX,
  /** A name that no node label can have. */
  NOT_A_LABEL_VALUE,
  /** A name with a meaning of its own, given to something else. */
  RESERVED_NAME,
  /** No configuration that the operator can fall back to. */
  NO_ALL_DISABLED,
  /** More bytes than a ConfigMap may have. */
  CONFIGMAP_TOO_LARGE,
  /** The selected configuration is not in the file. */
  CONFIG_NOT_PRESENT,
  /** A profile that the GPU does not offer. */
  UNKNOWN_PROFILE,
  /** Devices that do not fit on the GPU. */
  NOT_PLACEABLE,
  /** Devices of which it is not known whether they fit. */
  PLACEMENT_UNKNOWN,
  /** Devices that fit, but hardly in the first order in which they are made. */
  DRIVER_ORDER,
  /** One profile name for devices of different size. */
  AMBIGUOUS_PROFILE,
  /** A GPU that no entry is for. */
  UNCOVERED_GPU,
  /** A configuration that is for no GPU of the node. */
  NOTHING_SELECTED,
  /** An entry whose GPUs are all decided by later ones. */
  SHADOWED_ENTRY,
  /** MIG switched off and on for one GPU. */
  CONFLICTING_MODES,
  /** A filter that no GPU of the node passes. */
  FILTER_MATCHES_NOTHING,
  /** A filter for some boards of a model, where the board is not known. */
  BOARD_NOT_KNOWN,
  /** An index beyond the node's GPUs. */
  INDEX_OUT_OF_RANGE,
  /** MIG asked of a GPU that has none. */
  MIG_NOT_SUPPORTED,
  /** Devices for every kind of GPU, on a node with several kinds. */
  NO_FILTER_ON_MIXED_HARDWARE,
  /** A compute instance that is not its whole GPU instance, with strategy mixed. */
  SHARED_INSTANCE_UNDER_MIXED,
  /** GPUs that are not all cut alike, with strategy single. */
  NOT_UNIFORM_UNDER_SINGLE,
  /** A GPU in MIG mode without devices. */
  EMPTY_MIG_GPU,
  /** MIG devices that no resource stands for. */
  MIG_UNDER_NONE,
  /** A change of MIG mode that resets every GPU of the node. */
  MODE_CHANGE_RESETS,
  /** A change of MIG mode that clears every selected GPU. */
  MODE_CHANGE_CLEARS,
  /** More findings than are listed. */
  MORE_FINDINGS;

  /** The name as it is printed, e.g. {@code missing-field}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
