package io.github.mig4j.k8s.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Failure;
import io.github.mig4j.k8s.diagnosis.FailureCatalogue.Phrase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * docs/failures.md has the tables of failures.json. {@code -Dmig4j.docs=write} writes them again.
 */
class FailureDocumentationTest {

  private static final Path PAGE = Path.of("..", "docs", "failures.md");
  private static final String TABLES = "## Codes\n";

  private static final FailureCatalogue FILE = FailureCatalogue.bundled();

  @Test
  void page_hasEveryFailure() throws IOException {
    String page = Files.readString(PAGE);
    String introduction = page.substring(0, page.indexOf(TABLES));
    if ("write".equals(System.getProperty("mig4j.docs"))) {
      Files.writeString(PAGE, introduction + tables());
    }

    assertThat(Files.readString(PAGE)).isEqualTo(introduction + tables());
  }

  @Test
  void file_hasEveryCode_once() {
    assertThat(FILE.failures())
        .extracting(Failure::code)
        .containsExactlyInAnyOrder(FailureCode.values());
  }

  @Test
  void file_namesASourceForEverything() {
    Stream<String> named = Stream.of(
            FILE.marks().stream().map(FailureCatalogue.MarkPhrase::source),
            FILE.consequences().stream().map(Phrase::source),
            FILE.components().stream()
                .flatMap(component -> component.phrases().stream().map(Phrase::source)),
            FILE.failures().stream().flatMap(FailureDocumentationTest::sources))
        .flatMap(source -> source);

    assertThat(named.distinct())
        .containsExactlyInAnyOrderElementsOf(FILE.sources().keySet());
  }

  private static Stream<String> sources(Failure failure) {
    return failure.source() == null
        ? failure.said().stream().map(Phrase::source)
        : Stream.of(failure.source());
  }

  @Test
  void file_hasEveryComponent_once() {
    assertThat(FILE.components())
        .extracting(FailureCatalogue.Speaker::component)
        .containsExactlyInAnyOrder(LogComponent.values());
  }

  private static String tables() {
    return TABLES
        + "| code | text | what to do | source |\n|---|---|---|---|\n"
        + rows(FILE.failures().stream()
            .map(failure -> List.of(
                "`" + failure.code() + "`",
                failure.text(),
                failure.remedy(),
                sources(failure).distinct().collect(Collectors.joining(", ")))))
        + "\n## Remedies for other components\nFor a line of another component than the MIG manager and"
        + " mig-parted.\n\n| code | what to do |\n|---|---|\n"
        + rows(FILE.failures().stream()
            .filter(failure -> failure.elsewhere() != null)
            .map(failure -> List.of("`" + failure.code() + "`", failure.elsewhere())))
        + "\n## Errors that no phrase matches\nThe code is `unrecognised`, with the last error of the"
        + " run.\n\n| component | what to do | recognised by |\n|---|---|---|\n"
        + rows(FILE.components().stream()
            .map(component -> List.of(
                component.component().toString(),
                component.remedy(),
                Stream.concat(
                        component.containers().stream().map(name -> "container " + name),
                        component.phrases().stream().map(said -> "`" + said.phrase() + "`"))
                    .collect(Collectors.joining(", ")))))
        + "\n## Phrases in logs\n"
        + "| phrase | code | weight | source |\n|---|---|---|---|\n"
        + rows(FILE.failures().stream()
            .flatMap(failure -> failure.said().stream()
                .map(phrase -> List.of(
                    "`" + phrase.phrase() + "`",
                    "`" + failure.code() + "`",
                    phrase.weighs().name().toLowerCase(Locale.ROOT),
                    phrase.source()))))
        + "\n## What became of the devices\n| phrase | aftermath |\n|---|---|\n"
        + rows(FILE.failures().stream()
            .flatMap(failure -> failure.said().stream())
            .filter(phrase -> phrase.aftermath() != null)
            .map(phrase -> List.of("`" + phrase.phrase() + "`", phrase.aftermath())))
        + "\n## Consequences\nLines that failed runs also print. They are not causes.\n\n"
        + "| phrase | source |\n|---|---|\n"
        + rows(FILE.consequences().stream()
            .map(phrase -> List.of("`" + phrase.phrase() + "`", phrase.source())))
        + "\n## Sources\n| name | where |\n|---|---|\n"
        + rows(FILE.sources().entrySet().stream()
            .map(source -> List.of(source.getKey(), source.getValue())));
  }

  private static String rows(Stream<List<String>> rows) {
    return rows.map(cells -> cells.stream()
            .map(cell -> cell.replace("|", "\\|"))
            .collect(Collectors.joining(" | ", "| ", " |\n")))
        .collect(Collectors.joining());
  }
}
