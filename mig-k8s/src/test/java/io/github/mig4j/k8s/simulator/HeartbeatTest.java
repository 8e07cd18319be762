package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MockApiServer.class)
class HeartbeatTest {

  KubernetesClient client;

  @Test
  void start_beatsAtOnce() {
    try (var background = new Background(Duration.ofMillis(10))) {
      var lease = client.leases().inNamespace(Heartbeat.NAMESPACE).withName("gpu-node");

      new Heartbeat(client, background, "gpu-node").start();

      // The next beat is 10 s away, and the lease is renewed only then.
      lease.waitUntilCondition(Objects::nonNull, 5, TimeUnit.SECONDS);
      assertThat(lease.require().getSpec().getHolderIdentity()).isEqualTo("gpu-node");
    }
  }

  @Test
  void beat_createsTheLease_andRenewsIt() throws Exception {
    try (var background = new Background(Duration.ofMillis(10))) {
      var heartbeat = new Heartbeat(client, background, "gpu-node");

      heartbeat.beat(Lifetime.yielding());
      var first =
          client.leases().inNamespace(Heartbeat.NAMESPACE).withName("gpu-node").require();
      heartbeat.beat(Lifetime.yielding());
      var second =
          client.leases().inNamespace(Heartbeat.NAMESPACE).withName("gpu-node").require();

      assertThat(first.getSpec().getHolderIdentity()).isEqualTo("gpu-node");
      assertThat(first.getSpec().getLeaseDurationSeconds()).isEqualTo(40);
      assertThat(second.getSpec().getRenewTime()).isAfter(first.getSpec().getRenewTime());
    }
  }
}
