package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.NODE;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.simulator.Trap;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Changes that make room first, with the evictions and the disruption budgets of a real API server. */
@Tag("scenario")
@Tag("apiserver")
@ExtendWith(ScenarioServer.class)
class DrainScenarioTest {

  KubernetesClient client;
  private Optional<GpuJob> job = Optional.empty();

  @AfterEach
  void removeJob() {
    job.ifPresent(GpuJob::remove);
  }

  private GpuJob job() {
    GpuJob started = GpuJob.start(client, "train", Scenario.SMALL);
    job = Optional.of(started);
    return started;
  }

  private static void assertUndone(Node node) {
    assertThat(node.getSpec().getUnschedulable()).isNotEqualTo(true);
    assertThat(node.getSpec().getTaints())
        .noneMatch(taint -> taint.getKey().startsWith("mig4j.github.io/"));
    assertThat(node.getMetadata().getAnnotations()).doesNotContainKey("mig4j.github.io/change");
  }

  @Test
  void podThatUsesTheGpus_isEvicted_andTheNodeIsUncordonedAtTheEnd() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      GpuJob train = job();
      assertThatThrownBy(() -> node.apply("medium").await(LONG))
          .isInstanceOf(MigRefusedException.class);

      var outcome = node.apply("medium").disruption(Disruption.DRAIN).gated().await(LONG);

      node.assertVerified(outcome, "medium");
      assertThat(train.pods()).isEmpty();
      assertUndone(node.view().get());
    }
  }

  /** The server answers 429 to evictions until the budget allows them. */
  @Test
  void disruptionBudget_isRespected() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      GpuJob train = job();
      train.protect();

      assertThatThrownBy(() -> node.apply("medium")
              .disruption(Disruption.DRAIN)
              .timings(ApplyTimings.builder().drain(Duration.ofSeconds(2)).build())
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class)
          .hasMessageContaining("default/train");
      assertThat(train.pods()).containsExactly("train");
      assertUndone(node.view().get());

      var outcome = node.apply("medium")
          .disruption(Disruption.DRAIN)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.CORDONED) {
              train.unprotect();
            }
          })
          .await(LONG);
      node.assertVerified(outcome, "medium");
      assertThat(train.pods()).isEmpty();
    }
  }

  @Test
  void disable_givesTheWholeGpuBack_andRollbackUndoesIt() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      node.assertVerified(
          node.node().disable().timings(QUICK).await(LONG), "{nvidia.com/gpu=1}", "[{}]");

      node.assertVerified(node.node().rollback().timings(QUICK).await(LONG), "small");
    }
  }

  /** The manager's pod is deleted on the version that was read, while its status is written. */
  @Test
  void recover_restartsTheManager_afterALostRun() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      node.set(Trap.API_ERROR_DURING_POD_WAIT);
      node.view().request("medium");
      node.awaitIdle("medium", 1);

      ApplyOutcome outcome =
          MigClient.of(client).node(NODE).recover().timings(QUICK).await(LONG);

      node.assertVerified(outcome, "medium");
      assertUndone(node.view().get());
    }
  }
}
