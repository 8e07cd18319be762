package io.github.mig4j.k8s.change;

import static io.github.mig4j.k8s.fixture.ClusterUser.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.check.Disruption;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigConflictException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.ApiFaults;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.DevicePluginFlags;
import io.github.mig4j.sharing.GpuSharing;
import io.github.mig4j.sharing.SharedResource;
import io.github.mig4j.sharing.SharingKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sharing against a simulated operator, from the ConfigMap to the evidence. */
@ExtendWith(MockApiServer.class)
class SharingTest {

  private static final String NODE = "l40s-node";
  private static final String MAP = "device-plugin-config";
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ApplyTimings TIMINGS =
      ApplyTimings.builder().stability(Duration.ofMillis(100)).build();
  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");
  private static final GpuModel H100 = GpuCatalog.bundled().require("h100-sxm-80gb");
  private static final DevicePluginConfig FOUR = DevicePluginConfig.of(GpuSharing.timeSlicing(4));
  private static final DevicePluginConfig RENAMED =
      DevicePluginConfig.of(GpuSharing.timeSlicing(4).renamed());

  KubernetesClient client;
  ApiFaults faults;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private KubernetesClient recorded;
  private MigClient mig;

  @BeforeEach
  void connect() {
    recorded = TestClients.builder()
        .withConfig(ApiFaults.victim(client.getConfiguration()))
        .withHttpClientBuilderConsumer(http ->
            http.addOrReplaceInterceptor("recorder", new Interceptor() {
              @Override
              public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
                requests.add(request.method() + " " + request.uri().getPath());
              }
            }))
        .build();
    mig = MigClient.of(recorded);
  }

  @AfterEach
  void disconnect() {
    recorded.close();
  }

  @Test
  void share_timeSlicing_offersEachGpuFourTimes() {
    try (var simulator = simulator(L40S, 2)) {
      publish("four", FOUR);
      List<ApplyPhase> phases = new ArrayList<>();

      var outcome = quick(mig.node(NODE).share("four").onProgress(e -> phases.add(phase(e))));

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu=8}");
      assertThat(config(outcome)).isEqualTo(FOUR.contentName("four"));
      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(labels())
          .containsEntry("nvidia.com/device-plugin.config", FOUR.contentName("four"))
          .containsEntry("nvidia.com/gpu.product", "NVIDIA-L40S-SHARED")
          .containsEntry("nvidia.com/gpu.replicas", "4")
          .containsEntry("nvidia.com/gpu.count", "2")
          .containsEntry("nvidia.com/gpu.sharing-strategy", "time-slicing");
      assertThat(phases)
          .containsSubsequence(
              ApplyPhase.CHECKED, ApplyPhase.REQUESTED, ApplyPhase.OFFERED, ApplyPhase.VERIFIED);
    }
  }

  @Test
  void share_renamed_offersThemUnderTheOtherNameOnly() {
    try (var simulator = simulator(L40S, 1)) {
      publish("renamed", RENAMED);

      var outcome = apply("renamed");

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu.shared=4}");
      assertThat(labels())
          .containsEntry("nvidia.com/gpu.product", "NVIDIA-L40S")
          .containsEntry("nvidia.com/gpu.replicas", "4");
      assertThat(node().getStatus().getAllocatable().get("nvidia.com/gpu").getAmount())
          .isEqualTo("0");
    }
  }

  @Test
  void share_mps_isLabelledSo() {
    try (var simulator = simulator(L40S, 1)) {
      publish("mps", DevicePluginConfig.of(GpuSharing.mps(3)));

      assertThat(apply("mps").allocatable()).hasToString("{nvidia.com/gpu=3}");
      assertThat(labels())
          .containsEntry("nvidia.com/gpu.sharing-strategy", "mps")
          .containsEntry("nvidia.com/mps.capable", "true");
    }
  }

  @Test
  void share_whatIsInForce_writesNothing() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      var first = apply("four");
      requests.clear();

      assertThat(apply("four")).hasToString(first.toString());
      assertThat(requests)
          .allMatch(request -> request.startsWith("GET ") || request.endsWith("reviews"))
          .hasSizeLessThanOrEqualTo(11);
    }
  }

  @Test
  void share_plainPath_writesTheRequestAndTheEnd() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      requests.clear();

      var unused = apply("four");

      assertThat(requests.stream()
              .filter(request -> !request.startsWith("GET ") && !request.endsWith("reviews")))
          .containsExactly("PATCH /api/v1/nodes/" + NODE, "PATCH /api/v1/nodes/" + NODE);
    }
  }

  @Test
  void share_changedContentUnderOneName_changesTheLabel() {
    try (var simulator = simulator(L40S, 1)) {
      publish("team", FOUR);
      var four = apply("team");
      publish("team", DevicePluginConfig.of(GpuSharing.timeSlicing(6)));

      var six = apply("team");

      assertThat(four.allocatable()).hasToString("{nvidia.com/gpu=4}");
      assertThat(six.allocatable()).hasToString("{nvidia.com/gpu=6}");
      assertThat(config(six)).startsWith("team-").isNotEqualTo(config(four));
    }
  }

  @Test
  void share_whatOffersTheSame_saysSo() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      publish("one-each", DevicePluginConfig.of(GpuSharing.timeSlicing(4).oneReplicaEach()));
      var unused = apply("four");

      var doubtful = apply("one-each");

      assertThat(doubtful)
          .isInstanceOfSatisfying(
              ApplyOutcome.VerifiedByStateOnly.class,
              byState -> assertThat(byState.reason())
                  .isEqualTo(
                      "the node offered the same before, so nothing shows that the device plugin has read the configuration"));
      assertThat(apply("one-each")).hasToString(doubtful.toString());
    }
  }

  /** Whoever labelled the node, nothing shows that it has been seen to. */
  @Test
  void share_whatSomebodyElseAskedFor_isDoubtedUntilItShows() {
    client.resource(deafNode()).create();
    pointPolicyAt(MAP);
    publish("plain", DevicePluginConfig.unshared());
    label(Labels.DEVICE_PLUGIN_CONFIG, DevicePluginConfig.unshared().contentName("plain"));
    label("nvidia.com/gpu.replicas", "1");
    label("nvidia.com/gpu.sharing-strategy", "none");
    label("nvidia.com/mps.capable", "false");

    assertThat(apply("plain")).isInstanceOf(ApplyOutcome.VerifiedByStateOnly.class);
  }

  @Test
  void share_migDevicesWithMediaExtensions_areVerifiedByTheirLabels() {
    try (var simulator = simulator(H100, 1)) {
      useStrategy(MigStrategy.MIXED);
      cut(Map.of("1g.10gb.me", 1));
      publish(
          "me",
          DevicePluginConfig.of(GpuSharing.builder()
              .kind(SharingKind.TIME_SLICING)
              .addResources(SharedResource.mig(MigProfile.parse("1g.10gb+me"), 2))
              .build()));

      assertThat(apply("me").allocatable()).hasToString("{nvidia.com/mig-1g.10gb.me=2}");
      assertThat(labels())
          .containsEntry(
              "nvidia.com/mig-1g.10gb.me.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED");
    }
  }

  @Test
  void share_fromOrToMps_isRefusedWhilePodsUseTheGpus() {
    try (var simulator = simulator(L40S, 1)) {
      publish("mps", DevicePluginConfig.of(GpuSharing.mps(3)));
      publish("four", FOUR);
      client
          .resource(Pods.with("ml", "train", "nvidia.com/gpu", "1")
              .editSpec()
              .withNodeName(NODE)
              .endSpec()
              .build())
          .create();
      String refusal =
          "error: pods use the node's GPUs: ml/train; a change from or to MPS can make their programs fail, so wait until they are done, drain the node first, or allow the disruption [busy-pods]";

      assertThat(errors(mig.node(NODE).share("mps"))).containsExactly(refusal);
      var mps = quick(mig.node(NODE).share("mps").disruption(Disruption.IGNORE_PODS));
      assertThat(mps.allocatable()).hasToString("{nvidia.com/gpu=3}");
      assertThat(apply("mps")).hasToString(mps.toString());
      assertThat(errors(mig.node(NODE).share("four"))).containsExactly(refusal);
    }
  }

  @Test
  void preflight_nodeNotReady_isToldSo() {
    client
        .resource(new NodeBuilder(deafNode())
            .editStatus()
            .addNewCondition()
            .withType("Ready")
            .withStatus("Unknown")
            .endCondition()
            .endStatus()
            .build())
        .create();
    pointPolicyAt(MAP);
    publish("four", FOUR);

    assertThat(errors(mig.node(NODE).share("four")))
        .containsExactly(
            "error: the node's condition Ready is Unknown; wait until its kubelet answers; see 'kubectl describe node l40s-node' [node-not-ready]");
  }

  /** The name says what it held once; the device plugin reads what it holds. */
  @Test
  void share_contentUnderItsHashThatSomebodyChanged_isPublishedAnew() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      put(FOUR.contentName("four"), "version: v1\n");

      assertThat(apply("four").allocatable()).hasToString("{nvidia.com/gpu=4}");
      assertThat(client
              .configMaps()
              .inNamespace("gpu-operator")
              .withName(MAP)
              .get()
              .getData())
          .containsEntry(FOUR.contentName("four"), FOUR.toYaml());
    }
  }

  @Test
  void share_andUnshare_keepTheFlagsOfTheConfig() {
    try (var simulator = simulator(L40S, 1)) {
      DevicePluginFlags flags = DevicePluginConfig.parse(
              "version: v1\nflags: {failOnInitError: false}\n")
          .flags();
      publish("flags", DevicePluginConfig.builder().flags(flags).build());
      var unused = apply("flags");

      var shared = quick(mig.node(NODE).share(GpuSharing.timeSlicing(4)));
      var unshared = quick(mig.node(NODE).unshare());

      assertThat(shared.allocatable()).hasToString("{nvidia.com/gpu=4}");
      assertThat(config(shared)).matches("time-slicing-4-[0-9a-f]{8}");
      assertThat(unshared.allocatable()).hasToString("{nvidia.com/gpu=1}");
      assertThat(config(unshared)).matches("unshared-[0-9a-f]{8}");
      var files = mig.sharingMap(MAP).read().orElseThrow();
      assertThat(files.get(config(shared)).orElseThrow().flags()).isEqualTo(flags);
      assertThat(files.get(config(unshared)).orElseThrow())
          .isEqualTo(DevicePluginConfig.builder().flags(flags).build());
    }
  }

  @Test
  void rollback_undoesTheLastChange_andASecondOneUndoesThat() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      var four = apply("four");

      var undone = quick(mig.node(NODE).rollback());
      var redone = quick(mig.node(NODE).rollback());

      assertThat(config(undone)).isEmpty();
      assertThat(undone.allocatable()).hasToString("{nvidia.com/gpu=1}");
      assertThat(redone).isEqualTo(four);
    }
  }

  @Test
  void rollback_withoutARecord_isRefused() {
    try (var simulator = simulator(L40S, 1)) {
      assertThatThrownBy(() -> mig.node(NODE).rollback().preflight())
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "Rolling back node l40s-node: its annotation mig4j.github.io/previous-config records no previous configuration; apply one by name");
    }
  }

  @Test
  void share_migDevicesUnderMixed_multipliesThem() {
    try (var simulator = simulator(H100, 1)) {
      useStrategy(MigStrategy.MIXED);
      cut(Map.of("1g.10gb", 7));
      publish(
          "mig",
          DevicePluginConfig.of(GpuSharing.builder()
              .kind(SharingKind.TIME_SLICING)
              .addResources(SharedResource.mig(MigProfile.parse("1g.10gb"), 2))
              .build()));

      assertThat(apply("mig").allocatable()).hasToString("{nvidia.com/mig-1g.10gb=14}");
      publish("mps", DevicePluginConfig.of(GpuSharing.mps(2)));
      assertThat(errors(mig.node(NODE).share("mps")))
          .containsExactly(
              "3:3: error: The device plugin refuses mps with migStrategy mixed; use timeSlicing, or another strategy [mps-with-mixed]",
              "3:3: error: MPS cannot share GPUs in MIG mode, but the node has 1; use timeSlicing, or disable MIG [mps-with-mig]");
    }
  }

  @Test
  void await_brokenConfig_isRefused_withEveryFault() {
    try (var simulator = simulator(L40S, 1)) {
      put("broken", """
          version: v1
          sharing:
            timeSlicing:
              resources:
              - {name: nvidia.com/gpu, replicas: 1}
              - {name: nvidia.com/mig-1g.10gb}
          """);

      assertThatThrownBy(() -> apply("broken"))
          .isInstanceOfSatisfying(MigRefusedException.class, refused -> {
            assertThat(refused.reasons())
                .containsExactly(
                    "config 'broken':5:40: nvidia.com/gpu has replicas: 1, but the device plugin requires at least 2; for no sharing remove the entry, or the whole section if it is the only one",
                    "config 'broken':6:7: nvidia.com/mig-1g.10gb has no replicas; add a number from 2, e.g. 'replicas: 4'");
          });
      assertThat(labels()).doesNotContainKey(Labels.DEVICE_PLUGIN_CONFIG);
    }
  }

  @Test
  void await_unknownConfig_isRefused_andNamesThoseThereAre() {
    try (var simulator = simulator(L40S, 1)) {
      assertThatThrownBy(() -> apply("for"))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "Config 'for' on node l40s-node: ConfigMap gpu-operator/device-plugin-config has no configuration 'for'; it has [unshared, %s]"
                  .formatted(DevicePluginConfig.unshared().contentName("unshared")));
    }
  }

  @Test
  void await_absentNode_isRefused() {
    assertThatThrownBy(() -> apply("four"))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Config 'four' on node l40s-node: the node does not exist; see 'kubectl get nodes'; the cluster has no ClusterPolicy, so no GPU Operator manages its GPUs; install NVIDIA's GPU Operator with helm");
  }

  @Test
  void preflight_withoutOperatorAndGpu_namesBoth() {
    client
        .resource(
            new NodeBuilder().withNewMetadata().withName(NODE).endMetadata().build())
        .create();

    assertThat(errors(mig.node(NODE).share("four")))
        .containsExactly(
            "error: the labels nvidia.com/gpu.product and nvidia.com/gpu.count show no GPU; wait for GPU Feature Discovery, or choose a node with GPUs [no-gpu]",
            "error: the cluster has no ClusterPolicy, so no GPU Operator manages its GPUs; install NVIDIA's GPU Operator with helm [policy-absent]");
  }

  @Test
  void useSharingMap_isNeededFirst_andRefusesAMapThatIsAbsentOrLacksWhatANodeAsksFor() {
    try (var simulator = started(GpuOperatorSimulator.on(client).node(NODE, L40S, 1))) {
      assertThat(errors(mig.node(NODE).share("four")))
          .containsExactly(
              "error: the ClusterPolicy names no ConfigMap for the device plugin; create one with a key for each configuration, and set spec.devicePlugin.config.name, with Helm by '--set devicePlugin.config.name=device-plugin-config' [sharing-map-unset]");
      assertThatThrownBy(() -> mig.operator().useSharingMap(MAP))
          .hasMessage(
              "ConfigMap gpu-operator/device-plugin-config: it does not exist or is empty, and every device plugin would wait for it; add a configuration to it first");

      publish("four", FOUR);
      mig.operator().useSharingMap(MAP);

      assertThat(mig.operator().sharingMap()).contains(MAP);
      var four = apply("four");
      mig.sharingMap("other").merge("eight", DevicePluginConfig.of(GpuSharing.timeSlicing(8)));
      assertThatThrownBy(() -> mig.operator().useSharingMap("other"))
          .hasMessage(
              "ConfigMap gpu-operator/other: it has no configuration '%s', which node l40s-node requests, so the node's device plugin would not start; add that configuration first"
                  .formatted(config(four)));
      client
          .configMaps()
          .inNamespace("gpu-operator")
          .withName("other")
          .edit(map -> new ConfigMapBuilder(map)
              .addToData(
                  config(four),
                  "version: v1\nsharing:\n  timeSlicing:\n    resources: [{name: nvidia.com/gpu, replicas: 1}]\n")
              .build());
      assertThatThrownBy(() -> mig.operator().useSharingMap("other"))
          .hasMessage(
              "ConfigMap gpu-operator/other: device plugins would not start with config '%s' at 4:50: nvidia.com/gpu has replicas: 1, but the device plugin requires at least 2; for no sharing remove the entry, or the whole section if it is the only one"
                  .formatted(config(four)));
    }
  }

  @Test
  void await_pluginThatCrashes_endsAtTheDeadline_andNamesThePod() {
    pointPolicyAt(MAP);
    publish("four", FOUR);
    client.resource(deafNode()).create();
    client
        .resource(new PodBuilder()
            .withNewMetadata()
            .withName("nvidia-device-plugin-daemonset-x7k2p")
            .withNamespace("gpu-operator")
            .addToLabels("app", "nvidia-device-plugin-daemonset")
            .endMetadata()
            .withNewSpec()
            .withNodeName(NODE)
            .endSpec()
            .withNewStatus()
            .addNewContainerStatus()
            .withName("config-manager")
            .withRestartCount(3)
            .withNewState()
            .withNewWaiting()
            .withReason("CrashLoopBackOff")
            .endWaiting()
            .endState()
            .endContainerStatus()
            .endStatus()
            .build())
        .create();

    assertThatThrownBy(() -> mig.node(NODE).share("four").await(Duration.ofMillis(300)))
        .isInstanceOfSatisfying(
            MigDeadlineException.class,
            late -> assertThat(late.diagnosis().code()).isEqualTo(FailureCode.PLUGIN_NOT_RUNNING))
        .hasMessageStartingWith(
            "Node l40s-node: waited 300 ms for {nvidia.com/gpu=4}, but nvidia.com/gpu is 1 instead of 4, ")
        .hasMessageEndingWith(
            ". Pod gpu-operator/nvidia-device-plugin-daemonset-x7k2p: container config-manager is in CrashLoopBackOff after 3 restarts; see 'kubectl logs -n gpu-operator nvidia-device-plugin-daemonset-x7k2p -c config-manager --previous'");
    assertThat(labels()).containsEntry(Labels.DEVICE_PLUGIN_CONFIG, FOUR.contentName("four"));
  }

  @Test
  void preflight_devicePluginOff_isToldSo() {
    deafNodeWith(Labels.DEPLOY_PREFIX + "device-plugin", "false");

    assertThat(errors(mig.node(NODE).share("four")))
        .containsExactly(
            "error: label nvidia.com/gpu.deploy.device-plugin=false keeps the device plugin off the node; set it to true [plugin-not-deployed]");
  }

  @Test
  void preflight_whilePartitioned_isAChangeInProgress() {
    deafNodeWith(Labels.DEPLOY_PREFIX + "device-plugin", Labels.PAUSED);

    assertThat(errors(mig.node(NODE).share("four")))
        .containsExactly(
            "error: the MIG manager partitions the node's GPUs: label nvidia.com/gpu.deploy.device-plugin=paused-for-mig-change; wait until it is done [change-in-progress]");
  }

  private void deafNodeWith(String label, String value) {
    client
        .resource(new NodeBuilder(deafNode())
            .editMetadata()
            .addToLabels(label, value)
            .endMetadata()
            .build())
        .create();
    pointPolicyAt(MAP);
    publish("four", FOUR);
  }

  @Test
  void preflight_ofWhatIsInForce_saysSo() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      assertThat(mig.node(NODE).share("four").preflight().inForce()).isFalse();
      var unused = apply("four");

      assertThat(mig.node(NODE).share("four").preflight().inForce()).isTrue();
    }
  }

  /** Two clients that share one node undo each other, as with layouts. */
  @Test
  void share_whileAnotherClientChangesTheNode_isAConflict() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      publish("renamed", RENAMED);
      MigClient first = mig.with(MigSettings.defaults().withIdentity("first"));
      MigClient second = mig.with(MigSettings.defaults().withIdentity("second"));
      List<Throwable> conflicts = new ArrayList<>();

      quick(first.node(NODE).share("four").onProgress(event -> {
        if (event.phase() == ApplyPhase.REQUESTED) {
          conflicts.add(catchThrowable(() -> quick(second.node(NODE).share("renamed"))));
          conflicts.add(catchThrowable(() -> quick(second.node(NODE).unshare())));
        }
      }));

      assertThat(conflicts)
          .hasSize(2)
          .allSatisfy(conflict -> assertThat(conflict)
              .isInstanceOf(MigConflictException.class)
              .hasMessageStartingWith(
                  "Node l40s-node is being changed: first has been changing it to '%s' since ",
                  FOUR.contentName("four")));
      assertThat(node().getMetadata().getAnnotations())
          .containsEntry("mig4j.github.io/last-change", "sharing")
          .containsEntry("mig4j.github.io/previous-sharing", "")
          .doesNotContainKey("mig4j.github.io/change");
    }
  }

  /** The evidence does not come in time, and the node returns to what it had. */
  @Test
  void rollbackOnFailure_returnsToTheSharingBefore_andSaysSo() {
    client.resource(deafNode()).create();
    pointPolicyAt(MAP);
    publish("four", FOUR);
    label(Labels.DEVICE_PLUGIN_CONFIG, "");
    label("nvidia.com/gpu.replicas", "1");
    label("nvidia.com/gpu.sharing-strategy", "none");
    label("nvidia.com/mps.capable", "false");
    List<ApplyPhase> phases = new ArrayList<>();

    assertThatThrownBy(() -> mig.node(NODE)
            .share("four")
            .timings(TIMINGS)
            .rollbackOnFailure()
            .onProgress(event -> phases.add(event.phase()))
            .await(Duration.ofMillis(500)))
        .isInstanceOfSatisfying(
            MigDeadlineException.class,
            late -> assertThat(late.rolledBack().orElseThrow().allocatable())
                .hasToString("{nvidia.com/gpu=1}"))
        .hasMessageEndingWith(". The node was rolled back to 'operator default'");
    assertThat(phases)
        .containsExactly(
            ApplyPhase.CHECKED,
            ApplyPhase.REQUESTED,
            ApplyPhase.ROLLING_BACK,
            ApplyPhase.CHECKED,
            ApplyPhase.REQUESTED,
            ApplyPhase.OFFERED,
            ApplyPhase.VERIFIED,
            ApplyPhase.ROLLED_BACK);
    assertThat(labels()).doesNotContainKey(Labels.DEVICE_PLUGIN_CONFIG);
  }

  @Test
  void share_apiServerThatIsAwayForAWhile_isWaitedFor() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);

      var outcome = quick(mig.node(NODE).share("four").onProgress(event -> {
        if (event.phase() == ApplyPhase.REQUESTED) {
          faults.dropWatches();
          faults.fail(3, "GET /api/v1/nodes.*", 503);
        }
      }));

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu=4}");
      assertThat(faults.injected()).isPositive();
    }
  }

  @Test
  void share_gatedAndCordoned_keepsPodsAway_untilItIsVerified() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      List<Node> during = new ArrayList<>();

      var outcome = quick(
          mig.node(NODE).share("four").gated().disruption(Disruption.CORDON).onProgress(event -> {
            if (event.phase() == ApplyPhase.REQUESTED) {
              during.add(node());
            }
          }));

      assertThat(outcome).isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(during.get(0).getSpec().getUnschedulable()).isTrue();
      assertThat(during.get(0).getSpec().getTaints()).contains(NodeGate.TAINT);
      assertThat(NodeFields.isCordoned(node())).isFalse();
      assertThat(node().getSpec().getTaints()).doesNotContain(NodeGate.TAINT);
    }
  }

  @Test
  void start_ofASharing_completesWithTheOutcome() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);

      var outcome = mig.node(NODE).share("four").timings(TIMINGS).start(LONG).join();

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu=4}");
    }
  }

  /** A client that no longer runs has left its record, with half an hour to go. */
  @Test
  void recover_ofASharingThatIsUnfinished_takesItOver_andVerifiesIt() {
    try (var simulator = simulator(L40S, 1)) {
      publish("four", FOUR);
      MigClient dead = mig.with(MigSettings.defaults().withIdentity("dead"));
      assertThatThrownBy(() -> dead.node(NODE)
              .share("four")
              .gated()
              .onProgress(event -> {
                if (event.phase() == ApplyPhase.REQUESTED) {
                  throw new AssertionError("killed");
                }
              })
              .await(LONG))
          .hasMessage("killed");
      publish("renamed", RENAMED);
      assertThatThrownBy(() -> quick(mig.node(NODE).share("renamed")))
          .isInstanceOf(MigConflictException.class);

      var recovered = quick(mig.node(NODE).recover());

      assertThat(recovered.allocatable()).hasToString("{nvidia.com/gpu=4}");
      assertThat(node().getSpec().getTaints()).doesNotContain(NodeGate.TAINT);
      assertThat(node().getMetadata().getAnnotations()).doesNotContainKey("mig4j.github.io/change");
    }
  }

  /** The last change counts, whichever kind it was. */
  @Test
  void rollback_afterALayoutAndASharing_undoesTheSharing() {
    try (var simulator = simulator(H100, 1)) {
      useStrategy(MigStrategy.MIXED);
      cut(Map.of("1g.10gb", 7));
      publish(
          "mig",
          DevicePluginConfig.of(GpuSharing.builder()
              .kind(SharingKind.TIME_SLICING)
              .addResources(SharedResource.mig(MigProfile.parse("1g.10gb"), 2))
              .build()));
      var unused = apply("mig");

      assertThat(quick(mig.node(NODE).rollback()).allocatable())
          .hasToString("{nvidia.com/mig-1g.10gb=7}");
      assertThat(labels()).containsEntry(Labels.MIG_CONFIG, "all-1g.10gb");
    }
  }

  @Test
  void simulator_unknownConfig_isTakenUpOnceItIsPublished() {
    try (var simulator = simulator(L40S, 1)) {
      label(Labels.DEVICE_PLUGIN_CONFIG, "late");

      put("late", FOUR.toYaml());

      awaitGpus("4");
    }
  }

  @Test
  void simulator_emptyMap_keepsPluginsFromStarting() {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(MAP)
            .withNamespace("gpu-operator")
            .endMetadata()
            .build())
        .create();
    try (var simulator = GpuOperatorSimulator.on(client)
        .node(NODE, L40S, 1)
        .devicePluginConfigMap(MAP)
        .start()) {
      put("four", FOUR.toYaml());
      label(Labels.DEVICE_PLUGIN_CONFIG, "four");

      awaitGpus("4");
    }
  }

  @Test
  void merge_keepsForeignKeys_andWritesOnce() {
    put("foreign", "version: v1\n");

    var first = mig.sharingMap(MAP).merge("four", FOUR);
    var second = mig.sharingMap(MAP).merge("four", FOUR);

    assertThat(first.changed()).isTrue();
    assertThat(second.changed()).isFalse();
    assertThat(
            client.configMaps().inNamespace("gpu-operator").withName(MAP).get().getData())
        .containsOnlyKeys("foreign", "four", FOUR.contentName("four"))
        .containsEntry("foreign", "version: v1\n")
        .containsEntry("four", FOUR.toYaml());
  }

  /** Two kinds of keys that no version of this library knows: of the plugin, and of its sharing. */
  private static final String WITH_KEYS_OF_TOMORROW = """
      version: v1
      flags:
        plugin:
          keyOfTomorrow: 7
      sharing:
        timeSlicing:
          order: ["a", null]
          resources:
            - name: nvidia.com/gpu
              replicas: 4
              weight: 1.5
      """;

  @Test
  void merge_keepsTheUnknownKeysOfTheConfig_alsoIfItsSharingChanges() {
    put("four", WITH_KEYS_OF_TOMORROW);

    var same = mig.sharingMap(MAP).merge("four", DevicePluginConfig.parse(WITH_KEYS_OF_TOMORROW));
    var two = mig.sharingMap(MAP).merge("four", DevicePluginConfig.of(GpuSharing.timeSlicing(2)));
    var mps = mig.sharingMap(MAP).merge("four", DevicePluginConfig.of(GpuSharing.mps(2)));

    var data =
        client.configMaps().inNamespace("gpu-operator").withName(MAP).get().getData();
    assertThat(data).containsEntry(same.contentName(), WITH_KEYS_OF_TOMORROW);
    assertThat(data)
        .containsEntry(
            two.contentName(), WITH_KEYS_OF_TOMORROW.replace("replicas: 4", "replicas: 2"));
    assertThat(data.get(mps.contentName()))
        .isEqualTo(data.get("four"))
        .contains("keyOfTomorrow: 7")
        .doesNotContain("order", "weight");
  }

  @Test
  void share_andUnshare_keepTheUnknownKeysOfTheConfig() {
    try (var simulator = simulator(L40S, 1)) {
      publish("keys", DevicePluginConfig.parse(WITH_KEYS_OF_TOMORROW));
      var unused = apply("keys");

      var shared = quick(mig.node(NODE).share(GpuSharing.timeSlicing(2)));
      var unshared = quick(mig.node(NODE).unshare());

      var data =
          client.configMaps().inNamespace("gpu-operator").withName(MAP).get().getData();
      assertThat(data.get(config(shared)))
          .isEqualTo(WITH_KEYS_OF_TOMORROW.replace("replicas: 4", "replicas: 2"));
      assertThat(data.get(config(unshared)))
          .isEqualTo(WITH_KEYS_OF_TOMORROW.substring(0, WITH_KEYS_OF_TOMORROW.indexOf("sharing:")));
    }
  }

  private static String config(ApplyOutcome outcome) {
    return outcome.status().sharingConfig().orElse("");
  }

  private static List<String> errors(ApplyRequest request) {
    return request.preflight().errors().stream().map(Finding::toString).toList();
  }

  private static ApplyPhase phase(ApplyEvent event) {
    return event.phase();
  }

  private ApplyOutcome apply(String config) {
    return quick(mig.node(NODE).share(config));
  }

  /** Each look has a client of its own. */
  @Test
  void share_byLooksAlone_isInForce_andThenWritesNothing() {
    try (var simulator = simulator(L40S, 2)) {
      assertThat(looks(node -> node.share(GpuSharing.timeSlicing(4))).outcome().allocatable())
          .hasToString("{nvidia.com/gpu=8}");
      int writes = writes();

      assertThat(looks(node -> node.share(GpuSharing.timeSlicing(4))).outcome())
          .isInstanceOf(ApplyOutcome.Verified.class);
      assertThat(writes()).isEqualTo(writes);
      assertThat(looks(MigNode::unshare).outcome().allocatable()).hasToString("{nvidia.com/gpu=2}");
      assertThat(looks(MigNode::rollback).outcome().allocatable())
          .hasToString("{nvidia.com/gpu=8}");
    }
  }

  private int writes() {
    return (int)
        requests.stream().filter(request -> request.startsWith("PATCH")).count();
  }

  private ApplyStep.InForce looks(Function<MigNode, ApplyRequest> change) {
    List<ApplyStep> last = new ArrayList<>();
    eventually(() -> {
      last.add(change.apply(MigClient.of(recorded).node(NODE)).timings(TIMINGS).poll());
      return last.get(last.size() - 1) instanceof ApplyStep.InForce;
    });
    return (ApplyStep.InForce) last.get(last.size() - 1);
  }

  private static ApplyOutcome quick(ApplyRequest request) {
    return request.timings(TIMINGS).await(LONG);
  }

  private void publish(String name, DevicePluginConfig config) {
    var unused = mig.sharingMap(MAP).merge(name, config);
  }

  private void put(String key, String text) {
    var map = client.configMaps().inNamespace("gpu-operator").withName(MAP);
    if (map.get() == null) {
      client
          .resource(new ConfigMapBuilder()
              .withNewMetadata()
              .withName(MAP)
              .withNamespace("gpu-operator")
              .endMetadata()
              .addToData(key, text)
              .build())
          .create();
    } else {
      map.edit(before -> new ConfigMapBuilder(before).addToData(key, text).build());
    }
  }

  private void pointPolicyAt(String map) {
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .resource(new GenericKubernetesResourceBuilder()
            .withApiVersion("nvidia.com/v1")
            .withKind("ClusterPolicy")
            .withNewMetadata()
            .withName("cluster-policy")
            .endMetadata()
            .addToAdditionalProperties(
                "spec", Map.of("devicePlugin", Map.of("config", Map.of("name", map))))
            .build())
        .create();
  }

  private GpuOperatorSimulator simulator(GpuModel model, int count) {
    publish("unshared", DevicePluginConfig.unshared());
    return started(
        GpuOperatorSimulator.on(client).node(NODE, model, count).devicePluginConfigMap(MAP));
  }

  private GpuOperatorSimulator started(GpuOperatorSimulator.Builder builder) {
    GpuOperatorSimulator simulator = builder.start();
    await(node -> node.getMetadata().getLabels().containsKey(Labels.GPU_PRODUCT)
        && node.getStatus().getAllocatable().containsKey("nvidia.com/gpu"));
    return simulator;
  }

  private void useStrategy(MigStrategy strategy) {
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .withName("cluster-policy")
        .edit(policy -> {
          Map<String, Object> spec = policy.get("spec");
          spec.put("mig", Map.of("strategy", strategy.toString()));
          return policy;
        });
  }

  private void cut(Map<String, Integer> devices) {
    label(Labels.MIG_CONFIG, "all-" + devices.keySet().iterator().next());
    devices.forEach((profile, count) -> await(node -> {
      var labels = node.getMetadata().getLabels();
      var offered = node.getStatus().getAllocatable().get("nvidia.com/mig-" + profile);
      return count.toString().equals(labels.get("nvidia.com/mig-" + profile + ".count"))
          && offered != null
          && offered.getAmount().equals(count.toString());
    }));
  }

  /** On whatever version there is, for the simulator labels the node, too. */
  private void label(String key, String value) {
    String patch = "{\"metadata\": {\"labels\": {\"%s\": \"%s\"}}}".formatted(key, value);
    new Cluster(client, MigSettings.defaults()).onLatestVersion(() -> {
      try {
        client.nodes().withName(NODE).patch(PatchContext.of(PatchType.JSON_MERGE), patch);
      } catch (KubernetesClientException e) {
        throw new MigConflictException("stale", e);
      }
    });
  }

  private void awaitGpus(String count) {
    await(node ->
        new Quantity(count).equals(node.getStatus().getAllocatable().get("nvidia.com/gpu")));
  }

  private void await(Predicate<Node> condition) {
    client
        .nodes()
        .withName(NODE)
        .waitUntilCondition(node -> node != null && condition.test(node), 1, TimeUnit.MINUTES);
  }

  private Node node() {
    return client.nodes().withName(NODE).require();
  }

  private Map<String, String> labels() {
    return node().getMetadata().getLabels();
  }

  /** A node on which nobody is at work. */
  private static Node deafNode() {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(NODE)
        .addToLabels(Labels.GPU_PRODUCT, "NVIDIA-L40S")
        .addToLabels(Labels.GPU_COUNT, "1")
        .endMetadata()
        .withNewStatus()
        .addToAllocatable("nvidia.com/gpu", new Quantity("1"))
        .endStatus()
        .build();
  }
}
