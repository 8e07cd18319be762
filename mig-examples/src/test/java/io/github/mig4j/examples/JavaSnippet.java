package io.github.mig4j.examples;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles the Java that documents show. */
final class JavaSnippet {

  private JavaSnippet() {}

  /** What the compiler says against statements that may use {@code client} and {@code mig}; none is good. */
  static List<String> problems(String snippet, Path classes) {
    var source = """
        import io.fabric8.kubernetes.api.model.*;
        import io.fabric8.kubernetes.client.*;
        import io.github.mig4j.config.*;
        import io.github.mig4j.fleet.*;
        import io.github.mig4j.gpu.*;
        import io.github.mig4j.k8s.*;
        import io.github.mig4j.k8s.dra.*;
        import io.github.mig4j.k8s.rollout.*;
        import io.github.mig4j.k8s.sharing.*;
        import io.github.mig4j.layout.*;
        import io.github.mig4j.sharing.*;
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

    return compile(source, classes);
  }

  private static List<String> compile(String source, Path classes) {
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
}
