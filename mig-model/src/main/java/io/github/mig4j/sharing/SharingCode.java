package io.github.mig4j.sharing;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.Severity;

/**
 * The kinds of {@link Finding}s about a device plugin's file; docs/sharing-lint.md has an example of
 * each.
 */
public enum SharingCode implements Code {
  /** The file contains no configuration. */
  NO_CONFIGURATION(Severity.ERROR),
  /** The {@code version} is missing. */
  MISSING_VERSION(Severity.NOTE),
  /** The {@code version} is not v1. */
  UNKNOWN_VERSION(Severity.ERROR),
  /** The plugin does not know the key, and ignores it. */
  UNKNOWN_KEY(Severity.WARNING),
  /** The plugin knows the key elsewhere, and ignores it here. */
  MISPLACED_KEY(Severity.WARNING),
  /** A key differs in case from the plugin's, which accepts it all the same. */
  KEY_CASE(Severity.WARNING),
  /** A value is of another type than the plugin requires. */
  WRONG_TYPE(Severity.ERROR),
  /** A key has no value. */
  NULL_VALUE(Severity.WARNING),
  /** The file has both time-slicing and MPS. */
  BOTH_KINDS(Severity.WARNING),
  /** The section shares nothing. */
  NO_RESOURCES(Severity.ERROR),
  /** A shared resource has no name. */
  MISSING_NAME(Severity.ERROR),
  /** The name of a resource is malformed. */
  INVALID_RESOURCE_NAME(Severity.ERROR),
  /** The name of a resource is too long. */
  RESOURCE_NAME_TOO_LONG(Severity.ERROR),
  /** The plugin offers the resource on no GPU. */
  UNKNOWN_RESOURCE(Severity.WARNING),
  /** A resource is listed twice. */
  DUPLICATE_RESOURCE(Severity.WARNING),
  /** A shared resource has no number of replicas. */
  MISSING_REPLICAS(Severity.ERROR),
  /** There are fewer than two replicas. */
  TOO_FEW_REPLICAS(Severity.ERROR),
  /** YAML reads a number as octal. */
  OCTAL_NUMBER(Severity.WARNING),
  /** A number is larger than any that makes sense. */
  HUGE_NUMBER(Severity.WARNING),
  /** A selection of devices is malformed. */
  INVALID_DEVICES(Severity.ERROR),
  /** The plugin ignores a selection of devices. */
  IGNORED_DEVICES(Severity.WARNING),
  /** The plugin ignores a name for shared devices. */
  IGNORED_RENAME(Severity.WARNING),
  /** The plugin ignores names for devices. */
  IGNORED_RESOURCES(Severity.WARNING),
  /** A request for several replicas gets no more than a request for one. */
  REQUESTS_NOT_LIMITED(Severity.NOTE),
  /** The plugin refuses requests for several replicas with MPS. */
  MPS_REQUESTS(Severity.WARNING),
  /** MIG devices are shared by name, but the strategy is not mixed. */
  MIG_WITHOUT_MIXED(Severity.WARNING),
  /** MPS is used with strategy mixed. */
  MPS_WITH_MIXED(Severity.ERROR),
  /** MPS is used for MIG devices. */
  MPS_WITH_MIG(Severity.ERROR),
  /** There are more replicas than MPS serves clients. */
  MPS_TOO_MANY_REPLICAS(Severity.ERROR),
  /** There are more replicas than MPS serves clients on old GPUs. */
  MPS_MANY_REPLICAS(Severity.NOTE),
  /** The plugin does not know the value of a flag. */
  INVALID_FLAG(Severity.ERROR),
  /** A duration is malformed. */
  INVALID_DURATION(Severity.ERROR),
  /** A duration has no unit. */
  NANOSECONDS(Severity.WARNING),
  /** There are IMEX channels other than channel 0. */
  INVALID_IMEX_CHANNELS(Severity.ERROR),
  /** The node's strategy overrides the one in the file. */
  STRATEGY_OVERRIDDEN(Severity.WARNING),
  /** The node does not offer the shared resource. */
  NOT_ON_NODE(Severity.WARNING);

  private final Severity severity;

  SharingCode(Severity severity) {
    this.severity = severity;
  }

  /** {@return how bad all findings of this kind are} */
  public Severity severity() {
    return severity;
  }

  /** The stable text of this code, e.g. {@code too-few-replicas}. */
  @Override
  public String toString() {
    return text();
  }
}
