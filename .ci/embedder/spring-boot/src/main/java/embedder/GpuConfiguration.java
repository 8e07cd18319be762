package embedder;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.metrics.MigMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration
class GpuConfiguration {
  @Bean
  KubernetesClient kubernetesClient() {
    return new KubernetesClientBuilder().build();
  }

  @Bean
  MigClient migClient(KubernetesClient client, MeterRegistry registry) {
    return MigClient.of(client).with(MigSettings.defaults().withListener(MigMetrics.of(registry)));
  }
}
