package io.github.mig4j.text;

import java.util.List;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Says in plain words why a text is no YAML, and where a writer has to look. */
final class YamlSyntax {

  static final String BAD_ESCAPE = "an escape here is not the code of a character";

  private static final String NOT_YAML = "Not YAML: ";

  private final List<String> lines;
  private final Embedding embedding;
  private final MarkedYAMLException problem;
  private final String why;

  private YamlSyntax(String text, Embedding embedding, MarkedYAMLException problem) {
    this.lines = Lines.of(text);
    this.embedding = embedding;
    this.problem = problem;
    this.why = String.valueOf(problem.getProblem())
        .replaceAll("\\s+", " ")
        .replaceFirst("\\. \\(Do not use . for indentation\\)$", "")
        .trim();
  }

  static YamlText.Fault fault(String text, Embedding embedding, MarkedYAMLException problem) {
    return new YamlSyntax(text, embedding, problem).fault();
  }

  private YamlText.Fault fault() {
    if (why.contains("\\t(TAB)")) {
      return here("a tab cannot indent a line", "use blanks");
    }
    if (why.startsWith("found character")) {
      return here(shown(), "put the value into quotes");
    }
    if (why.startsWith("mapping values are not allowed")) {
      return here(
          "a second ': ' on this line or a wrong indentation",
          "quote the value, or align the key with its siblings");
    }
    if (why.equals(BAD_ESCAPE)) {
      return here(
          shown(),
          "write the character itself, or its code as \\x, \\u or \\U and 2, 4 or 8 digits");
    }
    if (why.startsWith("found undefined alias")) {
      return here(Quoted.of(why), "define it with '&' before it is used");
    }
    if (why.startsWith("found unexpected end of stream")
        || why.startsWith("found unexpected document separator")) {
      return before("the quote that begins here is not closed", "add the closing one");
    }
    if (why.equals("could not find expected ':'")) {
      return before("this line has no ': ' behind a key", "write 'key: value'");
    }
    if (why.startsWith("expected ',' or ")) {
      return bracket();
    }
    if (why.startsWith("expected the node content")) {
      return here("a value is missing here", "write it, and close the brackets before it");
    }
    if (why.startsWith("expected <block end>")) {
      return beginsLine()
          ? here(
              "the indentation of this line fits no line above", "align it with what it belongs to")
          : here(
              "this follows a value that has ended", "put the whole value into one pair of quotes");
    }
    return here(shown(), "check indentation, quotes and brackets before this location");
  }

  private YamlText.Fault bracket() {
    String close = why.contains("']'") ? "]" : "}";
    LineColumn open = embedding.inFile(YamlText.position(problem.getContextMark()));
    return here(
        "expected ',' or '%s', since the '%s' on line %d is open"
            .formatted(close, close.equals("]") ? "[" : "{", open.line()),
        "add what is missing");
  }

  /** Whether only blanks precede the place on its line. */
  private boolean beginsLine() {
    LineColumn at = YamlText.position(problem.getProblemMark());
    String line = at.line() <= lines.size() ? lines.get(at.line() - 1) : "";
    int end = Math.min(at.column() - 1, line.codePointCount(0, line.length()));
    return line.substring(0, line.offsetByCodePoints(0, end)).isBlank();
  }

  private String shown() {
    boolean isLong = why.codePointCount(0, why.length()) > 120;
    return isLong ? Quoted.of(why) : Quoted.printable(why);
  }

  private YamlText.Fault here(String verdict, String remedy) {
    return at(problem.getProblemMark(), verdict, remedy);
  }

  /** At the beginning of what could not be read to its end. */
  private YamlText.Fault before(String verdict, String remedy) {
    Mark begin = problem.getContextMark();
    return at(begin == null ? problem.getProblemMark() : begin, verdict, remedy);
  }

  private YamlText.Fault at(Mark mark, String verdict, String remedy) {
    return new YamlText.Fault(
        YamlProblems.Problem.YAML_SYNTAX,
        embedding.inFile(YamlText.position(mark)),
        NOT_YAML + verdict,
        remedy);
  }
}
