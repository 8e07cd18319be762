package io.github.mig4j.sharing;

import io.github.mig4j.sharing.SharingFinding.Severity;
import java.util.Locale;

/**
 * The kinds of {@link SharingFinding}; docs/sharing-lint.md has an example of each. Names are
 * stable: a program may depend on them, and a kind that falls away keeps its name reserved.
 */
public enum SharingFindingCode {
  /** The text is no YAML. */
  YAML_SYNTAX(Severity.ERROR),
  /** A character that no YAML file may contain. */
  CONTROL_CHARACTER(Severity.ERROR),
  /** More text than any ConfigMap can hold. */
  TOO_LARGE(Severity.ERROR),
  /** Nested more deeply than any configuration is. */
  TOO_DEEP(Severity.ERROR),
  /** Aliases that contain themselves or multiply the document. */
  ALIAS_EXPANSION(Severity.ERROR),
  /** A key that is null, a list or a map. */
  INVALID_KEY(Severity.ERROR),
  /** A value that its tag or JSON does not allow. */
  INVALID_VALUE(Severity.ERROR),
  /** A key that YAML reads as a number or a boolean. */
  KEY_NOT_TEXT(Severity.WARNING),
  /** A key that stands twice in one map. */
  DUPLICATE_KEY(Severity.WARNING),
  /** A tab where other YAML readers want blanks. */
  TAB(Severity.WARNING),
  /** Documents after the first, which nobody reads. */
  EXTRA_DOCUMENT(Severity.WARNING),
  /** Nothing in the configuration. */
  EMPTY_DOCUMENT(Severity.NOTE),
  /** A manifest in which no configuration is found. */
  NO_CONFIGURATION(Severity.ERROR),
  /** No {@code version}. */
  MISSING_VERSION(Severity.NOTE),
  /** A {@code version} other than v1. */
  UNKNOWN_VERSION(Severity.ERROR),
  /** A key that the plugin does not know and ignores. */
  UNKNOWN_KEY(Severity.WARNING),
  /** A key that the plugin knows elsewhere and ignores here. */
  MISPLACED_KEY(Severity.WARNING),
  /** A key in other letters than those of the plugin, which takes it all the same. */
  KEY_CASE(Severity.WARNING),
  /** A value of another type than the plugin wants. */
  WRONG_TYPE(Severity.ERROR),
  /** A text that YAML reads as a number or a boolean. */
  VALUE_NOT_TEXT(Severity.WARNING),
  /** A key without a value where one is meant. */
  NULL_VALUE(Severity.WARNING),
  /** Time-slicing and MPS in one file. */
  BOTH_KINDS(Severity.WARNING),
  /** Sharing that shares nothing. */
  NO_RESOURCES(Severity.ERROR),
  /** A shared resource without a name. */
  MISSING_NAME(Severity.ERROR),
  /** A resource's name that is malformed. */
  INVALID_RESOURCE_NAME(Severity.ERROR),
  /** A resource's name that is too long. */
  RESOURCE_NAME_TOO_LONG(Severity.ERROR),
  /** A resource that the plugin offers on no GPU. */
  UNKNOWN_RESOURCE(Severity.WARNING),
  /** A resource that is listed twice. */
  DUPLICATE_RESOURCE(Severity.WARNING),
  /** A shared resource without a number of replicas. */
  MISSING_REPLICAS(Severity.ERROR),
  /** Fewer than two replicas. */
  TOO_FEW_REPLICAS(Severity.ERROR),
  /** A number that YAML reads as octal. */
  OCTAL_NUMBER(Severity.WARNING),
  /** A number larger than any that means something. */
  HUGE_NUMBER(Severity.WARNING),
  /** A selection of devices that is malformed. */
  INVALID_DEVICES(Severity.ERROR),
  /** A selection of devices, which the plugin ignores. */
  IGNORED_DEVICES(Severity.WARNING),
  /** A name for shared devices, which the plugin ignores. */
  IGNORED_RENAME(Severity.WARNING),
  /** Names for devices, which the plugin ignores. */
  IGNORED_RESOURCES(Severity.WARNING),
  /** Requests for more than one replica, which get no more than one. */
  REQUESTS_NOT_LIMITED(Severity.NOTE),
  /** Requests for more than one replica under MPS. */
  MPS_REQUESTS(Severity.WARNING),
  /** MIG devices by name, where the strategy is not mixed. */
  MIG_WITHOUT_MIXED(Severity.WARNING),
  /** MPS with strategy mixed. */
  MPS_WITH_MIXED(Severity.ERROR),
  /** MPS for MIG devices. */
  MPS_WITH_MIG(Severity.ERROR),
  /** More replicas than MPS has clients. */
  MPS_TOO_MANY_REPLICAS(Severity.ERROR),
  /** More replicas than MPS has clients on old GPUs. */
  MPS_MANY_REPLICAS(Severity.NOTE),
  /** A flag whose value the plugin does not know. */
  INVALID_FLAG(Severity.ERROR),
  /** A duration that is none. */
  INVALID_DURATION(Severity.ERROR),
  /** A duration without a unit. */
  NANOSECONDS(Severity.WARNING),
  /** IMEX channels other than channel 0. */
  INVALID_IMEX_CHANNELS(Severity.ERROR),
  /** A strategy in the file that the node's own overrides. */
  STRATEGY_OVERRIDDEN(Severity.WARNING),
  /** A shared resource that the node does not offer. */
  NOT_ON_NODE(Severity.WARNING);

  private final Severity severity;

  SharingFindingCode(Severity severity) {
    this.severity = severity;
  }

  /**
   * How bad a finding of this kind is.
   *
   * @return always the same
   */
  public Severity severity() {
    return severity;
  }

  /** The name as it is printed, e.g. {@code too-few-replicas}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
