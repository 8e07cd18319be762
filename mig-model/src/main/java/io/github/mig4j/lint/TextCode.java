package io.github.mig4j.lint;

/**
 * The kinds of findings that every reader of a text reports, whatever the text is about; docs/lint.md
 * and docs/sharing-lint.md have examples.
 */
public enum TextCode implements Code {
  /** The text is not YAML. */
  YAML_SYNTAX,
  /** The text contains a character that no YAML file may contain. */
  CONTROL_CHARACTER,
  /** The text is larger than any ConfigMap can be. */
  TOO_LARGE,
  /** The text is nested more deeply than any configuration is. */
  TOO_DEEP,
  /** Aliases contain themselves or multiply the document. */
  ALIAS_EXPANSION,
  /** A key is null, a list or a map. */
  INVALID_KEY,
  /** A value is one that its tag or JSON does not allow. */
  INVALID_VALUE,
  /** YAML reads a key as a number or a boolean. */
  KEY_NOT_TEXT,
  /** One map has a key twice. */
  DUPLICATE_KEY,
  /** A tab is where other YAML readers expect blanks. */
  TAB,
  /** The text has documents after the first, which no program reads. */
  EXTRA_DOCUMENT,
  /** A template engine has not filled in the text yet. */
  TEMPLATE,
  /** The text is only a part of a file. */
  FRAGMENT,
  /** The text is a file for another program. */
  OTHER_KIND,
  /** The text names the file or object that contains the configuration. */
  CONTENT_ELSEWHERE,
  /** The {@code kind} of a manifest is missing, probably cut off. */
  KIND_MISSING,
  /** The document is empty. */
  EMPTY_DOCUMENT,
  /** There are more findings than are listed. */
  MORE_FINDINGS;

  /** The stable text of this code, e.g. {@code yaml-syntax}. */
  @Override
  public String toString() {
    return text();
  }
}
