package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.FindingCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** docs/lint.md has every code, and each of its examples gives the findings that stand below it. */
class LintDocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "lint.md");

  private static final Pattern SECTION =
      Pattern.compile("(?m)^### (\\S+)\\R((?:(?!^##)[\\s\\S])*)");
  private static final Pattern EXAMPLE =
      Pattern.compile("```yaml\\R([\\s\\S]*?)```\\R```text\\R([\\s\\S]*?)```");
  private static final Pattern NODE =
      Pattern.compile("(?m)^On (.+) with strategy (\\w+)(?:, applying `(.+)`)?:$");

  /** Codes whose example would be no text, or a very long one; other tests have them. */
  private static final Set<FindingCode> WITHOUT_EXAMPLE = Set.of(
      FindingCode.INVALID_UTF8,
      FindingCode.CONTROL_CHARACTER,
      FindingCode.TOO_LARGE,
      FindingCode.CONFIGMAP_TOO_LARGE,
      FindingCode.MORE_FINDINGS);

  private record Section(String code, String text) {}

  private static List<Section> sections() throws IOException {
    return SECTION
        .matcher(Files.readString(PAGE))
        .results()
        .map(match -> new Section(match.group(1), match.group(2)))
        .toList();
  }

  @Test
  void page_hasEveryCode_once() throws IOException {
    assertThat(sections())
        .extracting(Section::code)
        .containsExactlyInAnyOrder(
            Stream.of(FindingCode.values()).map(FindingCode::toString).toArray(String[]::new));
  }

  @TestFactory
  Stream<DynamicTest> example_givesTheFindingsBelowIt() throws IOException {
    return sections().stream()
        .map(section -> DynamicTest.dynamicTest(section.code(), () -> check(section)));
  }

  private static void check(Section section) {
    Matcher example = EXAMPLE.matcher(section.text());
    FindingCode code =
        FindingCode.valueOf(section.code().toUpperCase(Locale.ROOT).replace('-', '_'));
    assertThat(example.find()).isNotEqualTo(WITHOUT_EXAMPLE.contains(code));
    if (WITHOUT_EXAMPLE.contains(code)) {
      return;
    }
    MigConfigFile file = MigConfigFile.read(example.group(1));
    Matcher node = NODE.matcher(section.text());

    List<Finding> findings = node.find() ? lint(file, node) : file.findings();

    String lines = findings.stream()
        .filter(finding -> finding.code() == code)
        .map(finding -> finding + "\n")
        .collect(Collectors.joining());
    assertThat(lines).isNotEmpty().isEqualTo(example.group(2));
  }

  /** Reads e.g. {@code On 1 x a100-40gb + 1 x l40s with strategy mixed, applying `small`:}. */
  private static List<Finding> lint(MigConfigFile file, Matcher node) {
    List<NodeGpu> gpus = new ArrayList<>();
    for (String part : node.group(1).split(" \\+ ")) {
      String[] countAndModel = part.split(" x ");
      for (int i = 0; i < Integer.parseInt(countAndModel[0]); i++) {
        gpus.add(NodeGpu.of(gpus.size(), GpuCatalog.bundled().require(countAndModel[1])));
      }
    }
    MigStrategy strategy = MigStrategy.valueOf(node.group(2).toUpperCase(Locale.ROOT));
    return node.group(3) == null
        ? NodeLint.of(file, gpus, strategy)
        : NodeLint.of(file, gpus, strategy, node.group(3));
  }
}
