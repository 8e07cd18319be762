package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
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
    var source = """
        import io.fabric8.kubernetes.api.model.*;
        import io.fabric8.kubernetes.client.*;
        import io.github.mig4j.config.*;
        import io.github.mig4j.gpu.*;
        import io.github.mig4j.k8s.*;
        import io.github.mig4j.layout.*;
        import java.nio.file.*;
        import java.time.Duration;
        import java.util.*;
        class Snippet {
          void run(KubernetesClient client, MigClient mig) throws Exception {
            %s
          }
        }
        """
        // The first example makes its clients itself.
        .formatted(snippet)
        .replace(
            snippet.contains("KubernetesClient client =")
                ? "KubernetesClient client, MigClient mig)"
                : "\0",
            ")");

    assertThat(compile(source)).isEmpty();
  }

  @Test
  void quickstart_printsWhatTheReadmeShows() throws IOException {
    var shown = OUTPUT.matcher(readme());
    assertThat(shown.find()).as("the README shows the quickstart's output").isTrue();

    assertThat(withoutTimes(outputOf(() -> Quickstart.run())))
        .isEqualTo(withoutTimes(shown.group(1)));
  }

  private List<String> compile(String source) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var problems = new DiagnosticCollector<JavaFileObject>();
    compiler
        .getTask(
            null,
            null,
            problems,
            List.of("-d", classes.toString(), "-proc:none"),
            null,
            List.of(
                new SimpleJavaFileObject(
                    URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
                  @Override
                  public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                    return source;
                  }
                }))
        .call();
    return problems.getDiagnostics().stream()
        .filter(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
        .map(Object::toString)
        .toList();
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
