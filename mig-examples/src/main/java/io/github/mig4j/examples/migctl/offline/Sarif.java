package io.github.mig4j.examples.migctl.offline;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.mig4j.examples.migctl.console.Output;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.SourceLocation;
import io.github.mig4j.sharing.SharingCode;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Findings in the form that code scanning reads: SARIF 2.1.0. */
final class Sarif {

  /** A link to another page, which does not work in code scanning. */
  private static final Pattern LINK = Pattern.compile("\\[([^\\]\\n]+)]\\((?!https?:)[^)\\s]+\\)");

  private static final Pattern WHERE_THERE_IS_NO_EXAMPLE = Pattern.compile(" No example,[^.]*\\.");

  private Sarif() {}

  /**
   * Writes the findings of files.
   *
   * @param pages the address under which the pages of the documentation are published, for links
   */
  static ObjectNode of(Map<Path, List<Finding>> files, Optional<String> pages) {
    List<Code> codes = files.values().stream()
        .flatMap(List::stream)
        .map(Finding::code)
        .distinct()
        .toList();
    ObjectNode log = Output.object()
        .put("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
        .put("version", "2.1.0");
    ObjectNode run = log.putArray("runs").addObject();
    ObjectNode driver = run.putObject("tool").putObject("driver");
    driver.put("name", "migctl").put("version", Output.version());
    pages.ifPresent(address -> driver.put("informationUri", address));
    ArrayNode rules = driver.putArray("rules");
    codes.forEach(code -> rules.add(rule(code, pages)));
    run.put("columnKind", "unicodeCodePoints");
    ArrayNode results = run.putArray("results");
    files.forEach((file, findings) -> findings.forEach(
        finding -> results.add(result(finding, codes.indexOf(finding.code()), uri(file)))));
    return log;
  }

  private static ObjectNode rule(Code code, Optional<String> pages) {
    String page = code instanceof SharingCode ? "sharing-lint" : "lint";
    ObjectNode rule = Output.object().put("id", code.toString());
    rule.putObject("shortDescription").put("text", code.toString().replace('-', ' '));
    pages.ifPresent(address -> rule.put("helpUri", "%s/%s.md#%s".formatted(address, page, code)));
    String explanation = LINK.matcher(
            LintCodeCommand.explanation(page, code.toString()).orElse(""))
        .replaceAll("$1");
    String first = WHERE_THERE_IS_NO_EXAMPLE
        .matcher(explanation.split("\n(?:\n|```)", 2)[0])
        .replaceAll("")
        .replaceAll("\\[([^]]+)]\\([^)]*\\)", "$1")
        .replace('\n', ' ');
    rule.putObject("help")
        .put(
            "text",
            "%s 'migctl lint-code %s' explains it".formatted(first, code).strip())
        .put(
            "markdown",
            explanation + "\n`migctl lint-code %s` prints this text.\n".formatted(code));
    return rule;
  }

  private static ObjectNode result(Finding finding, int rule, String uri) {
    ObjectNode result = Output.object()
        .put("ruleId", finding.code().toString())
        .put("ruleIndex", rule)
        .put("level", finding.severity().toString());
    result.putObject("message").put("text", finding.sentence());
    ObjectNode location = result.putArray("locations").addObject().putObject("physicalLocation");
    location.putObject("artifactLocation").put("uri", uri);
    SourceLocation start = finding.location().orElse(SourceLocation.START);
    location.putObject("region").put("startLine", start.line()).put("startColumn", start.column());
    return result;
  }

  /** Relative as the file was given, so that it is valid in the repository that contains it. */
  private static String uri(Path file) {
    if (file.isAbsolute()) {
      return file.toUri().toASCIIString();
    }
    String path = file.normalize().toString().replace(file.getFileSystem().getSeparator(), "/");
    try {
      String rooted = new URI(null, null, "/" + path, null).toASCIIString();
      return rooted.substring(1).replace(":", "%3A");
    } catch (URISyntaxException e) {
      throw new IllegalStateException("Every path from the root makes a URI", e);
    }
  }
}
