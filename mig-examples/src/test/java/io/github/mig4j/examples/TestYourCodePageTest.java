package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page shows {@link GpuService} and {@link GpuServiceTest} as they are. */
class TestYourCodePageTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final int MAX_LINES = 15;

  @Test
  void snippets_areTheServiceAndItsTest() throws IOException {
    List<String> shown = SNIPPET
        .matcher(Files.readString(Path.of("..", "docs", "test-your-code.md")))
        .results()
        .map(found -> found.group(1))
        .toList();

    assertThat(shown).containsExactly(type("GpuService"), type("GpuServiceTest"));
    assertThat(shown)
        .allSatisfy(snippet -> assertThat(snippet.lines()).hasSizeLessThanOrEqualTo(MAX_LINES));
  }

  private static String type(String name) throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/github/mig4j/examples/" + name + ".java"));
    return source
        .substring(source.lastIndexOf("\n\n", source.indexOf(" " + name)) + 2)
        .replaceFirst("^/\\*\\*.*\n", "");
  }
}
