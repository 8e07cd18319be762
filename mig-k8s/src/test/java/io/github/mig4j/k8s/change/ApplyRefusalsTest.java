package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigClusterException;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.TestClients;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.NodeFields;
import io.github.mig4j.node.NodeGpu;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What cannot work is refused with subject, value and remedy, before anything is written. */
@ExtendWith(MockApiServer.class)
class ApplyRefusalsTest {

  private static final String CONFIGS = """
      version: v1
      mig-configs:
        all-disabled:
        - devices: all
          mig-enabled: false
        b200-split-small:
        - devices: all
          mig-enabled: true
          mig-devices:
            "1g.23gb": 7
        too-large:
        - devices: all
          mig-enabled: true
          mig-devices:
            "1g.23gb": 1
            "3g.90gb": 2
      """;

  KubernetesMockServer server;
  KubernetesClient client;

  @AfterEach
  void nothingWasWritten() {
    client
        .nodes()
        .list()
        .getItems()
        .forEach(node -> assertThat(NodeFields.labels(node)).doesNotContainKey(Labels.MIG_CONFIG));
    client
        .configMaps()
        .inAnyNamespace()
        .list()
        .getItems()
        .forEach(map -> assertThat(map.getData()).containsOnly(Map.entry("config.yaml", CONFIGS)));
  }

