package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.lint.Code;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.lint.FindingsPage;
import io.github.mig4j.lint.TextCode;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/sharing-lint.md has every code, and each of its examples has the findings below it. */
class SharingLintDocumentationTest {

  private static final FindingsPage PAGE = new FindingsPage("sharing-lint.md");

  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| \\[(\\S+)\\]\\(#\\1\\) \\| (\\S+) \\|");
  private static final Pattern NODE =
      Pattern.compile("(?m)^On ([0-9]+) x (\\S+) with strategy (\\w+):$");

  private static String[] allCodes() {
    return Stream.of(TextCode.values(), SharingCode.values())
        .flatMap(Stream::of)
        .map(Code::toString)
        .toArray(String[]::new);
  }

  @Test
  void page_hasEveryCode_once_inTheTableAndAsASection() throws IOException {
    assertThat(ROW.matcher(PAGE.text()).results().map(row -> row.group(1)))
        .containsExactlyInAnyOrder(allCodes());
    assertThat(PAGE.codes()).containsExactlyInAnyOrder(allCodes());
  }

  @Test
  void table_hasTheSeverityOfEveryCode() throws IOException {
    assertThat(ROW.matcher(PAGE.text()).results().map(row -> row.group(1) + " " + row.group(2)))
        .contains(Stream.of(SharingCode.values())
            .map(code -> code + " " + code.severity())
            .toArray(String[]::new));
  }

  @Test
  void page_hasAnExampleOfEveryCode() throws IOException {
    assertThat(PAGE.codesWithoutExample())
        .containsExactlyInAnyOrder(
            TextCode.CONTROL_CHARACTER.toString(),
            TextCode.TOO_LARGE.toString(),
            TextCode.MORE_FINDINGS.toString());
  }

  @Test
  void examples_haveTheFindingsBelowThem() throws IOException {
    PAGE.check((section, yaml) -> {
      DevicePluginConfigFile file =
          DevicePluginConfigFile.readAll(yaml).values().iterator().next();
      boolean errors = file.findings().stream().anyMatch(Finding::isError);
      assertThat(file.config().isPresent()).isNotEqualTo(errors);
      Matcher node = NODE.matcher(section);
      return node.find() ? file.lint(devices(node)) : file.findings();
    });
  }

  private static NodeDevices devices(Matcher node) {
    return new NodeDevices(
        MigStrategy.valueOf(node.group(3).toUpperCase(Locale.ROOT)),
        0,
        new TreeMap<>(Map.of("nvidia.com/gpu", Integer.parseInt(node.group(1)))));
  }
}
