package io.github.mig4j.examples.migctl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.examples.JavaSnippet;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.node.MigState;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.Trap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages of docs that answer one question each: what they show is what happens. */
class TaskPagesTest {

  private static final List<String> PAGES = List.of(
      "apply",
      "controller",
      "lint-in-ci",
      "plan",
      "scheduler",
      "add-a-gpu",
      "troubleshooting",
      "migrate",
      "first-hour",
      "prerequisites",
      "gitops",
      "what-fits",
      "reconcile",
      "observability",
      "json");

  @TempDir
  Path folder;

  static Stream<Arguments> snippets() throws IOException {
    Stream.Builder<Arguments> snippets = Stream.builder();
    for (String page : PAGES) {
      DocumentedPage.of(page)
          .javaSnippets()
          .forEach(snippet -> snippets.add(Arguments.of(page, snippet)));
    }
    return snippets.build();
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void snippet_compiles(String page, String snippet) {
    assertThat(JavaSnippet.problems(snippet, folder)).as(page).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"what-fits", "lint-in-ci", "plan", "add-a-gpu", "gitops"})
  void transcriptWithoutCluster_printsWhatItShows(String page) throws IOException {
    DocumentedPage.of(page).run(new Terminal(folder));
  }

  @Test
  void apply_changesANodeAndReturns() throws IOException {
    var terminal = new Terminal(folder);
    try (var cluster = new SimulatedCluster(terminal, operator -> operator)) {
      DocumentedPage.of("apply").run(terminal);

      assertThat(cluster.operator().gpus(SimulatedCluster.NODE))
          .allSatisfy(gpu -> assertThat(gpu.migEnabled()).isFalse());
    }
  }

  @Test
  void firstHour_isWhatANewcomerSees() throws IOException {
    var terminal = new Terminal(folder);
    try (var cluster = new SimulatedCluster(terminal, operator -> operator)) {
      DocumentedPage.of("first-hour").run(terminal);

      assertThat(cluster.operator().gpus(SimulatedCluster.NODE))
          .allSatisfy(gpu -> assertThat(gpu.migEnabled()).isFalse());
    }
  }

  @Test
  void migrate_worksBesideWhatIsThere() throws IOException {
    var terminal = new Terminal(folder);
    try (var cluster = new SimulatedCluster(terminal, operator -> operator)) {
      DocumentedPage.of("migrate").run(terminal);

      assertThat(cluster.operator().gpus(SimulatedCluster.NODE).get(0).devices())
          .containsExactly(Map.entry(MigProfile.parse("1g.23gb"), 7));
    }
  }

  /** How each symptom comes about. */
  private enum Symptom {
    WRONG_KEY("The label is set, and nothing happens") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.label("nvidia.com/mig-config", "small");
      }
    },
    EDITED_IN_PLACE("It says success, and the node offers what it did before") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", "{\"2g.45gb\": 3}");
        cluster.askAndGet("small", "nvidia.com/mig-2g.45gb");
        cluster.write("small", SEVEN);
      }
    },
    FOREIGN_PROFILE("It says success, and there is no MIG device") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", "{\"1g.20gb\": 7}");
        cluster.ask("small", "Successfully updated to MIG config: small");
        cluster.await(
            status -> status.allocatable().isEmpty() && status.paused().isEmpty());
      }
    },
    STUCK("It has been pending for twenty minutes") {
      @Override
      GpuOperatorSimulator.Builder describe(GpuOperatorSimulator.Builder operator) {
        return operator.timings(
            SimulatedCluster.visible().podStopTimeout(Duration.ofSeconds(3)).build());
      }

      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", SEVEN);
        cluster.operator().set(SimulatedCluster.NODE, Trap.PODS_DO_NOT_STOP);
        cluster.ask("small", "did not shutdown");
        cluster.operator().remove(SimulatedCluster.NODE, Trap.PODS_DO_NOT_STOP);
      }
    },
    FAILED("It says failed") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.ask("smal", "not present: smal");
        cluster.await(status -> status.state().equals(Optional.of(MigState.FAILED)));
      }
    },
    PAUSED("The node offers no GPU any more") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", SEVEN);
        cluster.askAndGet("small", "nvidia.com/mig-1g.23gb");
        cluster.operator().set(SimulatedCluster.NODE, Trap.GPU_IN_USE, Trap.PAUSED_AFTER_FAILURE);
        cluster.ask("all-disabled", "In use by another client");
        cluster.await(status -> status.state().equals(Optional.of(MigState.FAILED))
            && status.allocatable().isEmpty());
        cluster.operator().remove(SimulatedCluster.NODE, Trap.GPU_IN_USE);
      }
    },
    INVALID("The product ends in -MIG-INVALID") {
      @Override
      GpuOperatorSimulator.Builder describe(GpuOperatorSimulator.Builder operator) {
        return operator.strategy(MigStrategy.SINGLE);
      }

      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", "{\"3g.90gb\": 1, \"1g.23gb\": 4}");
        cluster.ask("small", "Successfully updated to MIG config: small");
        cluster.await(status -> status.product().orElse("").endsWith("-MIG-INVALID"));
      }
    },
    IN_USE("The node is in use") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", SEVEN);
        cluster.runPod("train-0", "nvidia.com/gpu");
      }
    },
    PENDING_PODS("Pods stay Pending") {
      @Override
      void bringAbout(SimulatedCluster cluster) {
        cluster.write("small", SEVEN);
        cluster.askAndGet("small", "nvidia.com/mig-1g.23gb");
      }
    };

    private static final String SEVEN = "{\"1g.23gb\": 7}";

    private final String heading;

    Symptom(String heading) {
      this.heading = heading;
    }

    GpuOperatorSimulator.Builder describe(GpuOperatorSimulator.Builder operator) {
      return operator;
    }

    abstract void bringAbout(SimulatedCluster cluster);
  }

  @ParameterizedTest
  @EnumSource(Symptom.class)
  void symptom_isExplainedAsThePageSays(Symptom symptom) throws IOException {
    var terminal = new Terminal(folder);
    try (var cluster = new SimulatedCluster(terminal, symptom::describe)) {
      symptom.bringAbout(cluster);

      DocumentedPage.of("troubleshooting").run(symptom.heading, terminal);
    }
  }

  @Test
  void troubleshooting_hasNoSymptomThatIsNotPlayed() throws IOException {
    assertThat(DocumentedPage.of("troubleshooting").sections())
        .containsExactlyElementsOf(
            Stream.of(Symptom.values()).map(symptom -> symptom.heading).toList());
  }
}
