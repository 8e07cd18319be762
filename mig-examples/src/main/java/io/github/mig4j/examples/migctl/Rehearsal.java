package io.github.mig4j.examples.migctl;

import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Runs typical commands, so that Java can archive the classes that they load. */
final class Rehearsal {

  private static final String CONFIG = """
      version: v1
      mig-configs:
        small:
          - devices: all
            mig-enabled: true
            mig-devices: {"1g.23gb": 7}
        too-large:
          - devices: all
            mig-enabled: true
            mig-devices: {"7g.180gb": 2}
      """;

  private Rehearsal() {}

  /**
   * Runs the commands and ends the process, with exit code 0.
   *
   * @param args not used
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createTempDirectory("migctl");
    Path file = Files.writeString(folder.resolve("mig-config.yaml"), CONFIG);
    Path kubeconfig = folder.resolve("kubeconfig");
    try (EmbeddedCluster cluster = new EmbeddedCluster()) {
      Files.writeString(kubeconfig, cluster.kubeconfig());
      for (List<String> command : List.of(
          List.of("--help"),
          List.of("apply", "--help"),
          List.of("generate-completion"),
          List.of("models"),
          List.of("models", "--json"),
          List.of("model", "b200-180gb"),
          List.of("layouts", "--gpu", "b200-180gb", "--count"),
          List.of("place", "--gpu", "b200-180gb", "1g.23gb:7"),
          List.of("place", "--gpu", "b200-180gb", "1g.23gb:9"),
          List.of("plan", "--gpus", "b200-180gb:2", "--demand", "1g.23gb:9"),
          List.of("validate", file.toString(), "--gpu", "b200-180gb"),
          List.of("explain", file.toString(), "--config", "small", "--gpu", "b200-180gb"),
          List.of("status", "--kubeconfig", kubeconfig.toString()),
          List.of("publish", file.toString(), "--kubeconfig", kubeconfig.toString()),
          List.of("preflight", "node", "small", "--kubeconfig", kubeconfig.toString()))) {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        int unused = Migctl.run(nowhere, nowhere, command.toArray(String[]::new));
      }
    } finally {
      Files.deleteIfExists(kubeconfig);
      Files.delete(file);
      Files.delete(folder);
    }
    System.exit(0);
  }
}
