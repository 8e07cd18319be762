package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.MigStrategy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** docs/sharing-lint.md has every code, and each of its examples gives the findings below it. */
class SharingLintDocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "sharing-lint.md");

  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| \\[(\\S+)\\]\\(#\\1\\) \\| (\\S+) \\|");
  private static final Pattern SECTION =
      Pattern.compile("(?m)^### (\\S+)\\R((?:(?!^##)[\\s\\S])*)");
  private static final Pattern EXAMPLE =
      Pattern.compile("```yaml\\R([\\s\\S]*?)```\\R```text\\R([\\s\\S]*?)```");
  private static final Pattern NODE =
      Pattern.compile("(?m)^On ([0-9]+) x (\\S+) with strategy (\\w+):$");

  /** Codes whose example would be no text, or a very long one; other tests have them. */
  private static final Set<SharingFindingCode> WITHOUT_EXAMPLE =
      Set.of(SharingFindingCode.CONTROL_CHARACTER, SharingFindingCode.TOO_LARGE);

  private record Section(SharingFindingCode code, String text) {}

  private static List<Section> sections() throws IOException {
    return SECTION
        .matcher(Files.readString(PAGE))
        .results()
        .map(match -> new Section(code(match.group(1)), match.group(2)))
        .toList();
  }

  private static SharingFindingCode code(String printed) {
    return SharingFindingCode.valueOf(printed.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  @Test
  void page_hasEveryCode_once_inTheTableWithItsSeverity_andAsASection() throws IOException {
    List<String> rows = ROW.matcher(Files.readString(PAGE))
        .results()
        .map(row -> row.group(1) + " " + row.group(2))
        .toList();

    assertThat(rows)
        .containsExactlyInAnyOrder(Stream.of(SharingFindingCode.values())
            .map(code -> code + " " + code.severity())
            .toArray(String[]::new));
    assertThat(sections())
        .extracting(Section::code)
        .containsExactlyInAnyOrder(SharingFindingCode.values());
  }

  @TestFactory
  Stream<DynamicTest> example_givesTheFindingsBelowIt() throws IOException {
    return sections().stream()
        .map(section -> DynamicTest.dynamicTest(section.code().toString(), () -> check(section)));
  }

  private static void check(Section section) {
    Matcher example = EXAMPLE.matcher(section.text());
    assertThat(example.find()).isNotEqualTo(WITHOUT_EXAMPLE.contains(section.code()));
    if (WITHOUT_EXAMPLE.contains(section.code())) {
      return;
    }
    DevicePluginConfigFile file =
        DevicePluginConfigFile.readAll(example.group(1)).get("");
    Matcher node = NODE.matcher(section.text());

    List<SharingFinding> findings = node.find() ? file.lint(devices(node)) : file.findings();

    String lines = findings.stream()
        .filter(finding -> finding.code() == section.code())
        .map(finding -> finding + "\n")
        .collect(Collectors.joining());
    assertThat(lines).isNotEmpty().isEqualTo(example.group(2));
    boolean errors = file.findings().stream().anyMatch(SharingFinding::isError);
    assertThat(file.config().isPresent()).isNotEqualTo(errors);
  }

  private static NodeDevices devices(Matcher node) {
    return NodeDevices.builder()
        .product(node.group(2))
        .wholeGpus(Integer.parseInt(node.group(1)))
        .strategy(MigStrategy.valueOf(node.group(3).toUpperCase(Locale.ROOT)))
        .build();
  }
}
