package embedder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;

@SimulatedGpus(gpu = "NVIDIA-B200")
class GpuHealthTest {

  @Test
  void health_isDown_ifANodeHasAProblem(KubernetesClient client) {
    GpuHealth health = new GpuHealth(new GpuClients().migClient(client, new SimpleMeterRegistry()));
    assertEquals(Status.UP, health.call().getStatus());

    client.nodes().withName("gpu-node").edit(node -> new NodeBuilder(node)
        .editMetadata()
        .addToLabels("nvidia.com/gpu.product", "NVIDIA-B999")
        .endMetadata()
        .build());
    assertEquals(Status.DOWN, health.call().getStatus());
  }
}
