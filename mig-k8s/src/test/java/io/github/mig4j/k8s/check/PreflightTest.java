package io.github.mig4j.k8s.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigDocument;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Claims;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ChangeKind;
import io.github.mig4j.k8s.internal.ChangeRecord;
import io.github.mig4j.k8s.internal.Cluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import io.github.mig4j.k8s.internal.NodeGate;
import io.github.mig4j.lint.Finding;
import io.github.mig4j.node.ComponentVersions;
import io.github.mig4j.node.NodeCode;
import io.github.mig4j.node.NodeGpu;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One thing at a time is wrong with a node on which nothing else is; docs/preflight.md has every
 * line that is asserted here. Nothing is ever written.
 */
@ExtendWith(MockApiServer.class)
class PreflightTest {

  private static final Path PAGE = Path.of("..", "docs", "preflight.md");
  private static final String REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");

  private static final String CONFIGS = """
      version: v1
      mig-configs:
        all-disabled:
        - devices: all
          mig-enabled: false
        small:
        - devices: all
          mig-enabled: true
          mig-devices:
            "1g.23gb": 7
        shared:
        - devices: all
          mig-enabled: true
          mig-devices:
            "1c.3g.90gb": 2
        first:
        - devices: [0]
          mig-enabled: false
        other:
        - devices: all
          mig-enabled: true
          mig-devices:
            "1g.24gb": 7
      """;

  /** There is nothing better to say about any configuration of a B200. */
  private static final String MODE_CHANGE =
      "ConfigMap gpu-operator/mig-config:3:3: note: If the MIG mode of GPU 0 (b200-180gb) changes, no reset is needed, but all selected GPUs in MIG mode are cleared; a change of devices clears only the GPU that changes [mode-change-clears]";

  private static final String GENERATED =
      "note: ClusterPolicy names no ConfigMap, so the MIG manager generates configurations; to publish configurations of your own, set spec.migManager.config.name, e.g. to mig-config [operator-owned-map]";

  private static final String OPERATORS =
      "note: ConfigMap gpu-operator/default-mig-parted-config belongs to the GPU Operator, which reverts every change; to publish configurations of your own, set spec.migManager.config.name, e.g. to mig-config [operator-owned-map]";

  KubernetesMockServer server;
  KubernetesClient client;
  private final RecordedRequests requests = new RecordedRequests();
  private final Set<String> denied = new HashSet<>();
  private KubernetesClient recorded;

  @BeforeEach
  void connect() {
    recorded = requests.client(client.getConfiguration());
  }

  @AfterEach
  void nothingWasWritten() {
    recorded.close();
    assertThat(requests.writes()).isEmpty();
  }

  @Test
  void preflight_ofAHealthyNode_isClear() {
    cluster(node());

    assertThat(preflight("all-disabled").toText())
        .isEqualTo("Config 'all-disabled' on node gpu-node: clear\n  " + MODE_CHANGE);
    assertDocumented(MODE_CHANGE);
  }