  @Test
  void apply_unknownNode_isRefused() {
    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: the node does not exist; see 'kubectl get"
            + " nodes'; the cluster has no ClusterPolicy, so no GPU Operator manages its GPUs; install"
            + " NVIDIA's GPU Operator with helm");
  }

  @Test
  void apply_withoutClusterPolicy_isRefused() {
    create(Nodes.b200(1));

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: the cluster has no ClusterPolicy, so no GPU"
            + " Operator manages its GPUs; install NVIDIA's GPU Operator with helm");
  }

  @Test
  void apply_policyThatNamesNoMap_isRefused_whereNoneWasGenerated() {
    create(Nodes.b200(1));
    createPolicy(Map.of("mig", Map.of("strategy", "mixed")));

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: ConfigMap gpu-operator/gpu-node-mig-config"
            + " does not exist, in which the node's MIG manager publishes its configurations; set"
            + " spec.migManager.config.name, or see whether the MIG manager runs");
  }

  @Test
  void apply_mapThatDoesNotExist_isRefused() {
    create(Nodes.b200(1));
    createPolicy();

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: ConfigMap gpu-operator/mig-config does not"
            + " exist, though the ClusterPolicy names it; publish a configuration to it");
  }

  @Test
  void apply_unknownConfig_namesThoseThatThereAre() {
    create(Nodes.b200(1));
    createPolicy();
    createMap();

    assertRefused(
        "b200-split-smal",
        "Config 'b200-split-smal' on node gpu-node: ConfigMap gpu-operator/mig-config has no"
            + " configuration 'b200-split-smal'; it has [all-disabled, b200-split-small, too-large] (did you"
            + " mean b200-split-small?)");
  }

  @Test
  void apply_nameThatIsNoLabelValue_isRefusedAtOnce() {
    assertThatThrownBy(() -> MigClient.of(client).node("gpu-node").apply("b200 small"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Config name 'b200 small' is no label value, so no node can request it; use 1 to 63"
                + " letters, digits, '.', '_' and '-', beginning and ending with a letter or"
                + " digit");
  }

  @Test
  void apply_unknownProduct_isRefused() {
    create(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-B201"));
    createPolicy();
    createMap();

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: GPU product 'NVIDIA-B201' is not in the"
            + " catalogue; add its model as docs/add-a-gpu.md describes");
  }

  @Test
  void apply_gpuWithoutMig_namesTheAlternative() {
    create(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-L40S")
        .label(Labels.GPU_MEMORY, "46068")
        .label(Labels.MIG_CAPABLE, "false"));
    createPolicy();
    createMap();

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: l40s (Ada Lovelace) has no MIG; share it by"
            + " time-slicing or MPS instead");
  }

  @Test
  void apply_profileOfAnotherGpu_isRefused() {
    create(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-H100-80GB-HBM3")
        .label(Labels.GPU_MEMORY, "81559"));
    createPolicy();
    createMap();

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: ConfigMap gpu-operator/mig-config:10:7: GPU 0 (h100-sxm-80gb):"
            + " h100-sxm-80gb has no profile 1g.23gb (did you mean 1g.20gb or 1g.10gb?); it has"
            + " 1g.10gb, 1g.10gb+me, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb; mig-parted would"
            + " destroy all devices, create none and report success; use a profile that the GPU has");
  }

  @Test
  void apply_layoutThatDoesNotFit_saysTheDecisiveReason() {
    create(Nodes.b200(1));
    createPolicy();
    createMap();

    assertRefused(
        "too-large",
        "Config 'too-large' on node gpu-node: ConfigMap gpu-operator/mig-config:14:5: GPU 0 (b200-180gb) cannot hold"
            + " {1g.23gb=1, 3g.90gb=2}: b200-180gb has 8 memory slices, but the request takes 9"
            + " (1g.23gb: 1, 3g.90gb: 8); and 2 more; mig-parted would destroy all devices and fail;"
            + " lower the counts");
  }

  @Test
  void apply_withoutProductLabel_saysSo() {
    create(Nodes.b200(1).without(Labels.GPU_PRODUCT).label("nvidia.com/mig-config", "x"));
    createPolicy();
    createMap();

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: the node has no label nvidia.com/gpu.product,"
            + " so its GPU is not known; deploy GPU Feature Discovery or set the label");
  }

  @Test
  void apply_configThatTheOperatorsOwnMapLacks_isRefused() {
    create(Nodes.b200(1));
    TestCluster.of(client).policy("mixed", "default-mig-parted-config");
    client
        .resource(new ConfigMapBuilder()
            .withNewMetadata()
            .withName("default-mig-parted-config")
            .withNamespace("gpu-operator")
            .endMetadata()
            .addToData("config.yaml", CONFIGS)
            .build())
        .create();

    assertRefused(
        "absent",
        "Config 'absent' on node gpu-node: ConfigMap gpu-operator/default-mig-parted-config has no"
            + " configuration 'absent'; it has [all-disabled, b200-split-small, too-large]");
  }

  @Test
  void apply_withoutPermission_namesTheVerb() {
    server
        .expect()
        .get()
        .withPath("/api/v1/nodes/gpu-node")
        .andReturn(403, new StatusBuilder().withCode(403).build())
        .always();

    createPolicy();
    createMap();

    assertRefused(
        "b200-split-small",
        "Config 'b200-split-small' on node gpu-node: this client is not allowed to get node"
            + " gpu-node; grant it the permissions of ClusterRole mig4j-apply");
  }

  @Test
  void apply_withoutApiServer_saysWhichAddress() {
    try (KubernetesClient nobody = TestClients.builder()
        .withConfig(new ConfigBuilder()
            .withMasterUrl("http://localhost:1/")
            .withRequestRetryBackoffLimit(0)
            .build())
        .build()) {
      assertThatThrownBy(() -> MigClient.of(nobody).node("gpu-node").status())
          .isInstanceOf(MigClusterException.class)
          .hasMessageMatching(
              "No answer from the API server http://localhost:1/ to: get node gpu-node"
                  + " \\(ConnectException: Connection refused\\)\\. Check the address in the"
                  + " kubeconfig's current context");
    }
  }

  @Test
  void gpus_thatCannotBeANodes_areRefusedAtOnce() {
    var request = MigClient.of(client).node("gpu-node").apply("b200-small");
    var b200 = GpuCatalog.bundled().require("b200-180gb");

    assertThatThrownBy(() -> request.gpus(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A node to partition has at least 1 GPU, but count was 0");
    assertThatThrownBy(() -> request.gpus(List.of(NodeGpu.of(0, b200), NodeGpu.of(2, b200))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The GPUs of a node have the indexes 0, 1, 2 and so on, but these have [0, 2]");
    assertThatThrownBy(() -> request.gpus(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The GPUs of a node have the indexes 0, 1, 2 and so on, but these have []");
  }

  private void assertRefused(String config, String message) {
    assertThatThrownBy(() -> apply(config))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(message);
  }

  private void apply(String config) {
    MigClient.of(client).node("gpu-node").apply(config).await(Duration.ofSeconds(1));
  }

  private void create(Nodes node) {
    TestCluster.of(client).node(node);
  }

  private void createMap() {
    TestCluster.of(client).configMap(CONFIGS);
  }

  private void createPolicy() {
    TestCluster.of(client).policy("mixed", "mig-config");
  }

  private void createPolicy(Map<String, Object> spec) {
    TestCluster.of(client).policy(spec);
  }
}
