package io.github.mig4j.text;

/** Receives the problems of a text, which one of NVIDIA's programs will read. */
public interface YamlProblems {

  /** Receives a problem. */
  void report(Problem problem, YamlLocation where, String message, String remedy);

  /** The program that will read the text, for messages; kubectl, unless it is another. */
  default String program() {
    return "kubectl";
  }

  /** For a text that is read again, of which the first reading has reported the problems. */
  YamlProblems UNHEARD = (problem, where, message, remedy) -> {};

  /** What can be wrong with a text as YAML, whatever it means. */
  enum Problem {
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
}
