package io.github.mig4j.k8s.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.internal.ClusterPolicies;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MockApiServer.class)
class MigOperatorTest {

  private static final OperatorSettings MIXED =
      new OperatorSettings(MigStrategy.MIXED, "mig-config");

  KubernetesMockServer server;
  KubernetesClient client;

  @Test
  void helmValues_haveTheTwoSettings() {
    assertThat(MIXED.helmValues()).isEqualTo("""
            mig:
              strategy: "mixed"
            migManager:
              config:
                name: "mig-config"
            """);
  }

  @Test
  void helmUpgrade_keepsOtherValues() {
    assertThat(MIXED.helmUpgrade()).isEqualTo("""
            helm upgrade gpu-operator nvidia/gpu-operator \\
              -n gpu-operator \\
              --reuse-values \\
              --set mig.strategy=mixed \\
              --set-string migManager.config.name=mig-config
            """);
  }

  @Test
  void settings_thatCannotWork_areRefused() {
    assertThatThrownBy(() -> new OperatorSettings(MigStrategy.NONE, "mig-config"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "The strategy must be single or mixed, but was none; with none a node does not offer its MIG devices");
    assertThatThrownBy(() -> new OperatorSettings(MigStrategy.MIXED, "default-mig-parted-config"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "ConfigMap 'default-mig-parted-config' belongs to the GPU Operator, which reverts every"
                + " change; use another name, e.g. 'mig-config'");
    assertThatThrownBy(() -> new OperatorSettings(MigStrategy.MIXED, "Mig Config"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Not a name of a ConfigMap: 'Mig Config'; use lower-case letters, digits, '.' and '-', e.g. 'mig-config'");
  }

  @Test
  void use_changesTwoSettings_andKeepsTheOthers() {
    createPolicy(Map.of(
        "mig", Map.of("strategy", "single"),
        "migManager", Map.of("enabled", true, "config", Map.of("default", "all-disabled")),
        "driver", Map.of("enabled", false)));
    var operator = MigClient.of(client).operator();

    operator.use(MIXED);

    assertThat(operator.configMap()).contains("mig-config");
    assertThat(policy().<Map<String, Object>>get("spec"))
        .isEqualTo(Map.of(
            "mig", Map.of("strategy", "mixed"),
            "migManager",
                Map.of(
                    "enabled",
                    true,
                    "config",
                    Map.of("default", "all-disabled", "name", "mig-config")),
            "driver", Map.of("enabled", false)));
  }

  @Test
  void use_sameSettings_writesNothing() {
    createPolicy(Map.of(
        "mig", Map.of("strategy", "mixed"),
        "migManager", Map.of("config", Map.of("name", "mig-config"))));
    String version = policy().getMetadata().getResourceVersion();

    MigClient.of(client).operator().use(MIXED);

    assertThat(policy().getMetadata().getResourceVersion()).isEqualTo(version);
  }

  @Test
  void use_withoutClusterPolicy_isRefused() {
    var operator = MigClient.of(client).operator();

    TestCluster.of(client).configMap("");
    assertThat(operator.configMap()).isEmpty();
    assertThatThrownBy(() -> operator.use(MIXED))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "ClusterPolicy: the cluster has no ClusterPolicy, so no GPU Operator manages its GPUs; install NVIDIA's"
                + " GPU Operator with helm");
  }

  /** GPU Operator 26.7 with DRA: neither a MIG manager nor a device plugin would read a ConfigMap. */
  @Test
  void everything_whereAGpuClusterReplacesThePolicy_isRefused() {
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
    var operator = MigClient.of(client).operator();

    for (ThrowingCallable call : List.<ThrowingCallable>of(
        operator::configMap,
        operator::sharingMap,
        () -> operator.use(MIXED),
        () -> operator.useSharingMap("plugin-config"))) {
      assertThatThrownBy(call)
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "ClusterPolicy: GPUCluster gpu-cluster manages the GPUs by dynamic resource allocation (GPU Operator 26.7 or later), so no MIG manager acts on node labels; request MIG devices by ResourceClaims; see 'kubectl get resourceslices'");
    }
  }

  @Test
  void use_mapThatDoesNotExist_isRefused() {
    TestCluster.of(client).policy(Map.of());

    assertThatThrownBy(() -> MigClient.of(client).operator().use(MIXED))
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "ConfigMap gpu-operator/mig-config: it does not exist, and every MIG manager would wait for it; create it with a configuration first");
    assertThat(policy().<Object>get("spec", "migManager")).isNull();
  }

  private void createPolicy(Map<String, Object> spec) {
    TestCluster.of(client).policy(spec).configMap("");
  }

  private GenericKubernetesResource policy() {
    return client
        .genericKubernetesResources(ClusterPolicies.CONTEXT)
        .withName("cluster-policy")
        .require();
  }
}
