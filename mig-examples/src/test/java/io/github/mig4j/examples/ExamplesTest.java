package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class ExamplesTest {

  private static final Path SOURCES = Path.of("src/main/java/io/github/mig4j/examples");

  @Test
  void readme_listsEveryProgram_andNoOther() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      var programs = files
          .filter(Files::isRegularFile)
          .filter(file -> contentOf(file).contains("public static void main("))
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .toList();

      assertThat(Pattern.compile("(?m)^\\| `(\\w+)` \\|")
              .matcher(Files.readString(Path.of("README.md")))
              .results()
              .map((MatchResult row) -> row.group(1)))
          .containsExactlyInAnyOrderElementsOf(programs);
    }
  }

  /** Without {@code -am compile}, Maven looks for the library in a repository that has none. */
  @Test
  void commands_ofThePages_buildWhatTheyRun() throws IOException {
    for (String page : new String[] {"README.md", "../README.md"}) {
      assertThat(Pattern.compile("mvn [^`\n]*exec:java[^`\n]*")
              .matcher(Files.readString(Path.of(page)))
              .results())
          .isNotEmpty()
          .allSatisfy(command ->
              assertThat(command.group()).startsWith("mvn -pl mig-examples -am compile exec:java"));
    }
  }

  @Test
  void quickstart_timeout_isWrittenAsForMigctl() {
    assertThat(Console.errorsOf(() -> Quickstart.run("--timeout", "10m", "--node")))
        .startsWith("Missing required parameter for option '--node'");
    assertThat(Console.errorsOf(() -> Quickstart.run("--timeout", "soon")))
        .startsWith(
            "Invalid value for option '--timeout': 'soon' is not a duration; write e.g. 90s,"
                + " 10m or 1h30m");
  }

  /** The fullest node that still has room, so that whole nodes stay free. */
  @Test
  void schedulePods_bindsEachPodToTheNodeWithTheLeastRoom() {
    assertThat(Console.outputOf(() -> SchedulePods.main(new String[0])).lines())
        .containsExactly(
            "node-a offers {nvidia.com/mig-1g.23gb=7}",
            "node-b offers {nvidia.com/mig-1g.23gb=3, nvidia.com/mig-2g.45gb=2}",
            "pod-0 -> node-b {nvidia.com/mig-1g.23gb=1}",
            "pod-1 -> node-b {nvidia.com/mig-2g.45gb=1}",
            "pod-2 -> node-b {nvidia.com/mig-1g.23gb=1}",
            "pod-3 fits nowhere yet: {nvidia.com/mig-3g.90gb=1}");
  }

  private static String contentOf(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
