package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.cluster.MigEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/observability.md lists every event and every log message, and no other. */
class ObservabilityDocumentTest {

  private static final Path PAGE = Path.of("..", "docs", "observability.md");
  private static final Path SOURCES = Path.of("src", "main", "java");
  private static final Pattern CALL =
      Pattern.compile("LOG\\.(trace|debug|info|warn|error)\\(\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| ([a-z]+) \\| `(.+?)` \\| .+ \\|$");
  private static final Pattern NAME = Pattern.compile("(?m)^\\| `(\\w+)` \\|");

  @Test
  void messages_areThoseOfTheSources() throws IOException {
    List<String> logged;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      logged = files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.toString().contains("simulator"))
          .flatMap(file -> CALL.matcher(content(file)).results())
          .map(call -> call.group(1) + " " + call.group(2).replace("\\\"", "\""))
          .toList();
    }

    assertThat(ROW.matcher(content(PAGE)).results().map(row -> row.group(1) + " " + row.group(2)))
        .containsExactlyInAnyOrderElementsOf(logged);
  }

  @Test
  void events_areThoseOfTheTypes_inOrder() {
    Stream<String> phases = Stream.of(ApplyPhase.values()).map(Enum::name);
    Stream<String> events = Stream.of(RolloutEvent.class, MigEvent.class)
        .flatMap(type -> Stream.of(type.getPermittedSubclasses()))
        .map(Class::getSimpleName);

    assertThat(NAME.matcher(content(PAGE)).results().map(row -> row.group(1)))
        .containsExactlyElementsOf(Stream.concat(phases, events).toList());
  }

  @Test
  void durations_areInPlainWords() {
    assertThat(content(PAGE)).doesNotContainPattern("PT[0-9]");
  }

  private static String content(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
