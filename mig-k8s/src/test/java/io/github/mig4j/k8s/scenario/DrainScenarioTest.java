package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static io.github.mig4j.k8s.scenario.Scenario.H100;
import static io.github.mig4j.k8s.scenario.Scenario.LONG;
import static io.github.mig4j.k8s.scenario.Scenario.NODE;
import static io.github.mig4j.k8s.scenario.Scenario.QUICK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.policy.v1beta1.PodDisruptionBudgetBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyOutcome;
import io.github.mig4j.k8s.change.ApplyPhase;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.simulator.Trap;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Changes that make room first, with the evictions and the disruption budgets of a real API server. */
@Tag("scenario")
@Tag("apiserver")
@ExtendWith(ScenarioServer.class)
class DrainScenarioTest {

  private static final String OWNER = "gpu-job";

  KubernetesClient client;

  @AfterEach
  void removeJob() {
    client
        .policy()
        .v1beta1()
        .podDisruptionBudget()
        .inNamespace("default")
        .withName(OWNER)
        .delete();
    client.configMaps().inNamespace("default").withName(OWNER).delete();
  }

  /** A pod that its controller would create again elsewhere. */
  private void job(String name) {
    ConfigMap owner = client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(OWNER)
            .withNamespace("default")
            .endMetadata()
            .build())
        .createOr(NonDeletingOperation::update);
    var pod = client
        .pods()
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("default")
            .addToLabels("job", OWNER)
            .addNewOwnerReference()
            .withApiVersion("v1")
            .withKind("ConfigMap")
            .withName(OWNER)
            .withUid(owner.getMetadata().getUid())
            .withController(true)
            .endOwnerReference()
            .endMetadata()
            .withNewSpec()
            .withNodeName(NODE)
            .withTerminationGracePeriodSeconds(0L)
            .addNewContainer()
            .withName("main")
            .withImage("registry.k8s.io/pause:3.10")
            .withNewResources()
            .addToLimits("nvidia.com/mig-1g.10gb", new Quantity("1"))
            .endResources()
            .endContainer()
            .endSpec()
            .build())
        .create();
    client
        .pods()
        .resource(pod)
        .editStatus(created -> new PodBuilder(created)
            .editOrNewStatus()
            .withPhase("Running")
            .addNewCondition()
            .withType("Ready")
            .withStatus("True")
            .endCondition()
            .endStatus()
            .build());
  }

  private void budget(int minAvailable) {
    client
        .policy()
        .v1beta1()
        .podDisruptionBudget()
        .inNamespace("default")
        .resource(new PodDisruptionBudgetBuilder()
            .withNewMetadata()
            .withName(OWNER)
            .endMetadata()
            .withNewSpec()
            .withMinAvailable(new IntOrString(minAvailable))
            .withNewSelector()
            .addToMatchLabels("job", OWNER)
            .endSelector()
            .endSpec()
            .build())
        .create();
  }

  private List<String> pods() {
    return client.pods().inNamespace("default").withLabel("job", OWNER).list().getItems().stream()
        .map(pod -> pod.getMetadata().getName())
        .toList();
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
      job("train");
      assertThatThrownBy(() -> node.apply("medium").await(LONG))
          .isInstanceOf(MigRefusedException.class);

      var outcome = node.apply("medium").disruption(Disruption.DRAIN).gated().await(LONG);

      node.assertVerified(outcome, "{nvidia.com/mig-2g.20gb=3}", "[{2g.20gb=3}]");
      assertThat(pods()).isEmpty();
      assertUndone(node.view().get());
    }
  }

  /** The server answers 429 to evictions until the budget allows them. */
  @Test
  void disruptionBudget_isRespected() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      job("train");
      budget(1);
      eventually(() -> client
              .policy()
              .v1beta1()
              .podDisruptionBudget()
              .inNamespace("default")
              .withName(OWNER)
              .require()
              .getStatus()
              .getObservedGeneration()
          != null);

      assertThatThrownBy(() -> node.apply("medium")
              .disruption(Disruption.DRAIN)
              .timings(ApplyTimings.builder().drain(Duration.ofSeconds(2)).build())
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class)
          .hasMessageContaining("default/train");
      assertThat(pods()).containsExactly("train");
      assertUndone(node.view().get());

      var outcome = node.apply("medium")
          .disruption(Disruption.DRAIN)
          .onProgress(event -> {
            if (event.phase() == ApplyPhase.CORDONED) {
              client
                  .policy()
                  .v1beta1()
                  .podDisruptionBudget()
                  .inNamespace("default")
                  .withName(OWNER)
                  .delete();
            }
          })
          .await(LONG);
      node.assertVerified(outcome, "{nvidia.com/mig-2g.20gb=3}", "[{2g.20gb=3}]");
      assertThat(pods()).isEmpty();
    }
  }

  @Test
  void disable_givesTheWholeGpuBack_andRollbackUndoesIt() {
    try (var node = Scenario.on(client).startWith("small", H100)) {
      node.assertVerified(
          node.node().disable().timings(QUICK).await(LONG), "{nvidia.com/gpu=1}", "[{}]");

      node.assertVerified(
          node.node().rollback().timings(QUICK).await(LONG),
          "{nvidia.com/mig-1g.10gb=7}",
          "[{1g.10gb=7}]");
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

      node.assertVerified(outcome, "{nvidia.com/mig-2g.20gb=3}", "[{2g.20gb=3}]");
      assertUndone(node.view().get());
    }
  }
}
