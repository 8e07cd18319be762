package io.github.mig4j.k8s.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.change.MigDeadlineException;
import io.github.mig4j.k8s.change.MigFailedException;
import io.github.mig4j.k8s.change.MigNode;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigEvent;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.config.MigRole;
import io.github.mig4j.k8s.config.OperatorSettings;
import io.github.mig4j.k8s.diagnosis.Diagnosis;
import io.github.mig4j.k8s.dra.DraClient;
import io.github.mig4j.k8s.dra.MigClaim;
import io.github.mig4j.k8s.dra.MigDeviceClass;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.Claims;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.reconcile.MigPolicy;
import io.github.mig4j.k8s.reconcile.PolicyNodes;
import io.github.mig4j.k8s.reconcile.PolicyTarget;
import io.github.mig4j.k8s.reconcile.Reconciler;
import io.github.mig4j.k8s.rollout.Rollout;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each manifest grants what the client does in that role, and nothing else: everything that it sends
 * is recorded.
 */
@ExtendWith(MockApiServer.class)
class MigRoleTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(500))
      .transition(Duration.ofSeconds(1))
      .propagation(Duration.ZERO)
      .build();

  KubernetesMockServer server;
  KubernetesClient client;
  private final RecordedRequests requests = new RecordedRequests();
  private KubernetesClient recorded;
  private @Nullable KubernetesClient victim;
  ApiFaults faults;
  private MigClient mig;

  @BeforeEach
  void connect() {
    recorded = requests.client(client.getConfiguration());
    mig = MigClient.of(recorded);
  }

  @AfterEach
  void disconnect() {
    recorded.close();
    if (victim != null) {
      victim.close();
    }
  }

  @Test
  void readOnly_isWhatStatusAndPreflightTake() {
    withoutAnOperator();
    claimingPod();
    TestCluster.of(client)
        .node(Nodes.b200(1))
        .policy("mixed", "mig-config")
        .configMap("version: v1\nmig-configs: {}\n");

    mig.node("gpu-node").status();
    mig.node("gpu-node").statusWithHardware();
    mig.node("gpu-node").preflight("small");
    mig.nodes();
    mig.pendingPods();

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.READ_ONLY));
  }

  /** Whoever only checks needs nothing else; what a change needs beside that is a note. */
  @Test
  void readOnly_isEnoughToCheck() {
    MigClient.of(client).configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      faults.enforce(MigRole.READ_ONLY);

      Preflight preflight = reader().node("gpu-node").preflight("small");

      assertThat(preflight.isClear()).isTrue();
      assertThat(preflight.findings())
          .filteredOn(finding -> finding.code() == PreflightCode.MISSING_PERMISSION)
          .extracting(Finding::toString)
          .containsExactly(
              "note: this client is not allowed to watch nodes; grant it the permissions of ClusterRole mig4j-apply [missing-permission]",
              "note: this client is not allowed to patch nodes; grant it the permissions of ClusterRole mig4j-apply [missing-permission]");
      assertThat(faults.forbidden()).isEmpty();
    }
  }

  @Test
  void readOnly_isNotEnoughToApply() {
    MigClient.of(client).configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      faults.enforce(MigRole.READ_ONLY);

      assertThatThrownBy(
              () -> reader().node("gpu-node").apply("small").await(Duration.ofMinutes(1)))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "Config 'small' on node gpu-node: this client is not allowed to watch nodes; grant it the permissions of ClusterRole mig4j-apply; this client is not allowed to patch nodes; grant it the permissions of ClusterRole mig4j-apply");
    }
  }

  /** The log explains a failure; without it the labels and the resources do as far as they can. */
  @Test
  void readOnly_diagnosesWithoutTheLog() {
    MigClient.of(client).configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      faults.enforce(MigRole.READ_ONLY);

      Diagnosis diagnosis = reader().node("gpu-node").diagnose();

      assertThat(diagnosis.explanation())
          .contains(
              ". The MIG manager's log could not be read: ",
              "get log of pod gpu-operator/nvidia-mig-manager-");
      assertThat(faults.forbidden())
          .containsExactly(
              new Permission("get", "", "pods/log", Permission.Scope.OPERATOR_NAMESPACE));
    }
  }

  private MigClient reader() {
    victim = TestClients.builder()
        .withConfig(ApiFaults.victim(client.getConfiguration()))
        .build();
    return MigClient.of(victim);
  }

  @Test
  void apply_isWhatPublishingAndApplyingTake() {
    withoutAnOperator();
    claimingPod();
    mig.configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      apply("small");
      mig.configMap("mig-config").merge("small", small(6));
      apply("small");
      mig.node("gpu-node").markCapable();
      failOnce();
    }

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.APPLY));
  }

  @Test
  void drain_isWhatApplyingWithADrainTakes() {
    withoutAnOperator();
    claimingPod();
    mig.configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      pod();
      mig.node("gpu-node")
          .apply("small")
          .timings(QUICK)
          .disruption(Disruption.DRAIN)
          .await(Duration.ofMinutes(1));
      mig.configMap("mig-config").merge("small", small(6));
      apply("small");
      failOnce();
    }

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.DRAIN));
  }

  @Test
  void rollout_isWhatRollingOutTakes() {
    withoutAnOperator();
    claimingPod();
    mig.configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      pod();
      Rollout rollout = mig.rollout("to-small")
          .nodes(Labels.GPU_PRODUCT + "=NVIDIA-B200")
          .config("small")
          .timings(QUICK)
          .disruption(Disruption.DRAIN);
      assertThat(rollout.dryRun().nodes()).hasSize(1);
      assertThat(rollout.run().isComplete()).isTrue();
      rollout.forget();
      mig.configMap("mig-config").merge("small", small(6));
      failOnce();
    }

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.ROLLOUT));
  }

  @Test
  void pending_isWhatReadingTheClaimsOfPodsThatWaitTakes_besideTheirRole() {
    Claims.serve(server);
    waitingPod();
    mig.pendingPods();

    assertThat(requests.permissions())
        .containsAll(Permission.of(MigRole.PENDING))
        .isSubsetOf(together(MigRole.READ_ONLY, MigRole.PENDING));
  }

  @Test
  void pending_isWhatAReconcilerNeedsBesideItsRole() {
    Claims.serve(server);
    mig.configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      waitingPod();
      answerPods();
    }

    assertThat(requests.permissions())
        .containsAll(Permission.of(MigRole.PENDING))
        .isSubsetOf(together(MigRole.ROLLOUT, MigRole.PENDING));
  }

  private static Set<Permission> together(MigRole... roles) {
    return Stream.of(roles)
        .flatMap(role -> Permission.of(role).stream())
        .collect(Collectors.toSet());
  }

  @Test
  void recover_isWhatRecoveringTakes() {
    withoutAnOperator();
    claimingPod();
    MigClient.of(client).configMap("mig-config").merge("small", small(7));
    try (var simulator = simulator()) {
      MigClient other = MigClient.of(client);
      other.node("gpu-node").apply("small").timings(QUICK).await(Duration.ofMinutes(1));
      simulator.set("gpu-node", Trap.GPU_IN_USE, Trap.PAUSED_AFTER_FAILURE);
      other.configMap("mig-config").merge("small", small(6));
      assertThatThrownBy(() ->
              other.node("gpu-node").apply("small").timings(QUICK).await(Duration.ofMinutes(1)))
          .isInstanceOf(MigFailedException.class);

      mig.nodes();
      assertThatThrownBy(
              () -> mig.node("gpu-node").recover().timings(QUICK).await(Duration.ofMinutes(1)))
          .isInstanceOf(MigFailedException.class);
    }

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.RECOVER));
  }

  /** Where there is no ClusterPolicy, a GPUCluster is looked for. */
  private void withoutAnOperator() {
    assertThat(mig.node("gpu-node").preflight("small").isClear()).isFalse();
  }

  private void pod() {
    client.resource(Pods.ownedBy("ReplicaSet", "ml", "train")).create();
  }

  /** A failure is explained from the MIG manager's log. */
  private void failOnce() {
    mig.nodes();
    mig.configMap("mig-config").merge("other", small(5));
    assertThatThrownBy(() -> mig.node("gpu-node")
            .apply("other")
            .timings(ApplyTimings.builder()
                .reaction(Duration.ZERO)
                .work(Duration.ZERO)
                .build())
            .await(Duration.ofMinutes(1)))
        .isInstanceOf(MigDeadlineException.class);
  }

  @Test
  void setup_isWhatPublishingAndPointingTheOperatorAtAMapTake() {
    assertThat(mig.operator().configMap()).isEmpty();
    TestCluster.of(client).policy("single", "other");

    mig.configMap("mig-config").merge("small", small(7));
    mig.configMap("mig-config").merge("small", small(6));
    mig.operator().use(new OperatorSettings(MigStrategy.MIXED, "mig-config"));
    mig.sharingMap("plugin-config").merge("four", DevicePluginConfig.of(GpuSharing.timeSlicing(4)));
    mig.operator().useSharingMap("plugin-config");

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.SETUP));
  }

  @Test
  void share_isWhatPublishingAndSharingTake() {
    assertThat(mig.node("gpu-node").share("four").preflight().isClear()).isFalse();
    DevicePluginConfig four = DevicePluginConfig.of(GpuSharing.timeSlicing(4));
    mig.sharingMap("plugin-config").merge("four", four);
    mig.sharingMap("plugin-config").merge("two", DevicePluginConfig.of(GpuSharing.timeSlicing(2)));
    try (var simulator = started(GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .devicePluginConfigMap("plugin-config"))) {
      MigNode node = mig.node("gpu-node");
      node.share("four").timings(QUICK).await(Duration.ofMinutes(1));
      node.rollback().timings(QUICK).await(Duration.ofMinutes(1));
      claimingPod();
      node.share(GpuSharing.mps(4)).preflight();
    }
    assertThatThrownBy(() -> mig.node("gpu-node").share("two").await(Duration.ofSeconds(3)))
        .isInstanceOf(MigDeadlineException.class);

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.SHARE));
  }

  @Test
  void claim_isWhatTheInventoryClaimsAndClassesTake() {
    MigProfile small = MigProfile.parse("1g.23gb");
    Claims.serve(server);
    DraClient dra = MigClient.of(recorded).dra();

    dra.apply(MigClaim.of(small).claim("train").inNamespace("ml"));
    dra.apply(MigClaim.of(small).template("mig-1g").inNamespace("ml"));
    dra.apply(MigDeviceClass.bridge(small).object());
    client
        .resources(DeviceClass.class)
        .withName("mig-1g.23gb")
        .edit(current -> new DeviceClassBuilder(current).withNewSpec().endSpec().build());
    dra.apply(MigDeviceClass.bridge(small).object());
    dra.inventory();

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.CLAIM));
  }

  @Test
  void events_isWhatNodeEventsTake() {
    mig.nodeEvents()
        .onEvent(new MigEvent.ChangeEnded(
            "gpu-node", "small", MigEvent.Outcome.VERIFIED, Duration.ZERO, "stable for 5 s"));

    assertThat(requests.permissions()).isEqualTo(Permission.of(MigRole.EVENTS));
  }

  @Test
  void rolesThatChangeNodes_grantWhatReadingTakes() {
    assertThat(Permission.of(MigRole.APPLY)).containsAll(Permission.of(MigRole.READ_ONLY));
    assertThat(Permission.of(MigRole.RECOVER)).containsAll(Permission.of(MigRole.READ_ONLY));
    assertThat(Permission.of(MigRole.DRAIN)).containsAll(Permission.of(MigRole.APPLY));
    assertThat(Permission.of(MigRole.ROLLOUT)).containsAll(Permission.of(MigRole.DRAIN));
  }

  @Test
  void permission_ofASubresource_isAskedForByItsParts() {
    var asked = new Permission("create", "", "pods/eviction", Permission.Scope.CLUSTER)
        .review("gpu-operator")
        .getSpec()
        .getResourceAttributes();

    assertThat(asked.getResource()).isEqualTo("pods");
    assertThat(asked.getSubresource()).isEqualTo("eviction");
    assertThat(asked.getNamespace()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void manifest_isAClusterRoleAndARoleInTheOperatorsNamespace(MigRole role) {
    String name = "mig4j-" + role.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');

    var objects = client
        .load(new java.io.ByteArrayInputStream(
            role.manifest("nvidia-gpu-operator").getBytes(java.nio.charset.StandardCharsets.UTF_8)))
        .items();

    assertThat(objects)
        .extracting(object -> "%s %s/%s"
            .formatted(
                object.getKind(),
                object.getMetadata().getNamespace(),
                object.getMetadata().getName()))
        .isEqualTo(
            Set.of(MigRole.CLAIM, MigRole.PENDING, MigRole.EVENTS).contains(role)
                ? List.of("ClusterRole null/" + name)
                : List.of("ClusterRole null/" + name, "Role nvidia-gpu-operator/" + name));
    assertThat(role.manifest("gpu-operator")).isEqualTo(role.manifest());
  }

  @Test
  void bindings_giveTheRolesToAnAccount() {
    assertThat(MigRole.READ_ONLY.bindings("gpu-operator", "platform", "mig4j")).isEqualTo("""
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: mig4j
          namespace: platform
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata:
          name: mig4j-mig4j-read-only
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: ClusterRole
          name: mig4j-read-only
        subjects:
        - kind: ServiceAccount
          name: mig4j
          namespace: platform
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata:
          name: mig4j-mig4j-read-only
          namespace: gpu-operator
        roleRef:
          apiGroup: rbac.authorization.k8s.io
          kind: Role
          name: mig4j-read-only
        subjects:
        - kind: ServiceAccount
          name: mig4j
          namespace: platform
        """);
  }

  /** Claims are in the namespaces of their pods. */
  @Test
  void bindings_ofClaim_areForTheWholeCluster() {
    assertThat(MigRole.CLAIM.bindings("gpu-operator", "gpu-operator", "mig4j-claim"))
        .contains("kind: ClusterRoleBinding\nmetadata:\n  name: mig4j-claim\n")
        .doesNotContain("kind: RoleBinding");
  }

  @Test
  void permissions_areReadWithVerbGroupResourceAndScope() {
    assertThat(Permission.of(MigRole.READ_ONLY))
        .isEqualTo(Set.of(
            new Permission("get", "", "nodes", Permission.Scope.CLUSTER),
            new Permission("list", "", "nodes", Permission.Scope.CLUSTER),
            new Permission("list", "", "pods", Permission.Scope.CLUSTER),
            new Permission("list", "nvidia.com", "clusterpolicies", Permission.Scope.CLUSTER),
            new Permission("list", "nvidia.com", "gpuclusters", Permission.Scope.CLUSTER),
            new Permission("get", "resource.k8s.io", "resourceclaims", Permission.Scope.CLUSTER),
            new Permission(
                "create",
                "authorization.k8s.io",
                "selfsubjectaccessreviews",
                Permission.Scope.CLUSTER),
            new Permission("get", "", "configmaps", Permission.Scope.OPERATOR_NAMESPACE)));
  }

  /** A pod on the node, whose claim has to be read. */
  private void claimingPod() {
    Claims.serve(server);
    Claims.allocated(server, "nic", "dra.net");
    client.resource(Claims.pod("network", "ReplicaSet", "nic")).create();
  }

  /** A pod that waits for its claim; it is read what this one asks for. */
  private void waitingPod() {
    client
        .resource(new PodBuilder(Claims.pod("train", "ReplicaSet", "train"))
            .editSpec()
            .withNodeName(null)
            .endSpec()
            .withNewStatus()
            .addNewCondition()
            .withType("PodScheduled")
            .withStatus("False")
            .withReason("Unschedulable")
            .endCondition()
            .endStatus()
            .build())
        .create();
  }

  private void answerPods() {
    MigPolicy demand = MigPolicy.builder()
        .name("demand")
        .nodes(PolicyNodes.named("gpu-node"))
        .putGpus(
            "b200-180gb",
            new PolicyTarget.ForDemand(
                Collections.emptySortedMap(),
                PolicyTarget.ForDemand.Pods.SERVED,
                OptionalInt.empty()))
        .build();
    try (Reconciler.Running running =
        mig.reconciler(List.of(demand)).timings(QUICK).start()) {
      ClusterUser.eventually(() -> !running.answers().isEmpty());
    }
  }

  private void apply(String config) {
    mig.node("gpu-node").apply(config).timings(QUICK).await(Duration.ofMinutes(1));
  }

  private static MigConfigSpec small(int devices) {
    return MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", devices).build());
  }

  private GpuOperatorSimulator simulator() {
    return started(GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config"));
  }

  private GpuOperatorSimulator started(GpuOperatorSimulator.Builder builder) {
    return builder.start().awaitReady(Duration.ofMinutes(1));
  }
}
