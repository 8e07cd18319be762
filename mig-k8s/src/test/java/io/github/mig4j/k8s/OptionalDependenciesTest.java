package io.github.mig4j.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.k8s.cluster.MigClusterException;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is optional for Maven is optional for the program. */
class OptionalDependenciesTest {

  private static final List<String> OPTIONAL = List.of(
      "junit",
      "kubernetes-server-mock",
      "mockwebserver",
      "micrometer",
      "opentest4j",
      "apiguardian");

  /** The types of this module that are about an optional dependency. */
  private static final String OPTIONAL_TYPES =
      "io\\.github\\.mig4j\\.k8s\\.(metrics\\.MigMetrics|simulator\\.(SimulatedGpus|EmbeddedCluster)|internal\\.CorrectedDispatcher).*";

  @Test
  void client_works_withoutAnyOptionalDependency() throws Exception {
    try (URLClassLoader loader = withoutOptional()) {
      Object answer = run(loader, Use.class.getName());

      assertThat(answer.toString())
          .startsWith("No answer from the API server http://127.0.0.1:1/ to: get node gpu-node (");
    }
  }

  @Test
  void everyOtherType_links_withoutAnyOptionalDependency() throws Exception {
    Path classes = Path.of(
        MigClient.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> names;
    try (Stream<Path> files = Files.walk(classes)) {
      names = files
          .map(file -> classes.relativize(file).toString())
          .filter(file -> file.endsWith(".class"))
          .map(file ->
              file.substring(0, file.length() - ".class".length()).replace(File.separatorChar, '.'))
          .toList();
    }
    List<String> unlinked = new ArrayList<>();
    try (URLClassLoader loader = withoutOptional()) {
      for (String name : names) {
        try {
          // Members are what a class needs besides its parents.
          Object unused = Class.forName(name, false, loader).getDeclaredMethods();
        } catch (NoClassDefFoundError e) {
          unlinked.add(name);
        }
      }
    }

    assertThat(names).hasSizeGreaterThan(200);
    assertThat(unlinked).isNotEmpty().allSatisfy(name -> assertThat(name).matches(OPTIONAL_TYPES));
  }

  private static Object run(ClassLoader loader, String type) throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return ((Callable<?>) loader.loadClass(type).getConstructor().newInstance()).call();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** The class path of this test without the optional dependencies, and nothing of the test's own loader. */
  private static URLClassLoader withoutOptional() {
    URL[] path = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> OPTIONAL.stream().noneMatch(new File(entry).getName()::contains))
        .map(OptionalDependenciesTest::url)
        .toArray(URL[]::new);
    return new URLClassLoader(path, ClassLoader.getPlatformClassLoader());
  }

  private static URL url(String entry) {
    try {
      return new File(entry).toURI().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(entry, e);
    }
  }

  /** A program that uses the library; loaded by the other loader. */
  public static final class Use implements Callable<String> {
    public Use() {}

    @Override
    public String call() throws IOException {
      // Port 1 of this machine, on which no program listens.
      var config = new ConfigBuilder()
          .withMasterUrl("http://127.0.0.1:1")
          .withRequestRetryBackoffLimit(0)
          .build();
      try (var client = new KubernetesClientBuilder().withConfig(config).build()) {
        client.adapt(MigClient.class).node("gpu-node").status();
        return "an answer";
      } catch (MigClusterException expected) {
        return String.valueOf(expected.getMessage());
      }
    }
  }
}
