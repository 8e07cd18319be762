package io.github.mig4j.config;

import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;

/**
 * The kinds of {@link Finding}s about a mig-parted file itself, whatever node it is for; docs/lint.md
 * has an example of each.
 */
public enum ConfigCode implements Code {
  /** The bytes are not UTF-8. */
  INVALID_UTF8,
  /** The indentation was lost, probably in copying. */
  INDENTATION_LOST,
  /** A manifest contains no ConfigMap. */
  NO_CONFIGMAP,
  /** A ConfigMap lacks the key {@code config.yaml}. */
  CONFIGMAP_KEY,
  /** A manifest contains more than one ConfigMap with a configuration. */
  SEVERAL_CONFIGMAPS,
  /** The GPU Operator reverts edits of the ConfigMap. */
  OPERATOR_OWNED_MAP,
  /** The {@code version} is missing. */
  MISSING_VERSION,
  /** The {@code version} is not v1. */
  UNKNOWN_VERSION,
  /** The format does not have the key. */
  UNEXPECTED_FIELD,
  /** An entry lacks a key that it must have. */
  MISSING_FIELD,
  /** A value is of another type than the format requires. */
  WRONG_TYPE,
  /** There is no configuration, or a configuration has no entries. */
  NO_ENTRIES,
  /** The value of {@code devices} is a text other than {@code all}. */
  INVALID_DEVICES,
  /** YAML reads a device filter as a number. */
  UNQUOTED_FILTER,
  /** The name of a profile is malformed. */
  INVALID_PROFILE,
  /** A count is below 0. */
  NEGATIVE_COUNT,
  /** All counts are 0. */
  ALL_COUNTS_ZERO,
  /** An entry has MIG devices, but disables MIG. */
  DEVICES_WHILE_DISABLED,
  /** A count is 0, beside counts that are not. */
  ZERO_COUNT,
  /** YAML reads a number as octal. */
  OCTAL_NUMBER,
  /** A number is larger than any that makes sense. */
  HUGE_NUMBER,
  /** A null is read as another value. */
  NULL_VALUE,
  /** NVIDIA's tools spell the profile's name differently. */
  NON_CANONICAL_PROFILE,
  /** A device filter matches no GPU at all. */
  FILTER_NOT_AN_ID,
  /** An entry selects no GPU at all. */
  NO_DEVICES,
  /** An index is below 0, or listed twice. */
  ODD_INDEX,
  /** A name cannot be the value of a node's label. */
  NOT_A_LABEL_VALUE;

  /** The stable text of this code, e.g. {@code missing-field}. */
  @Override
  public String toString() {
    return text();
  }
}
