package embedder;

import io.github.mig4j.k8s.MigClient;
import org.springframework.boot.actuate.health.AbstractHealthIndicator;
import org.springframework.boot.actuate.health.Health;
import org.springframework.stereotype.Component;

@Component
class GpuHealth extends AbstractHealthIndicator {
  private final MigClient mig;

  GpuHealth(MigClient mig) {
    this.mig = mig;
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    health.up();
    mig.nodes().stream()
        .filter(node -> !node.problems().isEmpty())
        .forEach(node -> health.outOfService().withDetail(node.node(), node.problems()));
  }
}
