package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/rollout.md shows compiles, and the example does what it says. */
class RollOutTest {

  @TempDir
  Path classes;

  static Stream<String> snippets() throws IOException {
    return Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
        .matcher(Files.readString(Path.of("..", "docs", "rollout.md")))
        .results()
        .map(found -> found.group(1));
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void snippet_compiles(String snippet) {
    assertThat(JavaSnippet.problems(snippet, classes)).isEmpty();
  }

  @Test
  void run_endsWithEveryNodeVerified() {
    assertThat(RollOut.run()).hasToString("Rollout 'split-small': DONE, 4 of 4 nodes verified");
  }
}
