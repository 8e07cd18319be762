package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the README shows is what the code does. */
class ReadmeTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern OUTPUT =
      Pattern.compile("into three:\n\n```\n(.*?)```", Pattern.DOTALL);

  @TempDir
  Path classes;

  static Stream<String> snippets() throws IOException {
    return SNIPPET.matcher(readme()).results().map(found -> found.group(1));
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void snippet_compiles(String snippet) {
    assertThat(JavaSnippet.problems(snippet, classes)).isEmpty();
  }

  @Test
  void quickstart_printsWhatTheReadmeShows() throws IOException {
    var shown = OUTPUT.matcher(readme());
    assertThat(shown.find()).as("the README shows the quickstart's output").isTrue();

    assertThat(withoutTimes(outputOf(() -> Quickstart.run())))
        .isEqualTo(withoutTimes(shown.group(1)));
  }

  private static String outputOf(Runnable program) {
    PrintStream console = System.out;
    var captured = new ByteArrayOutputStream();
    System.setOut(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      program.run();
    } finally {
      System.setOut(console);
    }
    return captured.toString(StandardCharsets.UTF_8);
  }

  private static String withoutTimes(String output) {
    return output.replaceAll(" +[0-9]+\\.[0-9]s", " #s").replaceAll("\r\n", "\n");
  }

  private static String readme() throws IOException {
    // Tests run in the module's directory.
    return Files.readString(Path.of("..", "README.md"));
  }
}
