package embedder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.simulator.SimulatedGpus;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

@SimulatedGpus(gpu = "NVIDIA-B200")
class GpuHealthTest {

  @Test
  void context_hasAClientWithMeters_andItsHealth(KubernetesClient cluster) {
    new ApplicationContextRunner()
        .withAllowBeanDefinitionOverriding(true)
        .withUserConfiguration(GpuConfiguration.class, GpuHealth.class)
        .withBean(MeterRegistry.class, SimpleMeterRegistry::new)
        // In place of the one that reads the kubeconfig.
        .withInitializer(context -> context.getBeanFactory().addBeanPostProcessor(new EmbeddedClient(cluster)))
        .run(context -> {
          GpuHealth health = context.getBean(GpuHealth.class);
          assertEquals(Status.UP, health.health().getStatus());

          cluster.nodes().withName("gpu-node").edit(node -> new NodeBuilder(node)
              .editMetadata()
              .addToLabels("nvidia.com/gpu.product", "NVIDIA-B999")
              .endMetadata()
              .build());
          assertEquals(Status.OUT_OF_SERVICE, health.health().getStatus());
          assertEquals(2, context.getBean(MeterRegistry.class)
              .get("mig4j.request").tag("request", "list nodes").timer().count());
        });
  }

  private record EmbeddedClient(KubernetesClient cluster)
      implements org.springframework.beans.factory.config.BeanPostProcessor {
    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      return name.equals("kubernetesClient") ? cluster : bean;
    }
  }
}
