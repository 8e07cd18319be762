package io.github.mig4j.k8s.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/preflight.md has every code, with the severities of its examples; {@link PreflightTest} has these. */
class PreflightDocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "preflight.md");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| \\[(\\S+)]\\(#\\1\\) \\| ([a-z, ]+) \\| .+ \\|$");
  private static final Pattern SECTION =
      Pattern.compile("(?m)^### (\\S+)\\R```text\\R((?:.+\\R)+?)```$");

  @Test
  void table_hasEveryCode_inOrder() throws IOException {
    assertThat(matches(ROW)).extracting(row -> row.group(1)).containsExactlyElementsOf(codes());
  }

  @Test
  void examples_areOfEveryCode_inOrder() throws IOException {
    assertThat(matches(SECTION))
        .extracting(section -> section.group(1))
        .containsExactlyElementsOf(codes());
    assertThat(matches(SECTION))
        .allSatisfy(section -> assertThat(section.group(2).lines())
            .isNotEmpty()
            .allMatch(line -> line.endsWith(" [" + section.group(1) + "]")));
  }

  @Test
  void table_hasTheSeveritiesOfTheExamples() throws IOException {
    Map<String, String> seen = matches(SECTION).stream()
        .collect(Collectors.toMap(
            section -> section.group(1),
            section -> section
                .group(2)
                .lines()
                .map(line -> line.substring(0, line.indexOf(':')))
                .distinct()
                .collect(Collectors.joining(", "))));

    assertThat(matches(ROW))
        .allSatisfy(row -> assertThat(row.group(2)).isEqualTo(seen.get(row.group(1))));
  }

  private static List<String> codes() {
    return Arrays.stream(PreflightCode.values()).map(PreflightCode::toString).toList();
  }

  private static List<MatchResult> matches(Pattern pattern) throws IOException {
    return pattern.matcher(Files.readString(PAGE)).results().toList();
  }
}
