package io.github.mig4j.text;

/** What can be wrong with a text as YAML, whatever it means. */
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

  /** Whether Go's reader stops at the problem; it ignores the others silently. */
  public boolean isError() {
    return switch (this) {
      case KEY_NOT_TEXT, DUPLICATE_KEY, TAB -> false;
      default -> true;
    };
  }
}
