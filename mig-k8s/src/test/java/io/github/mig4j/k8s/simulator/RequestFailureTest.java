package io.github.mig4j.k8s.simulator;

import static io.github.mig4j.k8s.fixture.ClusterUser.PLUGIN;
import static io.github.mig4j.k8s.fixture.ClusterUser.STATE;
import static io.github.mig4j.k8s.fixture.ClusterUser.labels;
import static io.github.mig4j.k8s.fixture.ClusterUser.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The simulator goes on where requests fail. */
@ExtendWith(MockApiServer.class)
class RequestFailureTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final int FORBIDDEN = 403;

  KubernetesClient client;
  KubernetesMockServer server;
  ClusterUser node;

  @BeforeEach
  void look() {
    node = new ClusterUser(client, "gpu-node");
  }

  @AfterEach
  void lookAway() {
    node.close();
  }

  @Test
  void refusedWrites_areRepeated() {
    try (var simulator = GpuOperatorSimulator.on(client)
            .node("gpu-node", B200)
            .strategy(MigStrategy.MIXED)
            .start();
        var quiet = node.quiet()) {
      node.await(found -> "success".equals(labels(found).get(STATE))
          && Integer.valueOf(1).equals(offer(found).get("nvidia.com/gpu")));
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      node.request("all-1g.23gb");
      node.await(found -> "paused-for-mig-change".equals(labels(found).get(PLUGIN))
          && offer(found).equals(Map.of("nvidia.com/gpu", 0)));

      // Labels back to true, and the plugin's offer: each is refused twice.
      server
          .expect()
          .patch()
          .withPath("/api/v1/nodes/gpu-node")
          .andReturn(FORBIDDEN, "")
          .times(2);
      server
          .expect()
          .patch()
          .withPath("/api/v1/nodes/gpu-node/status")
          .andReturn(FORBIDDEN, "")
          .times(2);
      simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);

      node.awaitOffer(Map.of("nvidia.com/gpu", 0, "nvidia.com/mig-1g.23gb", 7));
      node.awaitState("success");
      assertThat(labels(node.get())).containsEntry(PLUGIN, "true");
    }
  }

  @Test
  void start_withoutTheClusterPolicyDefinition_namesTheRemedy() {
    server
        .expect()
        .get()
        .withPath("/apis/nvidia.com/v1/clusterpolicies")
        .andReturn(404, "404 page not found")
        .once();

    assertThatThrownBy(
            () -> GpuOperatorSimulator.on(client).node("gpu-node", B200).start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The cluster does not know nvidia.com/v1 ClusterPolicy;"
            + " define it with installClusterPolicyDefinition()");
  }

  @Test
  void definition_hasTheOperatorsNames_andAcceptsAnySpec() {
    var definition = ClusterPolicyCrd.minimal();

    assertThat(definition.getMetadata().getName()).isEqualTo("clusterpolicies.nvidia.com");
    assertThat(definition.getSpec().getScope()).isEqualTo("Cluster");
    assertThat(definition.getSpec().getNames().getKind()).isEqualTo("ClusterPolicy");
    assertThat(definition.getSpec().getVersions()).singleElement().satisfies(version -> {
      assertThat(version.getName()).isEqualTo("v1");
      assertThat(version
              .getSchema()
              .getOpenAPIV3Schema()
              .getProperties()
              .get("spec")
              .getXKubernetesPreserveUnknownFields())
          .isTrue();
    });
  }
}