  @Test
  void preflight_nameThatIsNoLabelValue_isMisuse() {
    assertThatThrownBy(() -> preflight("all disabled"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Config name 'all disabled' is no label value");
  }

  @Test
  void preflight_tellsAllFaults_errorsFirst_fromTheNodeToItsConfig() {
    policy("mixed", "mig-config");
    map("mig-config", CONFIGS);
    create(edit(Nodes.b200(1)
            .label(Labels.DEPLOY_OPERANDS, "false")
            .label("nvidia.com/mig-config", "small"))
        .editOrNewSpec()
        .withUnschedulable(true)
        .endSpec()
        .build());

    Preflight preflight = preflight("smal");

    assertThat(preflight.isClear()).isFalse();
    assertThat(preflight.errors())
        .extracting(Finding::code)
        .containsExactly(PreflightCode.OPERANDS_OFF, PreflightCode.CONFIG_ABSENT);
    assertThat(preflight.toText()).isEqualTo("""
            Config 'smal' on node gpu-node: refused
              error: label nvidia.com/gpu.deploy.operands=false keeps the operator away from the node; remove it with 'kubectl label node gpu-node nvidia.com/gpu.deploy.operands-' [operands-off]
              error: ConfigMap gpu-operator/mig-config has no configuration 'smal'; it has [all-disabled, first, other, shared, small] (did you mean small?) [config-absent]
              warning: no program reads the label nvidia.com/mig-config=small; the key is nvidia.com/mig.config; remove it with 'kubectl label node gpu-node nvidia.com/mig-config-' [wrong-label-key]
              note: the node is cordoned, so no new pod can use the devices; uncordon it afterwards with 'kubectl uncordon gpu-node' [node-cordoned]
              note: the API server does not say what this client may do; make sure that it has the permissions of ClusterRole mig4j-apply [permissions-unknown]""");
  }

  @Test
  void node_absent() {
    cluster();

    assertFinds(
        "all-disabled", "error: the node does not exist; see 'kubectl get nodes' [node-absent]");
  }

  @Test
  void node_notReady() {
    cluster(edit(node())
        .editStatus()
        .withConditions()
        .addNewCondition()
        .withType("Ready")
        .withStatus("Unknown")
        .withReason("NodeStatusUnknown")
        .endCondition()
        .endStatus()
        .build());

    assertFinds(
        "all-disabled",
        "error: the node's condition Ready is Unknown (NodeStatusUnknown); wait until its kubelet answers; see 'kubectl describe node gpu-node' [node-not-ready]");
  }

  @Test
  void node_cordoned() {
    cluster(edit(node()).editOrNewSpec().withUnschedulable(true).endSpec().build());

    assertFinds(
        "all-disabled",
        "note: the node is cordoned, so no new pod can use the devices; uncordon it afterwards with 'kubectl uncordon gpu-node' [node-cordoned]");
  }

  @Test
  void gpu_none() {
    cluster(new NodeBuilder()
        .withNewMetadata()
        .withName("gpu-node")
        .addToLabels("zone", "a")
        .endMetadata()
        .build());

    assertFinds(
        "all-disabled",
        "error: the node shows no NVIDIA GPU, neither by a label nor by a resource; choose a node with label nvidia.com/gpu.present=true [no-gpu]");
  }

  @Test
  void gpu_gone() {
    cluster(edit(node())
        .editMetadata()
        .addToLabels(Labels.GPU_PRESENT, "false")
        .endMetadata()
        .build());

    assertFinds(
        "all-disabled",
        "error: the node shows no NVIDIA GPU, neither by a label nor by a resource; choose a node with label nvidia.com/gpu.present=true [no-gpu]");
  }

  @Test
  void gpu_productNotTold() {
    cluster(with(Nodes.b200(1).without(Labels.GPU_PRODUCT)));

    assertFinds(
        "all-disabled",
        "error: the node has no label nvidia.com/gpu.product, so its GPU is not known; deploy GPU Feature Discovery or set the label [unknown-product]");
  }

  @Test
  void gpu_notInTheCatalogue() {
    cluster(with(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-B201")));

    assertFinds(
        "all-disabled",
        "error: GPU product 'NVIDIA-B201' is not in the catalogue; add its model as docs/add-a-gpu.md describes [unknown-product]");
  }

  @Test
  void gpu_ofTwoModels() {
    cluster(
        with(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").without(Labels.GPU_MEMORY)));

    assertFinds(
        "all-disabled",
        "error: GPU product 'NVIDIA-GB200' can be gb200-186gb or gb200-189gb; narrow the catalogue in the settings [unknown-product]");
  }

  @Test
  void gpu_withoutMig() {
    cluster(with(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-L40S")
        .without(Labels.GPU_MEMORY)
        .label(Labels.MIG_CAPABLE, "false")));

    assertFinds(
        "all-disabled",
        "error: l40s (Ada Lovelace) has no MIG; share it by time-slicing or MPS instead [not-mig-capable]");
  }

  @Test
  void gpu_whoseMigIsWithheld() {
    cluster(with(Nodes.b200(1).label(Labels.MIG_CAPABLE, "false")));

    assertFinds(
        "all-disabled",
        "error: feature discovery says nvidia.com/mig.capable=false, though b200-180gb has MIG; check whether the driver or the hypervisor withholds it with 'nvidia-smi -q -d MIG' [not-mig-capable]");
  }

  @Test
  void gpu_countNotTold() {
    cluster(with(Nodes.b200(1).without(Labels.GPU_COUNT)));

    assertFinds(
        "all-disabled",
        "error: the labels do not show how many b200-180gb the node has; state the node's GPUs in the request [unknown-gpu-count]");
  }

  /** Feature discovery counts the GPUs of the model that it describes. */
  @Test
  void gpu_ofSeveralModels_byWhatTheNodeOffers() {
    cluster(with(Nodes.b200(1).offers("nvidia.com/gpu", 2)));

    assertFinds(
        "all-disabled",
        "error: the labels describe one model only, 1 b200-180gb, but the node offers {nvidia.com/gpu=2}; state the node's GPUs in the request [several-models]");
  }

  @Test
  void gpu_ofSeveralModels_whereMoreMigDevicesThanFit() {
    cluster(with(Nodes.b200(1)
        .offers("nvidia.com/gpu", 0)
        .offers("nvidia.com/mig-1g.23gb", 11)
        .label("nvidia.com/mig-1g.23gb.count", "11")));

    assertFinds(
        "all-disabled",
        "error: the labels describe one model only, 1 b200-180gb, but the node offers {nvidia.com/mig-1g.23gb=11}; state the node's GPUs in the request [several-models]");
  }

  @Test
  void gpu_withoutMigBesideOneWithMig() {
    cluster(with(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-L40S")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.10gb", 7)
        .label("nvidia.com/mig-1g.10gb.count", "7")));

    assertFinds(
        "all-disabled",
        "error: the labels describe one model only, 1 l40s, but the node offers {nvidia.com/gpu=1, nvidia.com/mig-1g.10gb=7}; state the node's GPUs in the request [several-models]");
  }

  @Test
  void gpu_ofSeveralModels_byTheConfigurationsOfItsManager() {
    cluster(node());
    map("gpu-node-mig-config", """
        version: v1
        mig-configs:
          all-1g.10gb:
          - device-filter: "0x233010DE"
            devices: all
            mig-enabled: true
            mig-devices:
              "1g.10gb": 7
          of-the-second:
          - devices: [0, 1]
            mig-enabled: false
        """);

    assertFinds(
        "all-disabled",
        "error: the labels describe one model only, 1 b200-180gb, but ConfigMap gpu-node-mig-config of the node's MIG manager is for GPU 1, device-filter 0x233010DE too; state the node's GPUs in the request [several-models]");
  }

  @Test
  void gpu_ofSeveralModels_moreThanARecordNames() {
    cluster(edit(with(Nodes.b200(1).offers("nvidia.com/gpu", 3)))
        .editMetadata()
        .addToAnnotations(ChangeRecord.GPUS_KEY, "b200-180gb,l40s")
        .endMetadata()
        .build());

    assertFinds(
        "all-disabled",
        "error: annotation mig4j.github.io/gpus records b200-180gb,l40s, but the node offers {nvidia.com/gpu=3}; state the node's GPUs in the request [several-models]");
  }

  @ParameterizedTest
  @MethodSource("nodesOfOneModel")
  void gpu_ofOneModel_isNoContradiction(Nodes node) {
    cluster(with(node));

    assertThat(preflight("all-disabled").errors()).isEmpty();
  }

  static Stream<Nodes> nodesOfOneModel() {
    return Stream.of(
        // Time-slicing, under both names of the resource.
        Nodes.b200(2).label(Labels.GPU_REPLICAS, "4").offers("nvidia.com/gpu", 8),
        Nodes.b200(2)
            .label(Labels.GPU_REPLICAS, "4")
            .offers("nvidia.com/gpu", 0)
            .offers("nvidia.com/gpu.shared", 8),
        // The label counts no replica where all GPUs are in MIG mode.
        Nodes.b200(1)
            .label(Labels.GPU_REPLICAS, "0")
            .label(Labels.MIG_STRATEGY, "none")
            .offers("nvidia.com/gpu", 4),
        Nodes.b200(1)
            .offers("nvidia.com/gpu", 0)
            .label("nvidia.com/mig-1g.23gb.count", "7")
            .label("nvidia.com/mig-1g.23gb.replicas", "2")
            .offers("nvidia.com/mig-1g.23gb.shared", 14),
        // One of the two is late after a change to whole GPUs.
        Nodes.b200(1).label("nvidia.com/mig-1g.23gb.count", "7"),
        Nodes.b200(1).offers("nvidia.com/mig-1g.23gb", 7));
  }

  /** Labels and resources are of different times. */
  @Test
  void gpu_whileAChangeIsInProgress_isNotJudged() {
    cluster(with(Nodes.b200(1).offers("nvidia.com/gpu", 2).config("theirs", "pending")));

    assertThat(preflight("all-disabled").errors()).isEmpty();
  }

  @Test
  void gpu_ofSeveralModels_stated() {
    cluster(with(Nodes.b200(1).offers("nvidia.com/gpu", 2)));
    GpuModel l40s = GpuCatalog.bundled().require("l40s");

    assertThat(MigClient.of(recorded)
            .node("gpu-node")
            .apply("all-disabled")
            .gpus(List.of(NodeGpu.of(0, B200), NodeGpu.of(1, l40s)))
            .preflight()
            .errors())
        .isEmpty();
  }

  @Test
  void workload_vgpu() {
    cluster(with(Nodes.b200(1).label("nvidia.com/vgpu.host-driver-version", "570.133.10")));

    assertFinds(
        "all-disabled",
        "error: label nvidia.com/vgpu.host-driver-version=570.133.10 makes this a node for vGPU, where the operator runs no MIG manager; partition it through the vGPU manager, or choose another node [vgpu-node]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vm-passthrough", "vm-vgpu"})
  void workload_ofVirtualMachines(String workload) {
    policy(Map.of(
        "mig", Map.of("strategy", "mixed"),
        "sandboxWorkloads", Map.of("enabled", true),
        "migManager", Map.of("config", Map.of("name", "mig-config"))));
    map("mig-config", CONFIGS);
    create(with(Nodes.b200(1).label("nvidia.com/gpu.workload.config", workload)));
    answerReviews();
    createManager();

    assertFinds(
        "all-disabled",
        "error: label nvidia.com/gpu.workload.config=vm-passthrough gives the GPUs to virtual machines, where the operator runs no MIG manager; set it to container, or choose another node [vm-workload]"
            .replace("vm-passthrough", workload));
  }

  @Test
  void workload_ofVirtualMachines_whereTheOperatorServesNone() {
    cluster(with(Nodes.b200(1).label("nvidia.com/gpu.workload.config", "vm-vgpu")));

    assertFinds(
        "all-disabled",
        "warning: label nvidia.com/gpu.workload.config=vm-vgpu gives the GPUs to virtual machines, once the ClusterPolicy has spec.sandboxWorkloads.enabled; set it to container, or choose another node [vm-workload]");
  }

  @Test
  void operands_off() {
    cluster(with(Nodes.b200(1).label("nvidia.com/gpu.deploy.operands", "false")));

    assertFinds(
        "all-disabled",
        "error: label nvidia.com/gpu.deploy.operands=false keeps the operator away from the node; remove it with 'kubectl label node gpu-node nvidia.com/gpu.deploy.operands-' [operands-off]");
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/gpu-operator.resource-allocation.mode, dra",
    "nvidia.com/gpu.deploy.dra-driver, true"
  })
  void dra_node(String key, String value) {
    cluster(edit(with(Nodes.b200(1).label(key, value)))
        .editMetadata()
        .removeFromLabels("nvidia.com/gpu.deploy.mig-manager")
        .endMetadata()
        .build());

    assertFinds(
        "all-disabled",
        "error: label %s=%s says that GPUs are allocated by dynamic resource allocation, where the operator runs no MIG manager; request MIG devices by ResourceClaims, or choose another node [dra-node]"
            .formatted(key, value));
  }

  @ParameterizedTest
  @CsvSource({
    "label, nos.nebuly.com/gpu-partitioning, nos",
    "annotation, nos.nebuly.com/spec-gpu-0-1g.10gb, nos",
    "annotation, nos.nebuly.com/status-gpu-0-1g.10gb-free, nos",
    "annotation, hami.io/node-nvidia-register, HAMi",
    "resource, mig.das.com/1g.5gb, InstaSlice",
    "resource, instaslice.redhat.com/accelerator-memory-quota, InstaSlice",
    "resource, org.instaslice/accelerator-memory-quota, InstaSlice",
    "annotation, volcano.sh/node-vgpu-register, Volcano vGPU"
  })
  void owner_other(String kind, String key, String owner) {
    NodeBuilder node = edit(node());
    cluster(
        switch (kind) {
          case "label" ->
            node.editMetadata().addToLabels(key, "mig").endMetadata().build();
          case "annotation" ->
            node.editMetadata().addToAnnotations(key, "[]").endMetadata().build();
          default ->
            node.editStatus().addToCapacity(key, new Quantity("1")).endStatus().build();
        });

    assertFinds(
        "all-disabled",
        "error: %s %s shows that %s partitions the node's GPUs; leave the node to it, or remove that product and its mark from the node [other-owner]"
            .formatted(kind, key, owner));
  }

  @Test
  void policy_absent() {
    create(node());
    createManager();
    answerReviews();

    assertFinds(
        "all-disabled",
        "error: the cluster has no ClusterPolicy, so no GPU Operator manages its GPUs; install NVIDIA's GPU Operator with helm [policy-absent]");
  }

  @Test
  void policy_replacedByAGpuCluster() {
    create(node());
    createManager();
    answerReviews();
    client
        .genericKubernetesResources(ClusterPolicies.GPU_CLUSTER)
        .resource(new GenericKubernetesResourceBuilder()
            .withApiVersion("nvidia.com/v1alpha1")
            .withKind("GPUCluster")
            .withNewMetadata()
            .withName("gpu-cluster")
            .endMetadata()
            .build())
        .create();

    assertFinds(
        "all-disabled",
        "error: GPUCluster gpu-cluster manages the GPUs by dynamic resource allocation (GPU Operator 26.7 or later), so no MIG manager acts on node labels; request MIG devices by ResourceClaims; see 'kubectl get resourceslices' [dra-cluster]");
  }

  @Test
  void gpu_whoseMemoryContradictsIt() {
    cluster(with(Nodes.b200(1).label(Labels.GPU_MEMORY, "143771")));

    assertFinds(
        "all-disabled",
        "error: GPU product 'NVIDIA-B200' is contradicted by label nvidia.com/gpu.memory=143771: b200-180gb has 183359 MiB; this is the memory of h20-141gb, h200-141gb; read the GPU with 'nvidia-smi mig -lgip' on the node, and add its model as docs/add-a-gpu.md describes [unknown-product]");
  }

  @Test
  void gpu_whoseProfileNamesFollowTheDriver() {
    cluster(with(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB300")
        .label(Labels.GPU_MEMORY, "256703")));

    assertFinds(
        "all-disabled",
        "error: GPU product 'NVIDIA-GB300' can be gb300-252gb-r590 or gb300-252gb-r610: its profile names depend on the driver, and no label shows the driver's version; deploy GPU Feature Discovery, which sets nvidia.com/cuda.driver-version.full [unknown-product]");
  }

  @Test
  void driver_belowTheMinimum() {
    cluster(with(Nodes.b200(1).label("nvidia.com/cuda.driver-version.full", "570.86.15")));

    assertFinds(
        "all-disabled",
        "warning: the driver is 570.86.15, but b200-180gb needs 570.133 or later to be partitioned; upgrade the driver [driver-too-old]");
  }

  @Test
  void driver_isReadFromItsImage_whereNoLabelHasIt() {
    cluster(node());
    create(operand("nvidia-driver-daemonset", "nvcr.io/nvidia/driver:570.86.15-ubuntu22.04"));

    assertFinds(
        "all-disabled",
        "warning: the driver is 570.86.15, but b200-180gb needs 570.133 or later to be partitioned; upgrade the driver [driver-too-old]");
  }

  @Test
  void gpu_thatListsOtherProfilesThanTheCatalogue() {
    cluster(node());
    map("gpu-node-mig-config", """
        version: v1
        mig-configs:
          all-1g.24gb:
          - devices: all
            mig-enabled: true
            mig-devices:
              "1g.24gb": 7
          all-7g.180gb:
          - devices: all
            mig-enabled: true
            mig-devices:
              "7g.180gb": 1
        """);

    assertThat(preflight("small").toText())
        .contains(
            "warning: ConfigMap gpu-node-mig-config lists what the node's GPUs accept, and it differs from the catalogue: b200-180gb: the hardware accepts 7 of 1g.24gb, which the catalogue does not know; the node's list is used; correct the model as docs/add-a-gpu.md describes [hardware-differs]")
        .contains("does not offer 1g.23gb");
    assertThat(preflight("small").isClear()).isFalse();
    assertThat(preflight("other").isClear()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "v0.19.3, v0.19.3, v0.19.3",
    "v0.20.0-ubi9, v0.20.0-ubi9, v0.20.0",
    "v0.19.3, v0.20.0, unknown",
    "main, main, unknown"
  })
  void pluginVersion_isThatOfTheRunningImages(String plugin, String discovery, String version) {
    var pods = List.of(
        operand("nvidia-device-plugin-daemonset", "nvcr.io/nvidia/k8s-device-plugin:" + plugin),
        operand("gpu-feature-discovery", "registry:5000/k8s-device-plugin:" + discovery));

    var versions = new ComponentCheck(node(), pods).versions(ComponentVersions.unknown());

    assertThat(
            versions.known().values().stream().map(Object::toString).findFirst().orElse("unknown"))
        .isEqualTo(version);
  }

  private static Pod operand(String app, String image) {
    return new PodBuilder()
        .withNewMetadata()
        .withNamespace("gpu-operator")
        .withName(app + "-x")
        .addToLabels("app", app)
        .endMetadata()
        .withNewSpec()
        .withNodeName("gpu-node")
        .addNewContainer()
        .withName("main")
        .withImage(image)
        .endContainer()
        .endSpec()
        .build();
  }

  /** The mock server stamps no object with a time, so the name decides. */
  @Test
  void policy_several() {
    cluster(node());
    client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .resource(new GenericKubernetesResourceBuilder()
            .withApiVersion("nvidia.com/v1")
            .withKind("ClusterPolicy")
            .withNewMetadata()
            .withName("second")
            .endMetadata()
            .build())
        .create();

    assertFinds(
        "all-disabled",
        "warning: the cluster has ClusterPolicies [cluster-policy, second], of which only the oldest counts, cluster-policy; delete the others [several-policies]");
  }

  @Test
  void manager_switchedOff() {
    policy(Map.of(
        "mig", Map.of("strategy", "mixed"),
        "migManager", Map.of("enabled", false, "config", Map.of("name", "mig-config"))));
    map("mig-config", CONFIGS);
    create(node());
    answerReviews();

    assertFinds(
        "all-disabled",
        "error: ClusterPolicy cluster-policy has spec.migManager.enabled=false; set it to true [manager-not-deployed]");
  }

  @Test
  void manager_keptOff() {
    cluster(with(Nodes.b200(1).label("nvidia.com/gpu.deploy.mig-manager", "false")));

    assertFinds(
        "all-disabled",
        "error: label nvidia.com/gpu.deploy.mig-manager=false keeps the MIG manager off the node; set it to true [manager-not-deployed]");
  }

  @Test
  void manager_notDeployed_whereTheOperatorIsAtWork() {
    clusterWithoutManager(Nodes.b200(1).running().build());

    assertFinds(
        "all-disabled",
        "error: the operator runs no MIG manager on the node, since the node is not labelled as MIG capable; wait for GPU Feature Discovery, or label it with 'kubectl label node gpu-node nvidia.com/mig.capable=true' [manager-not-deployed]");
  }

  /** An operator of another make is no reason to refuse. */
  @Test
  void manager_ofWhichNothingIsSeen() {
    clusterWithoutManager(Nodes.b200(1).build());

    assertFinds(
        "all-disabled",
        "warning: nothing shows that a MIG manager runs on the node, neither a pod nor label nvidia.com/gpu.deploy.mig-manager; see 'kubectl get pods -A -o wide -l app=nvidia-mig-manager' [manager-not-deployed]");
  }

  @Test
  void manager_withoutPod() {
    clusterWithoutManager(node());

    assertFinds(
        "all-disabled",
        "error: the node has no MIG manager pod, although its label requires one; see 'kubectl get pods -A -o wide -l app=nvidia-mig-manager' [manager-not-ready]");
  }

  @Test
  void manager_inACrashLoop() {
    clusterWithoutManager(node());
    create(Pods.manager("v0.15.0")
        .editStatus()
        .withPhase("Running")
        .withConditions()
        .addNewContainerStatus()
        .withName("nvidia-mig-manager")
        .withNewState()
        .withNewWaiting()
        .withReason("CrashLoopBackOff")
        .endWaiting()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build());

    assertFinds(
        "all-disabled",
        "error: MIG manager pod gpu-operator/nvidia-mig-manager-x is not ready (CrashLoopBackOff); see 'kubectl describe pod -n gpu-operator nvidia-mig-manager-x' [manager-not-ready]");
  }

  @Test
  void manager_pending() {
    clusterWithoutManager(node());
    create(Pods.manager("v0.15.0")
        .editStatus()
        .withPhase("Pending")
        .withConditions()
        .endStatus()
        .build());

    assertFinds(
        "all-disabled",
        "error: MIG manager pod gpu-operator/nvidia-mig-manager-x is not ready (Pending); see 'kubectl describe pod -n gpu-operator nvidia-mig-manager-x' [manager-not-ready]");
  }

  @Test
  void manager_olderThanTheGpu() {
    clusterWithoutManager(node());
    create(Pods.manager("v0.10.0-ubuntu20.04").build());

    assertFinds(
        "all-disabled",
        "warning: MIG manager v0.10.0 is older than v0.11.0, the first that supports b200-180gb; upgrade the GPU Operator [manager-too-old]");
  }

  @Test
  void manager_thatIsKnownToDestroyEverything() {
    clusterWithoutManager(with(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition")
        .without(Labels.GPU_MEMORY)));
    create(Pods.manager("v0.12.2").build());

    assertFinds(
        "all-disabled",
        "error: MIG manager v0.12.2 is older than v0.12.3, the first that supports rtx-pro-6000-blackwell-96gb; upgrade the GPU Operator [manager-too-old]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"v0.11.0", "0.15.0-ubi9", "latest", "v0.9.0-rc.1", "devel-ubi8"})
  void manager_newEnough_orUnknown_isFine(String tag) {
    clusterWithoutManager(node());
    create(Pods.manager(tag).build());

    assertFinds("all-disabled");
  }

  @Test
  void map_generated() {
    policy(Map.of("mig", Map.of("strategy", "mixed")));
    map("gpu-node-mig-config", MigConfigDocument.generatedFor(List.of(B200)).toYaml());
    create(node());
    createManager();
    answerReviews();

    assertFinds("all-disabled", GENERATED);
    assertThat(plan("all-1g.23gb").key()).isEqualTo("all-1g.23gb");
    assertThat(plan("all-1g.23gb").offer().resources()).hasToString("{nvidia.com/mig-1g.23gb=7}");
  }

  @Test
  void plan_goesByTheVersionOfTheDevicePluginThatThePolicyStates() {
    policy(
        Map.of("mig", Map.of("strategy", "mixed"), "devicePlugin", Map.of("version", "v0.19.3")));
    map("gpu-node-mig-config", MigConfigDocument.generatedFor(List.of(B200)).toYaml());
    create(node());
    createManager();
    answerReviews();

    assertThat(plan("all-1g.23gb.me").offer().resources())
        .hasToString("{nvidia.com/mig-1g.23gb=1}");
  }

  @Test
  void map_generated_butNotShown() {
    policy(Map.of("mig", Map.of("strategy", "mixed")));
    create(node());
    createManager();
    answerReviews();

    assertFinds(
        "all-disabled",
        "error: ConfigMap gpu-operator/gpu-node-mig-config does not exist, in which the node's MIG manager publishes its configurations; set spec.migManager.config.name, or see whether the MIG manager runs [map-absent]",
        GENERATED);
  }

  @Test
  void map_ofTheOperator() {
    policy("mixed", "default-mig-parted-config");
    map("default-mig-parted-config", CONFIGS);
    create(node());
    createManager();
    answerReviews();

    assertFinds("all-disabled", OPERATORS);
    assertThat(plan("small").key()).isEqualTo("small");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mig-config", "Not A Name"})
  void map_absent(String map) {
    policy("mixed", map);
    create(node());
    createManager();
    answerReviews();

    assertFinds(
        "all-disabled",
        "error: ConfigMap gpu-operator/%s does not exist, though the ClusterPolicy names it; publish a configuration to it [map-absent]"
            .formatted(map));
  }

  @Test
  void map_withOneFault_makesEveryConfigurationFail() {
    policy("mixed", "mig-config");
    map("mig-config", CONFIGS.replace("1c.3g.90gb", "1c.3g.90"));
    create(node());
    createManager();
    answerReviews();

    assertFinds(
        "all-disabled",
        "error: the MIG manager refuses ConfigMap gpu-operator/mig-config, so every configuration fails; correct its errors [map-refused]",
        "ConfigMap gpu-operator/mig-config:15:7: error: Not a MIG profile: '1c.3g.90'; did you mean '1c.3g.90gb'? [invalid-profile]");
  }

  @Test
  void config_absent() {
    cluster(node());

    assertFinds(
        "smal",
        "error: ConfigMap gpu-operator/mig-config has no configuration 'smal'; it has [all-disabled, first, other, shared, small] (did you mean small?) [config-absent]");
    assertFinds(
        "b200-split-medium",
        "error: ConfigMap gpu-operator/mig-config has no configuration 'b200-split-medium'; it has [all-disabled, first, other, shared, small] [config-absent]");
  }

  @Test
  void config_withAProfileOfAnotherGpu() {
    cluster(node());

    assertFinds(
        "other",
        "ConfigMap gpu-operator/mig-config:23:7: error: GPU 0 (b200-180gb): b200-180gb has no profile 1g.24gb (did you mean 1g.23gb or 1g.45gb?); it has 1g.23gb, 1g.23gb+me, 1g.45gb, 2g.45gb, 3g.90gb, 4g.90gb, 7g.180gb; mig-parted would destroy all devices, create none and report success; use a profile that the GPU has [unknown-profile]");
  }

  /** What lint finds keeps its code, severity and location; the file is the subject. */
  @Test
  void config_withAProfileOfAnotherGpu_isTheFindingOfLint() {
    cluster(node());

    Finding error = preflight("other").errors().get(0);

    assertThat(error.code()).isEqualTo(NodeCode.UNKNOWN_PROFILE);
    assertThat(error.subject()).isEqualTo("ConfigMap gpu-operator/mig-config");
    assertThat(error.location()).hasValueSatisfying(at -> {
      assertThat(at.line()).isEqualTo(23);
      assertThat(at.config()).contains("other");
    });
    assertThat(error.remedy()).isEqualTo("use a profile that the GPU has");
  }

  @Test
  void config_ofADisable_thatEnablesMig() {
    policy("mixed", "mig-config");
    map("mig-config", CONFIGS.replace("all-disabled", "whole").replace("small", "all-disabled"));
    create(node());
    createManager();
    answerReviews();

    assertFinds(
        MigClient.of(recorded).node("gpu-node").disable().preflight(),
        "error: 'all-disabled' enables MIG, so the node would not offer whole GPUs; correct it in ConfigMap gpu-operator/mig-config [enables-mig]",
        "ConfigMap gpu-operator/mig-config:6:3: warning: Config 'all-disabled' enables MIG, but the operator requests this name to disable it on nodes that request no configuration; use another name [reserved-name]");
  }

  @Test
  void strategy_forWhichTheConfigIsNot() {
    cluster(node());

    assertFinds(
        "shared",
        "ConfigMap gpu-operator/mig-config:15:7: error: With strategy mixed no resource represents 1c.3g.90gb, and the device plugin stops; use 3g.90gb or strategy single [shared-instance-under-mixed]");
  }

  @Test
  void strategy_notRolledOut() {
    cluster(with(Nodes.b200(1).label(Labels.MIG_STRATEGY, "single")));

    assertFinds(
        "all-disabled",
        "warning: the ClusterPolicy says strategy mixed, but the node's labels are those of single; wait until the operator has rolled out the strategy [strategy-conflict]");
  }

  @Test
  void gpu_notCovered() {
    cluster(with(Nodes.b200(2)));

    assertFinds(
        "first",
        "error: no entry selects GPU 1, so its devices stay as they are; add an entry for it, e.g. with mig-enabled: false [gpu-not-covered]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pending", "rebooting"})
  void change_ofAnotherConfig(String state) {
    cluster(with(Nodes.b200(1).config("theirs", state)));

    assertFinds(
        "all-disabled",
        "warning: the MIG manager is applying 'theirs' (state %s); wait until it is done, because this change begins only then [change-in-progress]"
            .formatted(state));
  }

  /** Applying again goes on waiting, so what the change itself brings about is no fault. */
  @Test
  void change_ofTheSameConfig() {
    String key =
        MigConfigDocument.parse(CONFIGS).configs().get("all-disabled").contentName("all-disabled");
    clusterWithoutManager(edit(with(Nodes.b200(1).config(key, "rebooting").paused()))
        .editStatus()
        .withConditions()
        .addNewCondition()
        .withType("Ready")
        .withStatus("False")
        .endCondition()
        .endStatus()
        .build());
    createPod("default", "job", "nvidia.com/gpu");

    assertThat(preflight("all-disabled").isClear()).isTrue();
    assertFinds(
        "all-disabled",
        "note: the node's condition Ready is False; wait until its kubelet answers; see 'kubectl describe node gpu-node' [node-not-ready]",
        "note: the node has no MIG manager pod, although its label requires one; see 'kubectl get pods -A -o wide -l app=nvidia-mig-manager' [manager-not-ready]",
        "note: the MIG manager is applying 'all-disabled-642ad96a' (state rebooting); the change waits for it [change-in-progress]",
        "note: pods use the node's GPUs: default/job; a change takes the GPUs from them, so drain the node first [busy-pods]");
  }

  /** Nothing would make the manager act, so waiting for it would be in vain. */
  @Test
  void rollback_toAPlainNameThatHasFailed_isRefusedAtOnce() {
    policy("mixed", "default-mig-parted-config");
    map("default-mig-parted-config", CONFIGS);
    create(previously("all-disabled", Nodes.b200(1).config("all-disabled", "failed")));
    createManager();
    answerReviews();
    String line =
        "error: the MIG manager has failed to apply 'all-disabled' and does not try a name again; delete the node's MIG manager pod with 'kubectl delete pods -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node', or apply another configuration first [failed-before]";

    assertThat(rollBack().preflight().errors()).extracting(Finding::toString).containsExactly(line);
    assertDocumented(line);
  }

  /** The manager does not try the same value again, but an alias of equal content. */
  @Test
  void rollback_toAHashedNameThatHasFailed_requestsItsAlias() {
    String key = MigConfig.of(MigConfigSpec.allDisabled()).contentName("all-disabled");
    published(key);
    create(previously(key, Nodes.b200(1).config(key, "failed")));

    assertThat(rollBack().requirePlan().key()).isEqualTo(key + "-r2");
  }

  @Test
  void rollback_toAHashedName_requestsIt() {
    String key = MigConfig.of(MigConfigSpec.allDisabled()).contentName("all-disabled");
    published(key);
    create(previously(key, Nodes.b200(1).config("small", "failed")));

    assertThat(rollBack().requirePlan().key()).isEqualTo(key);
  }

  private void published(String key) {
    policy("mixed", "mig-config");
    map(
        "mig-config",
        MigConfigDocument.empty()
            .with(key, MigConfig.of(MigConfigSpec.allDisabled()))
            .toYaml());
    createManager();
    answerReviews();
  }

  private static Node previously(String config, Nodes node) {
    return new NodeBuilder(with(node))
        .editMetadata()
        .addToAnnotations(ChangeKind.LAYOUT.previousKey(), config)
        .endMetadata()
        .build();
  }

  private NodeCheck rollBack() {
    return new NodeCheck(new NodeCheck.Request(
        connection(),
        "gpu-node",
        new ApplyGoal.RollBack(Optional.empty()),
        StatedGpus.Nothing.NOTHING,
        Disruption.NONE,
        NodeCheck.Gate.OPEN,
        NodeCheck.Attempt.NEW));
  }

  @Test
  void failed_onThisNameBefore() {
    policy("mixed", "default-mig-parted-config");
    map("default-mig-parted-config", CONFIGS);
    create(with(Nodes.b200(1).config("all-disabled", "failed")));
    createManager();
    answerReviews();

    assertFinds(
        "all-disabled",
        "warning: the MIG manager has failed to apply 'all-disabled' and does not try a name again; delete the node's MIG manager pod with 'kubectl delete pods -A -l app=nvidia-mig-manager --field-selector spec.nodeName=gpu-node', or apply another configuration first [failed-before]",
        OPERATORS);
  }

  @Test
  void paused_leftBehind() {
    cluster(with(Nodes.b200(1).config("theirs", "failed").paused()));

    assertFinds(
        "all-disabled",
        "warning: the MIG manager applies nothing, but has not started device-plugin again, so the node offers no GPU; delete the node's MIG manager pod, unless this change ends the pause [paused]");
  }

  @Test
  void gate_thatTheDaemonSetsDoNotTolerate() {
    untolerant(node());
    String line =
        "error: the DaemonSets of ClusterPolicy cluster-policy do not tolerate the taint mig4j.github.io/unverified, so the operator's pods do not start on a gated node; add the toleration {key: mig4j.github.io/unverified, operator: Exists} to spec.daemonsets.tolerations of the ClusterPolicy, with helm daemonsets.tolerations [gate-not-tolerated]";

    assertThat(gated("all-disabled").errors()).extracting(Finding::toString).containsExactly(line);
    assertDocumented(line);
  }

  /** A change that is gated already is not refused halfway. */
  @Test
  void gate_thatIsClosedAlready_isAWarning() {
    untolerant(edit(node()).editOrNewSpec().withTaints(NodeGate.TAINT).endSpec().build());
    String line =
        "warning: the DaemonSets of ClusterPolicy cluster-policy do not tolerate the taint mig4j.github.io/unverified, so the operator's pods do not start on a gated node; add the toleration {key: mig4j.github.io/unverified, operator: Exists} to spec.daemonsets.tolerations of the ClusterPolicy, with helm daemonsets.tolerations [gate-not-tolerated]";

    assertThat(gated("all-disabled").findings()).extracting(Finding::toString).contains(line);
    assertDocumented(line);
  }

  /** The chart's own tolerations. */
  private void untolerant(Node node) {
    policy(Map.of(
        "mig", Map.of("strategy", "mixed"),
        "migManager", Map.of("config", Map.of("name", "mig-config")),
        "daemonsets",
            Map.of(
                "tolerations",
                List.of(Map.of(
                    "key", "nvidia.com/gpu", "operator", "Exists", "effect", "NoSchedule")))));
    map("mig-config", CONFIGS);
    create(node);
    createManager();
    answerReviews();
  }

  private Preflight gated(String config) {
    return MigClient.of(recorded).node("gpu-node").apply(config).gated().preflight();
  }

  @Test
  void label_thatNothingReads() {
    cluster(with(Nodes.b200(1).label("nvidia.com/mig-config", "small")));

    assertFinds(
        "all-disabled",
        "warning: no program reads the label nvidia.com/mig-config=small; the key is nvidia.com/mig.config; remove it with 'kubectl label node gpu-node nvidia.com/mig-config-' [wrong-label-key]");
  }

  @Test
  void pods_thatUseGpus() {
    cluster(node());
    createPod("ml", "train", "nvidia.com/gpu");
    createPod("default", "serve", "nvidia.com/mig-1g.23gb");
    createPod("default", "web", "cpu");
    create(Pods.with("default", "idle", "nvidia.com/gpu", "0").build());
    create(Pods.with("default", "elsewhere", "nvidia.com/gpu", "1")
        .editSpec()
        .withNodeName("other")
        .endSpec()
        .build());
    create(Pods.with("default", "done", "nvidia.com/gpu", "1")
        .editOrNewStatus()
        .withPhase("Succeeded")
        .endStatus()
        .build());
    create(Pods.with("default", "crashed", "nvidia.com/gpu", "1")
        .editOrNewStatus()
        .withPhase("Failed")
        .endStatus()
        .build());
    create(Pods.with("gpu-operator", "validator", "nvidia.com/gpu", "1")
        .editMetadata()
        .addToLabels("app", "nvidia-device-plugin-validator")
        .endMetadata()
        .build());
    create(Pods.with("default", "client", "nvidia.com/gpu", "1")
        .editSpec()
        .addToNodeSelector("nvidia.com/gpu.deploy.client", "true")
        .endSpec()
        .build());
    create(new PodBuilder(Pods.with("default", "init", "cpu", "1").build())
        .editSpec()
        .addNewInitContainer()
        .withName("init")
        .withNewResources()
        .addToRequests("nvidia.com/gpu.shared", new Quantity("1"))
        .endResources()
        .endInitContainer()
        .endSpec()
        .build());

    assertFinds(
        "all-disabled",
        "error: pods use the node's GPUs: default/init, default/serve, ml/train; a change takes the GPUs from them, so drain the node first [busy-pods]");
  }

  /** A name that ends in a date only looks as if it had a hash. */
  @Test
  void config_whoseNameEndsInADate_isListedWithTheOthers() {
    policy("mixed", "mig-config");
    map(
        "mig-config",
        CONFIGS.replace(
            "  other:", "  small-20261125:\n  - devices: all\n    mig-enabled: false\n  other:"));
    create(node());
    createManager();
    answerReviews();

    assertThat(preflight("layout").errors())
        .extracting(Finding::remedy)
        .containsExactly("it has [all-disabled, first, other, shared, small, small-20261125]");
    assertThat(plan("small-20261125").key())
        .isEqualTo("small-20261125-" + MigConfig.of(MigConfigSpec.allDisabled()).contentHash());
  }

  @Test
  void pods_moreThanAMessageHolds() {
    cluster(node());
    for (int i = 10; i < 23; i++) {
      createPod("ml", "job-" + i, "nvidia.com/gpu");
    }

    assertThat(preflight("all-disabled").errors())
        .extracting(Finding::message)
        .containsExactly(
            "pods use the node's GPUs: ml/job-10, ml/job-11, ml/job-12, ml/job-13, ml/job-14, ml/job-15, ml/job-16, ml/job-17, ml/job-18, ml/job-19 and 3 more");
  }

  @Test
  void pods_thatTheCallerMoves_areANote() {
    cluster(node());
    create(Pods.with("ml", "train", "nvidia.com/gpu", "1")
        .editMetadata()
        .addNewOwnerReference()
        .withKind("ReplicaSet")
        .withName("train")
        .withController(true)
        .endOwnerReference()
        .endMetadata()
        .build());

    Preflight preflight = MigClient.of(recorded)
        .node("gpu-node")
        .apply("all-disabled")
        .disruption(Disruption.DRAIN)
        .preflight();

    assertThat(preflight.isClear()).isTrue();
    assertThat(preflight.findings())
        .extracting(Finding::code)
        .containsExactly(NodeCode.MODE_CHANGE_CLEARS, PreflightCode.BUSY_PODS);
  }

  @Test
  void pods_thatADrainWouldLose_areAnError() {
    cluster(node());
    createPod("ml", "by-hand", "nvidia.com/gpu");

    String line =
        "error: these pods that use the node's GPUs cannot be drained, because no controller would recreate them or their DaemonSet would recreate them here: ml/by-hand; delete them, or wait until they are done [pods-not-evictable]";

    assertThat(MigClient.of(recorded)
            .node("gpu-node")
            .apply("all-disabled")
            .disruption(Disruption.DRAIN)
            .preflight()
            .errors())
        .extracting(Finding::toString)
        .containsExactly(line);
    assertDocumented(line);
  }

  @Test
  void node_thatSomebodyElseChanges() {
    String theirs = ChangeRecord.of(
            ChangeKind.LAYOUT,
            "theirs",
            "ops-1",
            Instant.parse("2026-01-01T12:00:00Z"),
            Instant.parse("2126-01-01T12:00:00Z"),
            List.of())
        .json();
    cluster(new NodeBuilder(node())
        .editMetadata()
        .addToAnnotations(ChangeRecord.KEY, theirs)
        .endMetadata()
        .build());

    assertFinds(
        "all-disabled",
        "error: another client changes the node: ops-1 has been changing it to 'theirs' since 2026-01-01T12:00:00Z, with a deadline at 2126-01-01T12:00:00Z; wait until it is done, or recover the node if that client no longer runs [change-in-progress]");
  }

  @Test
  void pods_withClaimsOfOtherDrivers_areNoFinding() {
    Claims.serve(server);
    Claims.allocated(server, "nic", "dra.net");
    cluster(node());
    create(Claims.pod("network", "ReplicaSet", "nic"));

    assertFinds("all-disabled");
  }

  /** On a server without the API nothing more is read. */
  @Test
  void pods_withClaims_whereTheServerHasNoClaims_areNoFinding() {
    cluster(node());
    create(Claims.pod("network", "ReplicaSet", "nic"));

    assertFinds("all-disabled");
    assertThat(requests.all()).noneMatch(request -> request.contains("resourceclaims"));
  }

  @Test
  void pods_withoutClaims_takeNoRequestForThem() {
    cluster(node());
    createPod("ml", "train", "cpu");

    assertFinds("all-disabled");
    assertThat(requests.all()).noneMatch(request -> request.contains("resource.k8s.io"));
  }

  @Test
  void permission_toReadClaims() {
    Claims.serve(server);
    cluster(node());
    create(Claims.pod("network", "ReplicaSet", "nic"));
    forbid("/apis/resource.k8s.io/v1/namespaces/ml/resourceclaims/nic");

    assertFinds(
        "all-disabled",
        "error: this client is not allowed to get resourceclaim ml/nic; grant it the permissions of ClusterRole mig4j-apply [missing-permission]");
  }

  @Test
  void permission_toWrite() {
    cluster(node());
    denied.addAll(List.of("patch nodes", "watch nodes", "update configmaps gpu-operator"));

    assertFinds(
        "all-disabled",
        "note: this client is not allowed to watch nodes; grant it the permissions of ClusterRole mig4j-apply [missing-permission]",
        "note: this client is not allowed to patch nodes; grant it the permissions of ClusterRole mig4j-apply [missing-permission]",
        "note: this client is not allowed to update configmaps in namespace gpu-operator; grant it the permissions of ClusterRole mig4j-apply [missing-permission]");
  }

  @Test
  void permission_toRead_isOneMoreFinding() {
    cluster(node());
    forbid("/api/v1/nodes/gpu-node");
    forbid("/apis/nvidia.com/v1/clusterpolicies");

    assertFinds(
        "all-disabled",
        "error: this client is not allowed to get node gpu-node; grant it the permissions of ClusterRole mig4j-apply [missing-permission]",
        "error: this client is not allowed to list clusterpolicies.nvidia.com; grant it the permissions of ClusterRole mig4j-apply [missing-permission]");
  }

  @Test
  void permission_toListPods() {
    cluster(node());
    forbid("/api/v1/pods?labelSelector=app%3Dnvidia-mig-manager");
    forbid("/api/v1/pods?fieldSelector=spec.nodeName%3Dgpu-node");

    assertFinds(
        "all-disabled",
        "error: this client is not allowed to list pods of node gpu-node in all namespaces; grant it the permissions of ClusterRole mig4j-apply [missing-permission]",
        "error: this client is not allowed to list pods with label app=nvidia-mig-manager in all namespaces; grant it the permissions of ClusterRole mig4j-apply [missing-permission]");
  }

  @Test
  void permission_toReadTheMap() {
    cluster(node());
    forbid("/api/v1/namespaces/gpu-operator/configmaps/mig-config");

    assertFinds(
        "all-disabled",
        "error: this client is not allowed to get configmap gpu-operator/mig-config; grant it the permissions of ClusterRole mig4j-apply [missing-permission]");
  }

  @Test
  void permission_reviewsForbidden() {
    policy("mixed", "mig-config");
    map("mig-config", CONFIGS);
    create(node());
    createManager();
    server
        .expect()
        .post()
        .withPath(REVIEWS)
        .andReturn(403, new StatusBuilder().withCode(403).build())
        .always();

    assertFinds(
        "all-disabled",
        "note: the API server does not say what this client may do; make sure that it has the permissions of ClusterRole mig4j-apply [permissions-unknown]");
  }

  @Test
  void permission_thatNobodyTells() {
    create(node());
    createManager();
    policy("mixed", "mig-config");
    map("mig-config", CONFIGS);

    assertFinds(
        "all-disabled",
        "note: the API server does not say what this client may do; make sure that it has the permissions of ClusterRole mig4j-apply [permissions-unknown]");
  }

  @Test
  void apiServer_thatFails_isNoFinding() {
    server
        .expect()
        .get()
        .withPath("/api/v1/nodes/gpu-node")
        .andReturn(400, new StatusBuilder().withCode(400).withMessage("bad").build())
        .always();

    assertThatThrownBy(() -> preflight("all-disabled"))
        .isInstanceOf(MigClusterException.class)
        .hasMessageStartingWith("The API server answered 400 to: get node gpu-node (bad)");
  }

  private Preflight preflight(String config) {
    return MigClient.of(recorded).node("gpu-node").preflight(config);
  }

  private ApplyPlan plan(String config) {
    var layout = new ApplyGoal.Target.Layout(config, ApplyGoal.Naming.BY_CONTENT);
    return new NodeCheck(new NodeCheck.Request(
            connection(),
            "gpu-node",
            new ApplyGoal.To(layout),
            StatedGpus.Nothing.NOTHING,
            Disruption.NONE,
            NodeCheck.Gate.OPEN,
            NodeCheck.Attempt.NEW))
        .requirePlan();
  }

  private Cluster connection() {
    return new Cluster(recorded, MigSettings.defaults());
  }

  /** Exactly these lines, beside the note that is there for every configuration of a B200. */
  private void assertFinds(String config, String... lines) {
    assertFinds(preflight(config), lines);
  }

  private static void assertFinds(Preflight preflight, String... lines) {
    assertThat(preflight.toText().lines().skip(1).map(String::strip))
        .filteredOn(line -> !line.endsWith(" [mode-change-clears]"))
        .containsExactly(lines);
    assertDocumented(lines);
  }

  private static void assertDocumented(String... lines) {
    try {
      assertThat(Files.readAllLines(PAGE)).containsAll(List.of(lines));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A node on which nothing is wrong. */
  private static Node node() {
    return with(Nodes.b200(1));
  }

  /** The node after the operator has seen it. */
  private static Node with(Nodes node) {
    Node made = node.build();
    return edit(made)
        .editMetadata()
        .withLabels(withDeployLabel(made.getMetadata().getLabels()))
        .endMetadata()
        .editStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .endStatus()
        .build();
  }

  private static Map<String, String> withDeployLabel(Map<String, String> labels) {
    Map<String, String> all = new HashMap<>(labels);
    all.putIfAbsent("nvidia.com/gpu.deploy.mig-manager", "true");
    return all;
  }

  private static NodeBuilder edit(Nodes node) {
    return edit(node.build());
  }

  private static NodeBuilder edit(Node node) {
    return new NodeBuilder(node);
  }

  private void cluster(Node... nodes) {
    clusterWithoutManager(nodes);
    createManager();
  }

  private void clusterWithoutManager(Node... nodes) {
    policy("mixed", "mig-config");
    map("mig-config", CONFIGS);
    for (Node node : nodes) {
      create(node);
    }
    answerReviews();
  }

  private void policy(String strategy, String map) {
    TestCluster.of(client).policy(strategy, map);
  }

  private void policy(Map<String, Object> spec) {
    TestCluster.of(client).policy(spec);
  }

  private void map(String name, String text) {
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace("gpu-operator")
            .endMetadata()
            .addToData("config.yaml", text)
            .build())
        .create();
  }

  private void create(HasMetadata object) {
    client.resource(object).create();
  }

  private void createManager() {
    create(Pods.manager("v0.15.0").build());
  }

  private void createPod(String namespace, String name, String resource) {
    create(Pods.with(namespace, name, resource, "1").build());
  }

  /** As an API server does: yes to everything that is not denied. */
  private void answerReviews() {
    server
        .expect()
        .post()
        .withPath(REVIEWS)
        .andReply(
            201,
            request -> answer(
                Serialization.unmarshal(request.getUtf8Body(), SelfSubjectAccessReview.class)))
        .always();
  }

  private SelfSubjectAccessReview answer(SelfSubjectAccessReview asked) {
    var what = asked.getSpec().getResourceAttributes();
    String text = what.getVerb() + " " + what.getResource()
        + (what.getNamespace() == null ? "" : " " + what.getNamespace());
    return new SelfSubjectAccessReviewBuilder(asked)
        .withNewStatus()
        .withAllowed(!denied.contains(text))
        .endStatus()
        .build();
  }

  private void forbid(String path) {
    server
        .expect()
        .get()
        .withPath(path)
        .andReturn(403, new StatusBuilder().withCode(403).build())
        .always();
  }
}
