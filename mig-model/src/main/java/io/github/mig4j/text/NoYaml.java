package io.github.mig4j.text;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What people paste together with YAML or instead of it; a line shows it. */
enum NoYaml {
  FENCE(
      "(?:```|~~~).*",
      "this line is a fence of Markdown",
      "check only the lines between two fences"),
  COMMAND(
      "(?:\\$ +)?(?:kubectl|oc|helm|cat|echo|sudo) .*|EOF",
      "this line is for a shell",
      "remove the commands around the file"),
  HEREDOC(
      "[ \\t]*(?:[\\w.]+[ \\t]*=[ \\t]*)?<<[-~]?[A-Z]+",
      "this line is for Terraform",
      "check only the text below it"),
  TABLE(
      "\\+-{8,}.*|\\|=+\\|",
      "this is a table of nvidia-smi",
      "expected a configuration, not a listing"),
  LOG(
      "time=\".*|[IWEF][0-9]{4} [0-9:.]+ .*|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z? .*",
      "this is a log", "expected a configuration"),
  DESCRIPTION(
      "={4,}|-{4,}",
      "this is the output of 'kubectl describe'",
      "use that of 'kubectl get -o yaml'"),
  BLANKS(
      "(?:[^#]*[:\\-])?[ \\t]*[\\u00A0\\u2002-\\u200A\\u202F\\u3000].*",
      "this line has characters that only look like blanks",
      "use blanks (U+0020)");

  private final Pattern line;
  private final String verdict;
  private final String remedy;

  NoYaml(String line, String verdict, String remedy) {
    this.line = Pattern.compile(line);
    this.verdict = verdict;
    this.remedy = remedy;
  }

  /** The first such line of a text, up to the line at which YAML ends. */
  static Optional<YamlText.Fault> upTo(LineColumn end, String text, Embedding embedding) {
    List<String> lines = Lines.of(text);
    for (int i = 0; i < Math.min(end.line(), lines.size()); i++) {
      String line = lines.get(i);
      LineColumn at = new LineColumn(i + 1, 1);
      Optional<NoYaml> found =
          Stream.of(values()).filter(each -> each.line.matcher(line).matches()).findFirst();
      if (found.isPresent()) {
        return found.map(each -> new YamlText.Fault(
            YamlProblems.Problem.YAML_SYNTAX,
            embedding.inFile(at),
            "Not YAML: " + each.verdict,
            each.remedy));
      }
    }
    return Optional.empty();
  }
}
