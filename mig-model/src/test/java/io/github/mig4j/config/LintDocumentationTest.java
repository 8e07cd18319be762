package io.github.mig4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.FindingsPage;
import io.github.mig4j.lint.TextCode;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import io.github.mig4j.node.NodeLint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/lint.md has every code, and each of its examples has the findings that are below it. */
class LintDocumentationTest {

  private static final FindingsPage PAGE = new FindingsPage("lint.md");

  private static final Pattern NODE =
      Pattern.compile("(?m)^On (.+) with strategy (\\w+)(?:, applying `(.+)`)?:$");

  /** Codes whose example would not be text, or be very long; other tests have them. */
  private static final Set<Code> WITHOUT_EXAMPLE = Set.of(
      ConfigCode.INVALID_UTF8,
      TextCode.CONTROL_CHARACTER,
      TextCode.TOO_LARGE,
      NodeCode.CONFIGMAP_TOO_LARGE,
      TextCode.MORE_FINDINGS);

  @Test
  void page_hasEveryCode_once() throws IOException {
    assertThat(PAGE.codes())
        .containsExactlyInAnyOrder(
            Stream.of(TextCode.values(), ConfigCode.values(), NodeCode.values())
                .flatMap(Stream::of)
                .map(Code::toString)
                .toArray(String[]::new));
  }

  @Test
  void page_hasAnExampleOfEveryCode() throws IOException {
    assertThat(PAGE.codesWithoutExample())
        .containsExactlyInAnyOrder(
            WITHOUT_EXAMPLE.stream().map(Code::toString).toArray(String[]::new));
  }

  @Test
  void examples_haveTheFindingsBelowThem() throws IOException {
    PAGE.check((section, yaml) -> {
      MigConfigFile file = MigConfigFile.read(yaml);
      Matcher node = NODE.matcher(section);
      return node.find() ? lint(file, node) : file.findings();
    });
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
