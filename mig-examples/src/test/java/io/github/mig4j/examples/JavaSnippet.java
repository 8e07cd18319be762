package io.github.mig4j.examples;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles the Java that documents show. */
public final class JavaSnippet {

  private JavaSnippet() {}

  /** What the compiler says against statements that may use {@code client} and {@code mig}; none is good. */
  public static List<String> problems(String snippet, Path classes) {
    return compile(source(snippet), classes);
  }

  /** What statements print that need no cluster. */
  public static String printed(String snippet, Path classes) throws Exception {
    if (!problems(snippet, classes).isEmpty()) {
      throw new IllegalArgumentException("Does not compile: " + snippet);
    }
    try (var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
      Class<?> type = loader.loadClass("Snippet");
      Object instance = type.getConstructor().newInstance();
      Method run = type.getMethod("run", KubernetesClient.class, MigClient.class);
      return Console.outputOf(() -> invoke(run, instance));
    }
  }

  private static void invoke(Method run, Object instance) {
    try {
      run.invoke(instance, null, null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String source(String snippet) {
    return """
        import com.fasterxml.jackson.databind.ObjectMapper;
        import io.fabric8.kubernetes.api.model.*;
        import io.fabric8.kubernetes.client.*;
        import io.github.mig4j.config.*;
        import io.github.mig4j.fleet.*;
        import io.github.mig4j.gpu.*;
        import io.github.mig4j.k8s.*;
        import io.github.mig4j.k8s.change.*;
        import io.github.mig4j.k8s.check.*;
        import io.github.mig4j.k8s.cluster.*;
        import io.github.mig4j.k8s.config.*;
        import io.github.mig4j.k8s.diagnosis.*;
        import io.github.mig4j.k8s.dra.*;
        import io.github.mig4j.k8s.node.*;
        import io.github.mig4j.k8s.reconcile.*;
        import io.github.mig4j.k8s.rollout.*;
        import io.github.mig4j.layout.*;
        import io.github.mig4j.lint.*;
        import io.github.mig4j.node.*;
        import io.github.mig4j.plan.*;
        import io.github.mig4j.sharing.*;
        import java.nio.file.*;
        import java.time.Duration;
        import java.util.*;
        public class Snippet {
          public void run(KubernetesClient client, MigClient mig) throws Exception {
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
