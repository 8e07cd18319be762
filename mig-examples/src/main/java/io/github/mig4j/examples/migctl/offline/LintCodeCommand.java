package io.github.mig4j.examples.migctl.offline;

import io.github.mig4j.examples.migctl.console.AnswerCommand;
import io.github.mig4j.examples.migctl.console.ExitCode;
import io.github.mig4j.examples.migctl.console.Output;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "lint-code",
    description =
        "Explains a code, the text in brackets at the end of a finding, with an example: of"
            + " 'validate', 'preflight', 'apply' or 'diagnose'.",
    footer = {"", "Examples:", "  migctl lint-code not-placeable", "  migctl lint-code in-use"})
public final class LintCodeCommand extends AnswerCommand {

  /** The pages ship with migctl; each code is a heading of one of them. */
  private static final List<String> PAGES =
      List.of("lint", "sharing-lint", "preflight", "failures");

  private static final Pattern ANY_HEADING = Pattern.compile("(?m)^#{1,6} (?=\\S)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} `?([a-z0-9-]+)`?$");

  /** A code of failures.md, with its text and what to do. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([a-z0-9-]+)` \\| (.*?) \\| (.*?) \\| .* \\|$");

  @Parameters(
      paramLabel = "CODE",
      completionCandidates = Codes.class,
      description = "The code, such as not-placeable.")
  private String code = "";

  /** All codes of the pages. */
  static final class Codes implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return all().iterator();
    }
  }

  @Override
  public Integer call() {
    List<String> sections = new ArrayList<>();
    String wanted = code.replaceAll("[\\[\\]]", "");
    PAGES.forEach(page ->
        section(text(page), wanted).or(() -> row(text(page), wanted)).ifPresent(sections::add));
    if (sections.isEmpty()) {
      List<String> near = all()
          .filter(known -> known.contains(wanted) || wanted.contains(known))
          .toList();
      throw usage("No code '%s'%s"
          .formatted(
              wanted,
              near.isEmpty()
                  ? "; docs/lint.md and docs/failures.md list all codes"
                  : "; did you mean " + String.join(", ", near) + "?"));
    }
    answer(
        Output.object().put("code", wanted).put("text", sections.get(0)),
        () -> out().print(String.join("\n", sections)));
    return ExitCode.YES;
  }

  /** What a page says below the heading of a code, with its examples. */
  static Optional<String> explanation(String page, String code) {
    return section(text(page), code).map(section -> section.substring(section.indexOf('\n') + 1));
  }

  private static Stream<String> all() {
    return PAGES.stream().flatMap(page -> codes(text(page))).distinct().sorted();
  }

  private static Stream<String> codes(String page) {
    return Stream.of(HEADING, ROW)
        .flatMap(form -> form.matcher(page).results())
        .map(found -> found.group(1));
  }

  private static Optional<String> row(String page, String code) {
    return ROW.matcher(page)
        .results()
        .filter(row -> row.group(1).equals(code))
        .findFirst()
        .map(row -> "### %s\n%s. What to do: %s.\n".formatted(code, row.group(2), row.group(3)));
  }

  private static Optional<String> section(String page, String code) {
    return HEADING
        .matcher(page)
        .results()
        .filter(heading -> heading.group(1).equals(code))
        .findFirst()
        .map(heading ->
            page.substring(heading.start(), end(page, heading.end())).strip() + "\n");
  }

  /** The start of the next heading. */
  private static int end(String page, int from) {
    return ANY_HEADING
        .matcher(page)
        .results()
        .mapToInt(MatchResult::start)
        .filter(start -> start >= from && !isInCode(page, start))
        .findFirst()
        .orElse(page.length());
  }

  /** A comment of an example looks like a heading. */
  private static boolean isInCode(String page, int at) {
    return page.substring(0, at).lines().filter(line -> line.startsWith("```")).count() % 2 == 1;
  }

  private static String text(String page) {
    try (InputStream in = LintCodeCommand.class.getResourceAsStream("/docs/" + page + ".md")) {
      return in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read the page of " + page, e);
    }
  }
}
