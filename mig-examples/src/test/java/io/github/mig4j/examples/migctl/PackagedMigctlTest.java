package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The first hour of a newcomer, with the archive that the build makes and nothing else: it runs after
 * the package phase, in processes of their own.
 */
@DisabledOnOs(OS.WINDOWS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PackagedMigctlTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  static Path folder;

  private static Path bin;
  private static Process demo;
  private static String kubeconfig;

  private record Run(int exit, String out) {}

  @BeforeAll
  static void unpackAndStartTheDemo() throws Exception {
    Path archive;
    try (Stream<Path> built = Files.list(Path.of("target"))) {
      archive = built
          .filter(file -> file.getFileName().toString().matches("migctl-.*\\.tar\\.gz"))
          .findFirst()
          .orElseThrow();
    }
    assertThat(run("tar", "xzf", archive.toAbsolutePath().toString()).exit).isZero();
    try (Stream<Path> unpacked = Files.list(folder)) {
      bin = unpacked
          .filter(file -> file.getFileName().toString().startsWith("migctl-"))
          .findFirst()
          .orElseThrow()
          .resolve("bin");
    }
    demo = process(migctl("demo", "--nodes", "gpu-node=b200-180gb", "--step", "PT0.1S"))
        .start();
    BufferedReader lines = demo.inputReader(StandardCharsets.UTF_8);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("  export KUBECONFIG=")) {
        kubeconfig = line.substring("  export KUBECONFIG=".length());
        return;
      }
    }
    throw new IllegalStateException("The demo ended");
  }

  @AfterAll
  static void endTheDemo() throws InterruptedException {
    demo.destroy();
    assertThat(demo.waitFor(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  @Order(1)
  void plan_isAConfigMap_thatIsValid_published_applied_andRolledBack() throws Exception {
    Run plan = run(migctl(
        "plan", "--nodes", "gpu-node=b200-180gb", "--demand", "1g.23gb:5", "-o", "configmap"));
    String config = plan.out.lines().findFirst().orElseThrow().substring("# gpu-node: ".length());
    Files.writeString(folder.resolve("planned.yaml"), plan.out);

    Run validated = run(migctl(
        "validate",
        "planned.yaml",
        "--gpu",
        "b200-180gb",
        "--config",
        config,
        "--sarif",
        "mig.sarif"));
    JsonNode sarif = JSON.readTree(folder.resolve("mig.sarif").toFile());
    Run published = run(migctl("publish", "planned.yaml"));
    Run preflight = run(migctl("preflight", "gpu-node", config));
    Run applied = run(migctl("apply", "gpu-node", config, "--stability", "PT0.3S"));
    Run rolledBack = run(migctl("rollback", "gpu-node", "--stability", "PT0.3S"));
    Run status = run(bin.resolve("kubectl-mig").toString(), "status");

    assertThat(validated.exit).as(validated.out).isZero();
    assertThat(sarif.get("version").asText()).isEqualTo("2.1.0");
    assertThat(published.out).contains("%s as %s".formatted(config, config));
    assertThat(preflight.out).startsWith("Config '%s' on node gpu-node: clear".formatted(config));
    assertThat(applied.out).contains("VERIFIED").endsWith("  nvidia.com/mig-1g.23gb: 5\n");
    assertThat(rolledBack.out).endsWith("  nvidia.com/gpu: 1\n");
    assertThat(status.out).contains("gpu-node", "success", "all-disabled", "{nvidia.com/gpu=1}");
  }

  @Test
  @Order(2)
  void firstRun_madeAnArchiveOfClasses_fromWhichLaterRunsLoadMost() throws Exception {
    Path loaded = folder.resolve("loaded.txt");
    ProcessBuilder models = process(migctl("models"));
    models.environment().put("MIGCTL_JAVA_OPTS", "-Xlog:class+load:file=" + loaded);

    assertThat(run(models).out).contains("h100-sxm-80gb");
    List<String> classes = Files.readAllLines(loaded);
    assertThat(classes).filteredOn(line -> line.contains("io.fabric8")).isEmpty();
    assertThat(classes.stream()
            .filter(line -> line.contains("shared objects file"))
            .count())
        .isGreaterThan(classes.size() * 8L / 10);
  }

  @Test
  @Order(3)
  void outputThatCannotBeWritten_isExit2() throws Exception {
    if (Files.exists(Path.of("/dev/full"))) {
      assertThat(run("sh", "-c", bin.resolve("migctl") + " models > /dev/full"))
          .isEqualTo(new Run(2, "Cannot write to stdout: No space left on device\n"));
    }
  }

  @Test
  @Order(4)
  void schemas_areThoseOfTheDocs() throws IOException {
    for (String file : List.of("mig-parted", "device-plugin", "mig-policy")) {
      String name = "schemas/%s.schema.json".formatted(file);
      assertThat(bin.getParent().resolve(name)).hasSameTextualContentAs(Path.of("../docs", name));
    }
  }

  private static String[] migctl(String... args) {
    List<String> command = new ArrayList<>(List.of(bin.resolve("migctl").toString()));
    command.addAll(List.of(args));
    return command.toArray(String[]::new);
  }

  private static Run run(String... command) throws Exception {
    return run(process(command));
  }

  private static Run run(ProcessBuilder command) throws Exception {
    Process process = command.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), out);
  }

  private static ProcessBuilder process(String... command) throws IOException {
    ProcessBuilder process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    process.environment().put("JAVA_HOME", System.getProperty("java.home"));
    process.environment().remove("JAVA_TOOL_OPTIONS");
    if (kubeconfig != null) {
      process.environment().put("KUBECONFIG", kubeconfig);
    }
    return process;
  }
}
