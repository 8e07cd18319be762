package io.github.mig4j.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.k8s.cluster.GpuResources;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MockApiServer.class)
class MigClientTest {

  KubernetesClient client;

  @Test
  void adapt_findsTheExtension_andClosingItLeavesTheClientOpen() {
    client.resource(Nodes.cutIntoSeven().build()).create();

    try (MigClient mig = client.adapt(MigClient.class)) {
      assertThat(mig.node("gpu-node").status().allocatable())
          .hasToString("{nvidia.com/mig-1g.23gb=7}");
    }

    assertThat(client.nodes().withName("gpu-node").get()).isNotNull();
  }

  @Test
  void with_otherSettings_readsAnotherLabel() {
    client.resource(Nodes.b200(1).label("example.com/mig", "theirs").build()).create();
    var settings = MigSettings.builder().configLabel("example.com/mig").build();

    var status = MigClient.of(client).with(settings).node("gpu-node").status();

    assertThat(status.config()).contains("theirs");
  }

  @Test
  void markCapable_unlabelledNode_isLabelled() {
    client.resource(Nodes.b200(1).without(Labels.MIG_CAPABLE).build()).create();

    var status = MigClient.of(client).node("gpu-node").markCapable();

    assertThat(status.migCapable()).contains(true);
    assertThat(client.nodes().withName("gpu-node").require().getMetadata().getLabels())
        .containsEntry("nvidia.com/mig.capable", "true")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-B200");
  }

  @Test
  void markCapable_whereFeatureDiscoveryHasSpoken_changesNothing() {
    client.resource(Nodes.b200(1).label(Labels.MIG_CAPABLE, "false").build()).create();

    var status = MigClient.of(client).node("gpu-node").markCapable();

    assertThat(status.migCapable()).contains(false);
  }

  @Test
  void markCapable_gpuWithoutMig_isRefused() {
    client
        .resource(Nodes.b200(1)
            .without(Labels.MIG_CAPABLE)
            .without(Labels.GPU_MEMORY)
            .label(Labels.GPU_PRODUCT, "NVIDIA-L4")
            .build())
        .create();

    assertThatThrownBy(() -> MigClient.of(client).node("gpu-node").markCapable())
        .isInstanceOf(MigRefusedException.class)
        .hasMessage(
            "Node gpu-node: its GPU NVIDIA-L4 has no MIG; share it by time-slicing or MPS instead");
  }

  @Test
  void limits_askForTheProfilesResource() {
    assertThat(GpuResources.limits(MigProfile.parse("1g.23gb+me"), 2).getLimits())
        .isEqualTo(Map.of("nvidia.com/mig-1g.23gb.me", new Quantity("2")));
    assertThatThrownBy(() -> GpuResources.limits(MigProfile.parse("1c.3g.90gb"), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The device plugin has no resource for 1c.3g.90gb; request 3g.90gb");
    assertThatThrownBy(() -> GpuResources.limits(MigProfile.parse("1g.23gb"), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The count of 1g.23gb must be at least 1, but was 0");
  }
}
