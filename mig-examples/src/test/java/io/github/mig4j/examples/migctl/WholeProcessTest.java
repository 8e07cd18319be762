package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.examples.JavaSnippet;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests that change the standard output or the properties of the process. */
@Isolated
class WholeProcessTest {

  private static final Pattern PRINTED =
      Pattern.compile("System\\.out\\.println\\(.*\\); *// (.*)");

  @TempDir
  Path folder;

  /** The comment behind a println is what it prints. */
  @Test
  void schedulerPage_snippetsPrintWhatTheyShow() throws Exception {
    for (String snippet : DocumentedPage.of("scheduler").javaSnippets()) {
      assertThat(JavaSnippet.printed(snippet, folder).lines())
          .as(snippet)
          .containsExactlyElementsOf(
              PRINTED.matcher(snippet).results().map(line -> line.group(1)).toList());
    }
  }

  /** Nothing listens at port 1; fabric8 takes its settings from properties if there is no file. */
  @Test
  void simulate_withoutAnswer_isExit3() {
    var properties = Map.of(
        "kubernetes.auth.tryKubeConfig", "false",
        "kubernetes.master", "http://127.0.0.1:1",
        "kubernetes.request.retry.backoffLimit", "0");
    properties.forEach(System::setProperty);
    try {
      var run = Run.migctl("simulate", "--for", "1s");

      assertThat(run.exit()).isEqualTo(3);
      assertThat(run.out()).isEmpty();
      // A slow machine is told that it has to wait.
      assertThat(run.err().lines().filter(line -> !line.startsWith("No answer from ")))
          .singleElement()
          .asString()
          .startsWith(
              "Cannot simulate the GPU Operator on http://127.0.0.1:1/: Connection refused");
    } finally {
      properties.keySet().forEach(System::clearProperty);
    }
  }
}
