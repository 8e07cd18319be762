package io.github.mig4j.k8s.scenario;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * What can be done to the cluster of {@code KUBECONFIG_FOR_TESTS} beside requests, in the folder {@code
 * CLUSTER_FOR_TESTS}: the kubeconfigs {@code users/NAME} of users without permissions, the file {@code
 * audit.log}, and the programs {@code stop-api-server} and {@code start-api-server}. Scenarios that need
 * it are skipped without it.
 */
final class TestedCluster {

  private final Path folder;

  private TestedCluster(Path folder) {
    this.folder = folder;
  }

  static TestedCluster require() {
    String folder = System.getenv().getOrDefault("CLUSTER_FOR_TESTS", "");
    assumeTrue(!folder.isEmpty(), "CLUSTER_FOR_TESTS is not set; see CONTRIBUTING");
    return new TestedCluster(Path.of(folder));
  }

  Path auditLog() {
    return folder.resolve("audit.log");
  }

  /** The kubeconfig of a user. */
  String user(String name) throws IOException {
    return Files.readString(folder.resolve("users").resolve(name));
  }

  /** Ends the API server, and makes etcd forget every version but the last. */
  void stopApiServer() {
    run("stop-api-server");
  }

  void startApiServer() {
    run("start-api-server");
  }

  private void run(String program) {
    try {
      Process process = new ProcessBuilder(folder.resolve(program).toString())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
      if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
        throw new IllegalStateException(program + " failed");
      }
    } catch (IOException e) {
      throw new IllegalStateException(program, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(program, e);
    }
  }
}
