package io.github.mig4j.lint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A page of docs with a section for each code: an example in YAML and, below it, its findings of that
 * code. With {@code -Dmig4j.docs=write} the findings are written to the page.
 */
public final class FindingsPage {

  private static final boolean WRITES = "write".equals(System.getProperty("mig4j.docs"));

  private static final Pattern SECTION =
      Pattern.compile("(?m)^### (\\S+)\\R((?:(?!^##)[\\s\\S])*)");
  private static final Pattern EXAMPLE =
      Pattern.compile("```yaml\\R([\\s\\S]*?)```\\R```text\\R([\\s\\S]*?)```");

  private final Path page;

  public FindingsPage(String name) {
    this.page = Path.of("..", "docs", name);
  }

  public String text() throws IOException {
    return Files.readString(page);
  }

  /** The codes that have a section. */
  public List<String> codes() throws IOException {
    return SECTION.matcher(text()).results().map(section -> section.group(1)).toList();
  }

  /** The codes whose section has no example. */
  public List<String> codesWithoutExample() throws IOException {
    return SECTION
        .matcher(text())
        .results()
        .filter(section -> !EXAMPLE.matcher(section.group(2)).find())
        .map(section -> section.group(1))
        .toList();
  }

  /** Compares the page with the findings of its examples, given a section's text and its YAML. */
  public void check(BiFunction<String, String, List<Finding>> read) throws IOException {
    String text = text();
    String expected = SECTION
        .matcher(text)
        .replaceAll(section ->
            Matcher.quoteReplacement(withFindings(section.group(1), section.group(), read)));
    if (WRITES) {
      Files.writeString(page, expected);
    } else {
      assertThat(text).isEqualTo(expected);
    }
  }

  private static String withFindings(
      String code, String section, BiFunction<String, String, List<Finding>> read) {
    Matcher example = EXAMPLE.matcher(section);
    if (!example.find()) {
      return section;
    }
    String lines = read.apply(section, example.group(1)).stream()
        .filter(finding -> finding.code().toString().equals(code))
        .map(finding -> finding + "\n")
        .collect(Collectors.joining());
    assertThat(lines).as(code).isNotEmpty();
    return section.substring(0, example.start(2)) + lines + section.substring(example.end(2));
  }
}
