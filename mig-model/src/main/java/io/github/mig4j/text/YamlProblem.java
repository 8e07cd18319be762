package io.github.mig4j.text;

/** What can be wrong with a text before anybody asks what it means; each reader has it as a code. */
public enum YamlProblem {
  YAML_SYNTAX,
  CONTROL_CHARACTER,
  TOO_LARGE,
  TOO_DEEP,
  ALIAS_EXPANSION,
  INVALID_KEY,
  INVALID_VALUE,
  KEY_NOT_TEXT,
  DUPLICATE_KEY,
  TAB;

  /** Whether Go's reader stops at it; it goes on over the others in silence. */
  public boolean isError() {
    return switch (this) {
      case KEY_NOT_TEXT, DUPLICATE_KEY, TAB -> false;
      default -> true;
    };
  }
}
