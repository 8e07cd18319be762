package io.github.mig4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.simulator.EmbeddedCluster;
import org.junit.jupiter.api.Test;

class SchedulePodsTest {

  @Test
  void podThatIsCreatedAgainUnderItsName_isBound() throws InterruptedException {
    try (EmbeddedCluster cluster = new EmbeddedCluster()) {
      KubernetesClient client = cluster.client();
      client
          .resource(new NodeBuilder()
              .withNewMetadata()
              .withName("gpu-node")
              .endMetadata()
              .withNewStatus()
              .addToAllocatable("nvidia.com/mig-1g.23gb", new Quantity("1"))
              .endStatus()
              .build())
          .create();
      var scheduler = new SchedulePods.Scheduler(client);
      var pod = client.pods().inNamespace("default").withName("worker-0");
      SchedulePods.pending(client, "worker-0", "1g.23gb");
      scheduler.run(1);
      pod.delete();
      SchedulePods.pending(client, "worker-0", "1g.23gb");

      scheduler.run(1);

      assertThat(pod.get().getSpec().getNodeName()).isEqualTo("gpu-node");
    }
  }
}
