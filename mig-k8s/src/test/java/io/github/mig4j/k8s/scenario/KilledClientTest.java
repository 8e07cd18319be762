package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.PodLogs;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The caller's process is killed in the midst of a change; what it left in the cluster is enough for
 * the next one, to go on or to go back.
 */
@Tag("scenario")
@ExtendWith(ScenarioServer.class)
class KilledClientTest {

  KubernetesClient client;
  PodLogs logs;

  /** As little of the code after it runs as of a process that is killed. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  private MigClient controller() {
    return MigClient.of(client)
        .with(MigSettings.builder().identity("controller-0").build());
  }

  /** Another one, by whose clock the dead one's time is up. */
  private MigClient later() {
    return MigClient.of(client)
        .with(MigSettings.builder()
            .identity("controller-1")
            .clock(Clock.offset(Clock.systemUTC(), Duration.ofMinutes(10)))
            .build());
  }

  private Scenario killedAt(ApplyPhase phase) {
    Scenario node = Scenario.on(client).logs(logs).through(controller()).startWith("small", H100);
    assertThatThrownBy(() -> node.apply("medium")
            .disruption(Disruption.DRAIN)
            .gated()
            .onProgress(event -> {
              if (event.phase() == phase) {
                throw new Killed();
              }
            })
            .await(LONG))
        .isInstanceOf(Killed.class);
    return node;
  }

  private static void assertNothingIsLeft(Scenario scenario) {
    Node node = scenario.view().get();
    assertThat(node.getMetadata().getAnnotations()).doesNotContainKey("mig4j.github.io/change");
    NodeSpec spec = node.getSpec() == null ? new NodeSpec() : node.getSpec();
    assertThat(spec.getUnschedulable()).isNotEqualTo(true);
    assertThat(spec.getTaints())
        .noneMatch(taint -> taint.getKey().equals("mig4j.github.io/unverified"));
  }

  /** Every step of a change that goes well. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "CHECKED",
        "CORDONED",
        "DRAINED",
        "REQUESTED",
        "PENDING",
        "PAUSED",
        "RESUMED",
        "REPORTED",
        "OFFERED",
        "VERIFIED"
      })
  void atEveryStep_itsSuccessorGoesOn(ApplyPhase phase) {
    try (var node = killedAt(phase)) {
      var outcome =
          controller().node(Scenario.NODE).apply("medium").timings(QUICK).await(LONG);

      node.assertVerified(outcome, "medium");
      assertNothingIsLeft(node);
    }
  }

  /** Before the node was asked there is nothing to go back from, only something to take back. */
  @ParameterizedTest
  @EnumSource(names = {"CHECKED", "CORDONED", "DRAINED"})
  void beforeItAsked_anotherTakesBackWhatItDid(ApplyPhase phase) {
    try (var node = killedAt(phase)) {
      var outcome = later().node(Scenario.NODE).recover().timings(QUICK).await(LONG);

      node.assertVerified(outcome, "small");
      assertNothingIsLeft(node);
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {"REQUESTED", "PENDING", "PAUSED", "RESUMED", "REPORTED", "OFFERED", "VERIFIED"})
  void afterItAsked_anotherGoesBack(ApplyPhase phase) {
    try (var node = killedAt(phase)) {
      var outcome = later().node(Scenario.NODE).rollback().timings(QUICK).await(LONG);

      assertThat(outcome).isInstanceOf(ApplyOutcome.class);
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-1g.10gb=7}");
      assertThat(node.devices()).isEqualTo("[{1g.10gb=7}]");
      assertNothingIsLeft(node);
    }
  }

  /** Nobody can tell a dead client from a slow one before its time is up, unless somebody says so. */
  @Test
  void beforeItsTimeIsUp_anotherIsKeptAway_unlessItRecovers() {
    try (var node = killedAt(ApplyPhase.PAUSED)) {
      MigClient other = MigClient.of(client);

      assertThatThrownBy(
              () -> other.node(Scenario.NODE).apply("balanced").timings(QUICK).await(LONG))
          .isInstanceOf(MigConflictException.class)
          .hasMessageStartingWith(
              "Node gpu-node is being changed: controller-0 has been changing it to 'medium-");

      var outcome = other.node(Scenario.NODE).recover().timings(QUICK).await(LONG);
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/mig-2g.20gb=3}");
      assertNothingIsLeft(node);
    }
  }
}
