package embedder;

import io.github.mig4j.k8s.MigClient;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

@Readiness
@Singleton
class GpuHealth implements HealthCheck {
  private final MigClient mig;

  @Inject
  GpuHealth(MigClient mig) {
    this.mig = mig;
  }

  @Override
  public HealthCheckResponse call() {
    var health = HealthCheckResponse.named("gpus").up();
    mig.nodes().stream()
        .filter(node -> !node.problems().isEmpty())
        .forEach(node -> health.down().withData(node.node(), String.join("; ", node.problems())));
    return health.build();
  }
}
