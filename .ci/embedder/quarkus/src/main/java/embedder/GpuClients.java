package embedder;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.metrics.MigMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

@Dependent
class GpuClients {
  @Produces
  @Singleton
  MigClient migClient(KubernetesClient client, MeterRegistry registry) {
    return MigClient.of(client).with(MigSettings.defaults().withListener(MigMetrics.of(registry)));
  }
}
