package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.check.PreflightCode;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.PodBudgets;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.fixture.SettableClock;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.FailureRecord;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.lint.Finding;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A change by looks alone. Each look has a client of its own, as in another process. */
@ExtendWith(MockApiServer.class)
class ApplyStepTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final MigConfig SMALL =
      MigConfig.of(MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build()));
  private static final MigConfig MEDIUM =
      MigConfig.of(MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build()));
  private static final String KEY = SMALL.contentName("small");
  private static final String ALIAS = SMALL.retryName("small", 2);

  KubernetesClient client;
  ApiFaults faults;
  PodLogs logs;
  PodBudgets budgets;
  private final SettableClock clock = new SettableClock(NOON);
  private final RecordedRequests requests = new RecordedRequests();
  private final List<MigEvent> events = new ArrayList<>();
  private final List<ApplyEvent> progress = new ArrayList<>();
  private KubernetesClient recorded;

  @BeforeEach
  void connect() {
    recorded = requests.client(new ConfigBuilder(ApiFaults.victim(client.getConfiguration()))
        .withRequestRetryBackoffLimit(0)
        .build());
    TestCluster.of(client)
        .policy("mixed", "mig-config")
        .configMap(MigConfigDocument.empty()
            .with("small", SMALL)
            .with(KEY, SMALL)
            .with(ALIAS, SMALL)
            .with("medium", MEDIUM)
            .toYaml());
    managerPod();
  }

  @AfterEach
  void disconnect() {
    recorded.close();
  }

  @Test
  void poll_oneLookAMinute_changesTheNode_andWritesOnlyWhatIsNew() {
    node(Nodes.b200(1).config("old", "success").running());

    assertThat(poll()).hasToString("gpu-node requests '%s' now".formatted(KEY));
    operator(Nodes.b200(1).config(KEY, "pending").paused().offers("nvidia.com/gpu", 0));
    assertThat(poll())
        .hasToString(
            "gpu-node is under way, PAUSED: its MIG state is pending, its device-plugin is stopped, nvidia.com/mig-1g.23gb is 0 instead of 7, label nvidia.com/mig-1g.23gb.count is absent instead of 7");
    assertThat(poll().lookAgainAfter()).contains(Duration.ofSeconds(5));
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    assertThat(poll())
        .hasToString("gpu-node is under way, OFFERED: that has held for less than 5 s");
    assertThat(poll())
        .hasToString(
            "gpu-node verified as '%s': held for 5 s, since 2026-01-01T12:03:00Z".formatted(KEY));
    assertThat(requests.writes()).hasSize(4).containsOnly("PATCH /api/v1/nodes/gpu-node");
    assertThat(ChangeRecord.read(get())).isEmpty();
  }

  @Test
  void poll_whatIsInForce_writesNothing_andKnowsSinceWhen() {
    inForce();
    int writes = requests.writes().size();
    int all = requests.all().size();

    ApplyStep step = poll();

    assertThat(step).isInstanceOfSatisfying(ApplyStep.InForce.class, inForce -> {
      assertThat(inForce.since()).isEqualTo("2026-01-01T12:01:00Z");
      assertThat(inForce.outcome().allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
      assertThat(inForce.lookAgainAfter()).isEmpty();
    });
    assertThat(requests.writes()).hasSize(writes);
    assertThat(requests.all().subList(all, requests.all().size()))
        .containsExactly(
            "GET /api/v1/nodes/gpu-node",
            "GET /apis/nvidia.com/v1/clusterpolicies",
            "GET /api/v1/pods",
            "GET /api/v1/namespaces/gpu-operator/configmaps/mig-config",
            "GET /api/v1/namespaces/gpu-operator/configmaps/gpu-node-mig-config");
  }

  /** Another tool has applied it under the same name, or an earlier version of this one. */
  @Test
  void poll_whatIsInForceWithoutARecord_isVerifiedByTwoLooks() {
    node(Nodes.cutIntoSeven().config(KEY, "success").running());

    assertThat(poll()).isInstanceOf(ApplyStep.UnderWay.class);
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
    assertThat(requests.writes()).hasSize(3);
  }

  @Test
  void poll_devicesThatAreLost_areNotInForceAnyMore() {
    inForce();
    operator(
        Nodes.cutIntoSeven().config(KEY, "success").running().offers("nvidia.com/mig-1g.23gb", 6));

    assertThat(poll())
        .hasToString("gpu-node is under way, REQUESTED: nvidia.com/mig-1g.23gb is 6 instead of 7");
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();
    assertThat(poll())
        .isInstanceOfSatisfying(
            ApplyStep.InForce.class,
            again -> assertThat(again.since()).isEqualTo("2026-01-01T12:04:00Z"));
  }

  /** As after a reboot, or after 'nvidia-smi mig -dci': the manager does not act on the same name again. */
  @Test
  void poll_wholeGpusInPlaceOfTheDevices_areRequestedByAnotherName() {
    inForce();
    operator(Nodes.b200(1).config(KEY, "success").running());

    assertThat(poll()).hasToString("gpu-node requests '%s-r2' now".formatted(KEY));
    operator(Nodes.cutIntoSeven().config(KEY + "-r2", "success").running());
    poll();
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
  }

  @Test
  void poll_anotherLayout_isRequestedInItsPlace() {
    inForce();

    assertThat(client("operator").apply("medium").poll())
        .isInstanceOfSatisfying(
            ApplyStep.Requested.class,
            step -> assertThat(step.config()).isEqualTo(MEDIUM.contentName("medium")));
  }

  /** A flow of looks that meets the same process in the middle of another change of its own. */
  @Test
  void poll_anotherLayoutWhileOneIsUnderWay_takesItsPlace() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();

    assertThat(client("operator").apply("medium").poll()).isInstanceOf(ApplyStep.Requested.class);
    assertThat(record().config()).isEqualTo(MEDIUM.contentName("medium"));
  }

  /** What the node offers proves nothing then, and between two looks nobody saw the pause. */
  @Test
  void poll_aPauseThatNoLookSaw_isReplacedByTheManagersLog() {
    node(Nodes.cutIntoSeven().config("old", "success").running());
    poll();
    logs.set(
        "manager",
        "time=\"2026-01-01T12:00:10Z\" level=info msg=\"Updating to MIG config: " + KEY + "\"",
        "time=\"2026-01-01T12:00:20Z\" level=info msg=\"Successfully updated to MIG config: " + KEY
            + "\"",
        "time=\"2026-01-01T12:00:20Z\" level=info msg=\"Waiting for change to 'nvidia.com/mig.config' label\"");
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());

    poll();
    assertThat(poll())
        .hasToString(
            "gpu-node verified as '%1$s': held for 5 s, and the MIG manager's log reports success for '%1$s', since 2026-01-01T12:01:00Z"
                .formatted(KEY));
  }

  @Test
  void poll_aPauseThatNothingShows_isNamedAsMissing() {
    node(Nodes.cutIntoSeven().config("old", "success").running());
    poll();
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();

    assertThat(poll())
        .hasToString(
            "gpu-node verified as '%s' by state only: the node offered the same before, and the GPU's clients were not seen to stop and start, since 2026-01-01T12:01:00Z"
                .formatted(KEY));
  }

  @Test
  void poll_aPauseThatOneLookSaw_isKnownToTheNext() {
    node(Nodes.cutIntoSeven().config("old", "success").running());
    poll();
    operator(Nodes.cutIntoSeven().config(KEY, "pending").paused());
    poll();
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();

    assertThat(poll())
        .hasToString(
            "gpu-node verified as '%s': held for 5 s, since 2026-01-01T12:02:00Z".formatted(KEY));
  }

  @Test
  void poll_whatCannotWork_isRefused_andNothingIsWritten() {
    node(Nodes.b200(1).config("old", "success").running());

    assertThat(client("operator").apply("absent").poll())
        .isInstanceOfSatisfying(ApplyStep.Refused.class, refused -> {
          assertThat(refused.findings())
              .extracting(Finding::code)
              .containsExactly(PreflightCode.CONFIG_ABSENT);
          assertThat(refused.lookAgainAfter()).isEmpty();
        });
    assertThat(requests.writes()).isEmpty();
  }

  @Test
  void poll_busyPods_areWaitedFor_andNothingIsWritten() {
    node(Nodes.b200(1).config("old", "success").running());
    Pod pod = pod("train-0");

    assertThat(poll()).isInstanceOfSatisfying(ApplyStep.UnderWay.class, waiting -> {
      assertThat(waiting.phase()).isEqualTo(ApplyPhase.CHECKED);
      assertThat(waiting.detail()).startsWith("pods use the node's GPUs: ml/train-0");
      assertThat(waiting.lookAgainAfter()).contains(Duration.ofSeconds(30));
    });
    assertThat(requests.writes()).isEmpty();
    client.resource(pod).delete();
    assertThat(poll()).isInstanceOf(ApplyStep.Requested.class);
  }

  @Test
  void poll_withDrain_cordons_waitsForThePods_andUncordonsAtTheEnd() {
    node(Nodes.b200(1).config("old", "success").running());
    pod("train-0");
    budgets.keep("train-0");

    assertThat(drain())
        .hasToString(
            "gpu-node is under way, CORDONED: pods that use the node's GPUs have not left yet: ml/train-0");
    assertThat(get().getSpec().getUnschedulable()).isTrue();
    budgets.release("train-0");
    assertThat(drain()).isInstanceOf(ApplyStep.UnderWay.class);
    assertThat(drain()).isInstanceOf(ApplyStep.Requested.class);
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    drain();
    assertThat(drain()).isInstanceOf(ApplyStep.InForce.class);
    assertThat(get().getSpec().getUnschedulable()).isNull();
  }

  @Test
  void poll_withDrainThatTakesTooLong_fails_andUncordons() {
    node(Nodes.b200(1).config("old", "success").running());
    pod("train-0");
    budgets.keep("train-0");
    drain();
    clock.forward(Duration.ofMinutes(9));

    assertThat(drain())
        .isInstanceOfSatisfying(
            ApplyStep.Failed.class,
            failed -> assertThat(failed.message())
                .startsWith(
                    "Node gpu-node: waited 10 min for the pods that use its GPUs to leave, but ml/train-0"));
    assertThat(get().getSpec().getUnschedulable()).isNull();
  }

  private ApplyStep drain() {
    ApplyStep step = client("operator")
        .apply("small")
        .disruption(Disruption.DRAIN)
        .onProgress(progress::add)
        .poll();
    clock.forward(MINUTE);
    return step;
  }

  @Test
  void poll_gated_taintsTheNodeUntilTheEnd() {
    node(Nodes.b200(1).config("old", "success").running());
    client("operator").apply("small").gated().poll();
    clock.forward(MINUTE);

    assertThat(get().getSpec().getTaints()).hasSize(1);
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
    assertThat(get().getSpec().getTaints()).isEmpty();
  }

  @Test
  void poll_failure_isTriedAgainAfterAPauseThatGrows() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    fails(KEY);

    assertThat(retryAfter(poll())).contains(MINUTE);
    clock.forward(Duration.ofSeconds(-40));
    int writes = requests.writes().size();
    assertThat(retryAfter(poll())).contains(Duration.ofSeconds(40));
    assertThat(requests.writes()).hasSize(writes);
    assertThat(poll())
        .isInstanceOfSatisfying(
            ApplyStep.Requested.class, step -> assertThat(step.config()).isEqualTo(ALIAS));
    fails(ALIAS);
    assertThat(retryAfter(poll())).contains(Duration.ofMinutes(2));
    assertThat(FailureRecord.read(get()).orElseThrow().attempts()).isEqualTo(2);
  }

  @Test
  void poll_aFailureInTheFuture_sinceTheClockWasSetBack_isTriedAgainAtOnce() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    fails(KEY);
    assertThat(retryAfter(poll())).contains(MINUTE);

    clock.forward(Duration.ofHours(-10));

    assertThat(poll())
        .isInstanceOfSatisfying(
            ApplyStep.Requested.class, step -> assertThat(step.config()).isEqualTo(ALIAS));
  }

  /** The first look sees the failure, the next believes it. */
  private void fails(String key) {
    operator(Nodes.b200(1).config(key, "pending").running());
    poll();
    operator(Nodes.b200(1).config(key, "failed").running());
    assertThat(poll()).isInstanceOf(ApplyStep.UnderWay.class);
  }

  private static Optional<Duration> retryAfter(ApplyStep step) {
    assertThat(step).isInstanceOf(ApplyStep.Failed.class);
    return step.lookAgainAfter();
  }

  @Test
  void poll_aFailureThatWouldRecur_isNotTriedAgain_untilTheContentChanges() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    logs.set(
        "manager",
        "time=\"2026-01-01T12:00:10Z\" level=info msg=\"Updating to MIG config: " + KEY + "\"",
        "time=\"2026-01-01T12:00:10Z\" level=error msg=\"MIG mode change did not take effect after rebooting\"",
        "time=\"2026-01-01T12:00:20Z\" level=info msg=\"Waiting for change to 'nvidia.com/mig.config' label\"");
    operator(Nodes.b200(1).config(KEY, "rebooting").running());
    poll();
    operator(Nodes.b200(1).config(KEY, "failed").running());
    poll();

    assertThat(poll()).isInstanceOfSatisfying(ApplyStep.Failed.class, failed -> {
      assertThat(failed.diagnosis().code()).isEqualTo(FailureCode.REBOOT_WITHOUT_EFFECT);
      assertThat(failed.retryAfter()).isEmpty();
    });
    clock.forward(Duration.ofDays(1));
    assertThat(poll()).isInstanceOf(ApplyStep.Failed.class);
    assertThat(client("operator").apply("medium").poll()).isInstanceOf(ApplyStep.Requested.class);
  }

  @Test
  void poll_aManagerThatDoesNotReact_failsAfterTheTimeForThat() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    label(KEY);
    for (int minute = 1; minute < 5; minute++) {
      assertThat(poll()).isInstanceOf(ApplyStep.UnderWay.class);
    }

    assertThat(poll())
        .isInstanceOfSatisfying(
            ApplyStep.Failed.class,
            failed -> assertThat(failed.message())
                .startsWith(
                    "Node gpu-node: the MIG manager has shown no sign of '%s' for 5 min, but"
                        .formatted(KEY)));
  }

  @Test
  void poll_withRollbackOnFailure_goesBackByLooks_andThenReportsTheFailure() {
    inForce();
    assertThat(medium()).isInstanceOf(ApplyStep.Requested.class);
    String key = MEDIUM.contentName("medium");
    operator(Nodes.cutIntoSeven().config(key, "pending").running());
    medium();
    operator(Nodes.cutIntoSeven().config(key, "failed").running());
    medium();

    assertThat(medium())
        .isInstanceOfSatisfying(
            ApplyStep.Requested.class, step -> assertThat(step.config()).isEqualTo(KEY));
    operator(Nodes.cutIntoSeven().config(KEY, "pending").paused());
    assertThat(medium()).isInstanceOf(ApplyStep.UnderWay.class);
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    medium();
    assertThat(medium())
        .isInstanceOfSatisfying(
            ApplyStep.Failed.class,
            failed -> assertThat(failed.message())
                .startsWith("Node gpu-node: the MIG manager failed to apply '%s'".formatted(key))
                .endsWith("The node was rolled back to '%s'".formatted(KEY)));
    assertThat(ChangeRecord.read(get())).isEmpty();
    assertThat(FailureRecord.read(get()).orElseThrow().config()).isEqualTo(key);
  }

  private ApplyStep medium() {
    ApplyStep step = client("operator")
        .apply("medium")
        .rollbackOnFailure()
        .onProgress(progress::add)
        .poll();
    clock.forward(MINUTE);
    return step;
  }

  @Test
  void poll_ofARollback_goesBackOnce() {
    inForce();
    String medium = MEDIUM.contentName("medium");
    client("operator").apply("medium").poll();
    operator(cutIntoThree().config(medium, "success").running());
    client("operator").apply("medium").poll();
    clock.forward(MINUTE);
    assertThat(client("operator").apply("medium").poll()).isInstanceOf(ApplyStep.InForce.class);

    assertThat(client("operator").rollback().poll())
        .isInstanceOfSatisfying(
            ApplyStep.Requested.class, step -> assertThat(step.config()).isEqualTo(KEY));
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    client("operator").rollback().poll();
    clock.forward(MINUTE);
    assertThat(client("operator").rollback().poll()).isInstanceOf(ApplyStep.InForce.class);
    assertThat(client("operator").rollback().poll()).isInstanceOf(ApplyStep.InForce.class);
    assertThat(get().getMetadata().getLabels()).containsEntry(Labels.MIG_CONFIG, KEY);
  }

  private static Nodes cutIntoThree() {
    return Nodes.b200(1)
        .offers("nvidia.com/gpu", 0)
        .offers("nvidia.com/mig-2g.45gb", 3)
        .label("nvidia.com/mig-2g.45gb.count", "3");
  }

  @Test
  void poll_ofARecovery_replacesTheManagersPod_andFollowsTheNewOne() {
    node(Nodes.b200(1).config(KEY, "pending").paused());
    Pod old = client.pods().inNamespace("gpu-operator").withName("manager").get();

    assertThat(recover())
        .hasToString("gpu-node is under way, CHECKED: the new MIG manager pod is not ready yet");
    assertThat(client.resource(old).get()).isNull();
    assertThat(recover()).isInstanceOf(ApplyStep.UnderWay.class);
    managerPod();
    assertThat(recover()).isInstanceOf(ApplyStep.UnderWay.class);
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    recover();
    assertThat(recover()).isInstanceOf(ApplyStep.InForce.class);
  }

  private ApplyStep recover() {
    ApplyStep step = client("operator").recover().poll();
    clock.forward(MINUTE);
    return step;
  }

  @Test
  void poll_ofAnotherClient_isAConflict_untilTheFirstOneIsDone() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();

    assertThat(client("other").apply("small").poll())
        .isInstanceOfSatisfying(ApplyStep.Conflict.class, conflict -> {
          assertThat(conflict.by()).contains("operator");
          assertThat(conflict)
              .hasToString(
                  "Node gpu-node is being changed: operator has been changing it to '%s' since 2026-01-01T12:00:00Z, with a deadline at 2026-01-01T13:00:05Z. Wait until it is done, or recover the node if that client no longer runs"
                      .formatted(KEY));
          assertThat(conflict.lookAgainAfter()).contains(MINUTE);
        });
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();
    poll();
    assertThat(client("other").apply("small").poll()).isInstanceOf(ApplyStep.InForce.class);
  }

  @Test
  void poll_withoutAnIdentity_continuesTheSameRequest_andNoOther() {
    node(Nodes.b200(1).config("old", "success").running());
    anonymous().apply("small").poll();
    int writes = requests.writes().size();

    assertThat(anonymous().apply("small").poll()).isInstanceOf(ApplyStep.UnderWay.class);
    assertThat(anonymous().apply("medium").poll())
        .isInstanceOfSatisfying(
            ApplyStep.Conflict.class,
            conflict -> assertThat(conflict.by()).contains(record().by()));
    assertThat(requests.writes()).hasSize(writes);
  }

  private MigNode anonymous() {
    return MigClient.of(recorded)
        .with(MigSettings.builder().clock(clock).build())
        .node("gpu-node");
  }

  @Test
  void poll_aLabelOfAnotherClient_isAConflict_andStaysForAsLong() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    operator(Nodes.b200(1).config("theirs", "success").running());
    int writes = requests.writes().size();

    assertThat(poll())
        .hasToString(
            "Node gpu-node: another client set nvidia.com/mig.config=theirs while '%s' was being applied. Let one client label the node, and apply again"
                .formatted(KEY));
    assertThat(poll()).isInstanceOf(ApplyStep.Conflict.class);
    assertThat(requests.writes()).hasSize(writes);
  }

  @Test
  void poll_ofTheDisabledLayout_isAChangeLikeOthers() {
    inForce();

    assertThat(client("operator").disable().poll()).isInstanceOf(ApplyStep.Requested.class);
  }

  @Test
  void poll_anApiServerThatDoesNotAnswer_saysWhenToRetry_andTheNextLookContinues() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    faults.fail(1, "GET /apis/nvidia.com/v1/clusterpolicies", 503);

    assertThatThrownBy(this::poll)
        .isInstanceOfSatisfying(
            MigClusterException.class,
            failed -> assertThat(failed.retryAfter()).contains(Duration.ofSeconds(5)));
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
  }

  @Test
  void poll_needsTheRoleOfAnApply_andNoMore() {
    faults.enforce(MigRole.APPLY);

    inForce();

    assertThat(faults.forbidden()).isEmpty();
  }

  /** Another look with the same identity has given the node another configuration meanwhile. */
  @Test
  void await_aLabelOfTheSameIdentity_isNotThatOfAnotherClient() {
    node(Nodes.b200(1).config("old", "success").running());

    assertThatThrownBy(() -> MigClient.of(client)
            .with(MigSettings.defaults().withIdentity("operator"))
            .node("gpu-node")
            .apply("small")
            .onProgress(event -> {
              if (event.phase() == ApplyPhase.REQUESTED) {
                assertThat(client("operator").apply("medium").poll())
                    .isInstanceOf(ApplyStep.Requested.class);
              }
            })
            .await(Duration.ofMinutes(1)))
        .isInstanceOf(MigConflictException.class)
        .hasMessage(
            "Node gpu-node: another request of this client set nvidia.com/mig.config=%s while '%s' was being applied. Let one client label the node, and apply again"
                .formatted(MEDIUM.contentName("medium"), KEY));
  }

  /** No two looks of this change are of the same process. */
  @Test
  void poll_eachPhase_hasItsTime_whicheverLookSawThePreviousOne() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    operator(Nodes.b200(1).config(KEY, "pending").paused());
    poll();
    operator(Nodes.b200(1).config(KEY, "pending").running());
    poll();
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();
    poll();

    assertThat(phases())
        .extracting(MigEvent.PhaseReached::phase, MigEvent.PhaseReached::sincePrevious)
        .containsExactly(
            tuple("checked", Duration.ZERO),
            tuple("requested", Duration.ZERO),
            tuple("pending", MINUTE),
            tuple("paused", Duration.ZERO),
            tuple("resumed", MINUTE),
            tuple("reported", MINUTE),
            tuple("offered", Duration.ZERO),
            tuple("verified", MINUTE));
    assertThat(progress)
        .extracting(ApplyEvent::elapsed)
        .containsExactly(
            Duration.ZERO,
            Duration.ZERO,
            MINUTE,
            MINUTE,
            MINUTE.multipliedBy(2),
            MINUTE.multipliedBy(3),
            MINUTE.multipliedBy(3),
            MINUTE.multipliedBy(4));
  }

  private List<MigEvent.PhaseReached> phases() {
    return of(MigEvent.PhaseReached.class);
  }

  private <T> List<T> of(Class<T> type) {
    return events.stream().filter(type::isInstance).map(type::cast).toList();
  }

  @Test
  void poll_aRollbackByLooks_continuesToCount() {
    inForce();
    progress.clear();
    medium();
    String key = MEDIUM.contentName("medium");
    operator(Nodes.cutIntoSeven().config(key, "pending").running());
    medium();
    operator(Nodes.cutIntoSeven().config(key, "failed").running());
    medium();
    medium();
    operator(Nodes.cutIntoSeven().config(KEY, "pending").paused());
    medium();
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    medium();

    assertThat(medium()).isInstanceOf(ApplyStep.Failed.class);
    assertThat(progress)
        .extracting(ApplyEvent::phase, ApplyEvent::elapsed)
        .startsWith(
            tuple(ApplyPhase.CHECKED, Duration.ZERO), tuple(ApplyPhase.REQUESTED, Duration.ZERO))
        .contains(
            tuple(ApplyPhase.ROLLING_BACK, MINUTE.multipliedBy(3)),
            tuple(ApplyPhase.PAUSED, MINUTE.multipliedBy(4)),
            tuple(ApplyPhase.OFFERED, MINUTE.multipliedBy(5)))
        .endsWith(
            tuple(ApplyPhase.VERIFIED, MINUTE.multipliedBy(6)),
            tuple(ApplyPhase.ROLLED_BACK, MINUTE.multipliedBy(6)));
  }

  /** The end of a pod does not change the node, so only a time brings the next look. */
  @Test
  void poll_withDrainOfAPodThatNobodyRecreates_isRefusedForNow() {
    node(Nodes.b200(1).config("old", "success").running());
    client
        .resource(new PodBuilder(pod("job-0"))
            .editMetadata()
            .withName("bare-0")
            .withOwnerReferences()
            .endMetadata()
            .build())
        .create();

    assertThat(drain()).isInstanceOfSatisfying(ApplyStep.Refused.class, refused -> {
      assertThat(refused.findings())
          .extracting(Finding::code)
          .containsExactly(PreflightCode.PODS_NOT_EVICTABLE);
      assertThat(refused.lookAgainAfter()).contains(Duration.ofSeconds(30));
    });
  }

  @Test
  void poll_aManagerThatIsNotReady_isRefusedForNow() {
    node(Nodes.b200(1).config("old", "success").running());
    client.pods().inNamespace("gpu-operator").withName("manager").delete();

    assertThat(poll()).isInstanceOfSatisfying(ApplyStep.Refused.class, refused -> {
      assertThat(refused.findings())
          .extracting(Finding::code)
          .containsExactly(PreflightCode.MANAGER_NOT_READY);
      assertThat(refused.lookAgainAfter()).contains(Duration.ofSeconds(30));
    });
    managerPod();
    assertThat(poll()).isInstanceOf(ApplyStep.Requested.class);
  }

  @Test
  void poll_aRecoveryWithoutAManager_isRefusedForNow() {
    node(Nodes.b200(1).config(KEY, "pending").paused());
    client.pods().inNamespace("gpu-operator").withName("manager").delete();

    assertThat(recover().lookAgainAfter()).contains(Duration.ofSeconds(30));
  }

  /** What ends by itself does not end the rest. */
  @Test
  void poll_aManagerThatIsNotReady_andAnAbsentConfiguration_isRefusedUntilSomebodyActs() {
    node(Nodes.b200(1).config("old", "success").running());
    client.pods().inNamespace("gpu-operator").withName("manager").delete();

    ApplyStep step = client("operator").apply("absent").poll();

    assertThat(step)
        .isInstanceOfSatisfying(
            ApplyStep.Refused.class, refused -> assertThat(refused.findings()).hasSize(2));
    assertThat(step.lookAgainAfter()).isEmpty();
  }

  @Test
  void poll_aPodThatStartsJustBeforeTheCordon_isWaitedFor_andNothingStaysWritten() {
    node(Nodes.b200(1).config("old", "success").running());

    ApplyStep step = client("operator")
        .apply("small")
        .disruption(Disruption.CORDON)
        .onProgress(event -> {
          if (event.phase() == ApplyPhase.CHECKED) {
            Pod unused = pod("late-0");
          }
        })
        .poll();

    assertThat(step)
        .hasToString(
            "gpu-node is under way, CHECKED: pods began to use the node's GPUs just before it was cordoned: ml/late-0; wait until they are done");
    assertThat(step.lookAgainAfter()).contains(Duration.ofSeconds(30));
    assertThat(get().getSpec().getUnschedulable()).isNull();
    assertThat(ChangeRecord.read(get())).isEmpty();
  }

  @Test
  void poll_whereTheConfigMapHasNoRoom_namesTheConfigMap() {
    node(Nodes.b200(1).config("old", "success").running());
    client.configMaps().inNamespace("gpu-operator").withName("mig-config").edit(map -> {
      String text = map.getData().get("config.yaml");
      String filler = "#" + "x".repeat(1024 * 1024 - text.length() - 20) + "\n";
      return new ConfigMapBuilder(map).addToData("config.yaml", filler + text).build();
    });

    assertThat(client("operator").apply("medium").poll().toString())
        .matches(
            "gpu-node is refused: ConfigMap gpu-operator/mig-config: it would have [0-9]+ bytes, but an API server accepts at most 1048576; remove configurations");
  }

  @Test
  void poll_ofANodeThatDoesNotExist_saysSoOnce() {
    assertThat(MigClient.of(client).node("gone").apply("medium").poll())
        .hasToString("gone is refused: the node does not exist; see 'kubectl get nodes'");
  }

  /** A controller asks again and again; its listener hears each answer once. */
  @Test
  void poll_whatIsRefused_isReportedWhenTheAnswerChanges() {
    node(Nodes.b200(1).config("old", "success").running());
    MigClient controller = MigClient.of(recorded).with(settings("operator"));
    ApplyRequest request = controller.node("gpu-node").apply("later");
    request.poll();
    request.poll();
    ApplyStep absent = controller.node("gpu-node").apply("later").poll();
    client.pods().inNamespace("gpu-operator").withName("manager").delete();
    ApplyStep alsoNotReady = request.poll();
    managerPod();
    request.poll();

    assertThat(of(MigEvent.ChangeEnded.class))
        .extracting(
            MigEvent.ChangeEnded::config,
            MigEvent.ChangeEnded::outcome,
            MigEvent.ChangeEnded::detail)
        .containsExactly(
            tuple("later", MigEvent.Outcome.REFUSED, detail(absent)),
            tuple("later", MigEvent.Outcome.REFUSED, detail(alsoNotReady)),
            tuple("later", MigEvent.Outcome.REFUSED, detail(absent)));
  }

  private static String detail(ApplyStep step) {
    return "Config 'later' on node gpu-node: "
        + String.join("; ", ((ApplyStep.Refused) step).reasons());
  }

  @Test
  void poll_aConflict_isReportedOnce_andAgainAfterAnotherAnswer() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    events.clear();
    ApplyRequest request =
        MigClient.of(recorded).with(settings("other")).node("gpu-node").apply("medium");
    String conflict = request.poll().toString();
    request.poll();

    assertThat(of(MigEvent.ChangeEnded.class))
        .containsExactly(new MigEvent.ChangeEnded(
            "gpu-node", "medium", MigEvent.Outcome.CONFLICT, Duration.ZERO, conflict));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"requested", "stageSince", "failedSince", "leftPausedSince", "phaseSince"})
  void poll_aRecordWithATimeThatIsNone_isAConflictThatNamesIt(String field) {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    String text = get().getMetadata().getAnnotations().get(ChangeRecord.KEY);
    String broken = text.replaceFirst("\"%s\":\"[^\"]*\",?".formatted(field), "")
        .replace("\"seen\":{", "\"seen\":{\"%s\":\"x\",".formatted(field));
    annotate(broken);

    assertThat(poll())
        .hasToString(
            "Node gpu-node has an annotation mig4j.github.io/change that cannot be read: %s. Remove it with 'kubectl annotate node gpu-node mig4j.github.io/change-' when no other client changes the node"
                .formatted(broken));
  }

  @Test
  void poll_aRecordWithAMarkOfALaterVersion_continues() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    String text = get().getMetadata().getAnnotations().get(ChangeRecord.KEY);
    annotate(text.replace("\"marks\":[", "\"marks\":[\"NEWER\","));

    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    assertThat(poll()).isInstanceOf(ApplyStep.UnderWay.class);
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
  }

  private void annotate(String record) {
    assertThat(record).isNotEqualTo(get().getMetadata().getAnnotations().get(ChangeRecord.KEY));
    client
        .nodes()
        .withName("gpu-node")
        .edit(node -> new NodeBuilder(node)
            .editMetadata()
            .addToAnnotations(ChangeRecord.KEY, record)
            .endMetadata()
            .build());
  }

  @Test
  void poll_aListenerThatThrowsAnError_changesNothing() {
    node(Nodes.b200(1).config("old", "success").running());

    ApplyStep step = MigClient.of(recorded)
        .with(settings("operator").withListener(event -> {
          throw new AssertionError("the listener's own");
        }))
        .node("gpu-node")
        .apply("small")
        .poll();

    assertThat(step).isInstanceOf(ApplyStep.Requested.class);
  }

  @Test
  void poll_aDrainThatAnotherLookHasBegun_doesNotSayThatNoPodUsedTheGpus() {
    node(Nodes.b200(1).config("old", "success").running());
    pod("train-0");
    drain();
    drain();

    assertThat(progress)
        .filteredOn(event -> event.phase() == ApplyPhase.DRAINED)
        .extracting(ApplyEvent::detail)
        .containsExactly("no pod uses the GPUs any more");
  }

  @Test
  void poll_twoRequestsOfOneClientWithoutAnIdentity_areNotThoseOfTwoClients() {
    node(Nodes.b200(1).config("old", "success").running());
    MigNode node = anonymous();

    ApplyStep step = node.apply("small")
        .onProgress(event -> {
          if (event.phase() == ApplyPhase.CHECKED) {
            assertThat(node.apply("medium").poll()).isInstanceOf(ApplyStep.Requested.class);
          }
        })
        .poll();

    assertThat(step)
        .hasToString(
            "Node gpu-node: another request of this client set nvidia.com/mig.config=%s just now. Let one client label the node, and apply again"
                .formatted(MEDIUM.contentName("medium")));
  }

  /** One look: sees the node, and a minute later comes the next. */
  private ApplyStep poll() {
    ApplyStep step = client("operator").apply("small").onProgress(progress::add).poll();
    clock.forward(MINUTE);
    return step;
  }

  private MigNode client(String identity) {
    return MigClient.of(recorded).with(settings(identity)).node("gpu-node");
  }

  private MigSettings settings(String identity) {
    return MigSettings.builder()
        .identity(identity)
        .clock(clock)
        .listener(events::add)
        .threads(task -> {
          throw new AssertionError("a look needs no thread");
        })
        .build();
  }

  private void inForce() {
    node(Nodes.b200(1).config("old", "success").running());
    poll();
    operator(Nodes.cutIntoSeven().config(KEY, "success").running());
    poll();
    assertThat(poll()).isInstanceOf(ApplyStep.InForce.class);
  }

  private void node(Nodes node) {
    TestCluster.of(client).node(node.label(Labels.DEPLOY_MIG_MANAGER, "true"));
  }

  private void label(String config) {
    assertThat(get().getMetadata().getLabels()).containsEntry(Labels.MIG_CONFIG, config);
  }

  /** What the operator makes of the node; what this library has written on it stays. */
  private void operator(Nodes made) {
    client
        .nodes()
        .withName("gpu-node")
        .edit(before -> new NodeBuilder(
                made.label(Labels.DEPLOY_MIG_MANAGER, "true").build())
            .editMetadata()
            .withAnnotations(before.getMetadata().getAnnotations())
            .withResourceVersion(before.getMetadata().getResourceVersion())
            .endMetadata()
            .withSpec(before.getSpec())
            .build());
  }

  private Pod managerPod() {
    return client
        .resource(Pods.manager("v0.15.0")
            .editMetadata()
            .withName("manager")
            .endMetadata()
            .build())
        .create();
  }

  private Pod pod(String name) {
    return client.resource(Pods.ownedBy("Job", "ml", name)).create();
  }

  private Node get() {
    return client.nodes().withName("gpu-node").require();
  }

  private ChangeRecord record() {
    return ChangeRecord.read(get()).orElseThrow();
  }
}
