package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.layout.LayoutDiagram;
import io.github.mig4j.layout.MigLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the README shows is what the code does. */
@Isolated
class ReadmeTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern OUTPUT =
      Pattern.compile("\n```\n(1\\. Publish.*?)```", Pattern.DOTALL);

  @TempDir
  Path classes;

  static Stream<String> snippets() throws IOException {
    return Stream.of(readme(), Files.readString(Path.of("..", "docs", "sharing.md")))
        .flatMap(page -> SNIPPET.matcher(page).results())
        .map(found -> found.group(1));
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void snippet_compiles(String snippet) {
    assertThat(JavaSnippet.problems(snippet, classes)).isEmpty();
  }

  @Test
  void quickstart_printsWhatTheExamplesReadmeShows() throws IOException {
    var shown = OUTPUT.matcher(Files.readString(Path.of("README.md")));
    assertThat(shown.find()).as("the README shows the quickstart's output").isTrue();

    assertThat(withoutTimes(Console.outputOf(() -> Quickstart.run())))
        .isEqualTo(withoutTimes(shown.group(1)));
  }

  /** {@code -Dmig4j.docs=write} draws it anew. */
  @Test
  void picture_isTheLibrarysOwn() throws IOException {
    GpuModel b200 = GpuCatalog.bundled().require("NVIDIA-B200");
    Path picture = Path.of("..", "docs", "layouts.svg");
    String drawn = LayoutDiagram.ofNode(List.of(
            MigLayout.on(b200).add("1g.23gb", 7).build(),
            MigLayout.on(b200)
                .add("3g.90gb", 1)
                .add("2g.45gb", 1)
                .add("1g.23gb", 2)
                .build()))
        .toSvg();
    if ("write".equals(System.getProperty("mig4j.docs"))) {
      Files.writeString(picture, drawn);
    }

    assertThat(picture).content().isEqualToNormalizingNewlines(drawn);
    assertThat(readme()).contains("](docs/layouts.svg)");
  }

  @Test
  void compatibility_countsTheGpusThatThereAre() throws IOException {
    long withMig =
        GpuCatalog.bundled().models().stream().filter(GpuModel::supportsMig).count();

    assertThat(readme()).contains("| GPUs | " + withMig + " models with MIG");
  }

  /** Every page can be found from the index, and the README leads to each task's. */
  @Test
  void index_listsEveryPage() throws IOException {
    String index = Files.readString(Path.of("..", "docs", "README.md"));
    try (Stream<Path> pages = Files.list(Path.of("..", "docs"))) {
      assertThat(pages
              .map(page -> page.getFileName().toString())
              .filter(name -> name.endsWith(".md") && !name.equals("README.md")))
          .allSatisfy(name -> assertThat(index).contains("(" + name + ")"));
    }
    assertThat(Pattern.compile("\\]\\((docs/[^)#]+|[A-Z]+\\.md)\\)")
            .matcher(readme())
            .results())
        .allSatisfy(link -> assertThat(Path.of("..", link.group(1))).exists());
  }

  private static String withoutTimes(String output) {
    return output.replaceAll(" +[0-9]+\\.[0-9]s", " #s").replaceAll("\r\n", "\n");
  }

  private static String readme() throws IOException {
    // Tests run in the module's directory.
    return Files.readString(Path.of("..", "README.md"));
  }
}
