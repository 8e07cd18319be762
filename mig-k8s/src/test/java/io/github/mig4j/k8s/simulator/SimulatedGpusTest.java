package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.node.MigNodeStatus;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@SimulatedGpus(gpu = "NVIDIA-B200", count = 2)
class SimulatedGpusTest {

  private KubernetesClient seenBefore;

  @BeforeEach
  void remember(KubernetesClient client) {
    seenBefore = client;
  }

  @Test
  void node_isReady_whenTheTestBegins(MigClient mig, KubernetesClient client) {
    MigNodeStatus status = mig.node("gpu-node").status();

    assertThat(client).isSameAs(seenBefore);
    assertThat(status.allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 2L));
    assertThat(status.product()).contains("NVIDIA-B200");
    assertThat(client
            .pods()
            .inNamespace("gpu-operator")
            .withLabel("app", "nvidia-mig-manager")
            .list()
            .getItems())
        .hasSize(1);
  }

  @Test
  void apply_changesTheGpus(MigClient mig, GpuOperatorSimulator simulator) {
    var model = simulator.gpus("gpu-node").get(0).model();
    mig.configMap("mig-config")
        .merge(
            "small",
            MigConfigSpec.allDevices(MigLayout.on(model).add("1g.23gb", 7).build()));

    var done = mig.node("gpu-node")
        .apply("small")
        .timings(ApplyTimings.builder().stability(Duration.ofMillis(100)).build())
        .await(Duration.ofMinutes(1));

    assertThat(done.allocatable()).isEqualTo(Map.of("nvidia.com/mig-1g.23gb", 14L));
  }

  @Test
  @SimulatedGpus(node = "large", gpu = "NVIDIA-H200", count = 8)
  @SimulatedGpus(node = "small", gpu = "NVIDIA-L40S")
  void annotationsOfTheMethod_replaceThoseOfItsClass(MigClient mig) {
    assertThat(mig.nodes()).extracting(MigNodeStatus::node).containsExactly("large", "small");
    assertThat(mig.node("large").status().allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 8L));
    assertThat(mig.node("small").status().allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 1L));
  }

  @Nested
  class InAClassWithin {
    @Test
    void nodes_areThoseOfTheClassAround(GpuOperatorSimulator simulator) {
      assertThat(simulator.gpus("gpu-node")).hasSize(2);
    }
  }
}
