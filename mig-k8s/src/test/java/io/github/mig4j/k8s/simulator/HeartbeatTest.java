package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.internal.NodeFields;
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

  /** A controller manager writes Unknown where the API server was away for a while. */
  @Test
  void beat_reportsANodeAsReadyAgain_whoseConditionIsUnknown() throws Exception {
    client.resource(node("Unknown")).create();
    try (var background = new Background(Duration.ofMillis(10))) {
      new Heartbeat(client, background, "gpu-node").beat(Lifetime.yielding());
    }

    assertThat(NodeFields.isReady(client.nodes().withName("gpu-node").require()))
        .contains(true);
  }

  /** A node that its user has made not ready stays so. */
  @Test
  void beat_leavesOtherConditionsAlone() throws Exception {
    client.resource(node("False")).create();
    try (var background = new Background(Duration.ofMillis(10))) {
      new Heartbeat(client, background, "gpu-node").beat(Lifetime.yielding());
    }

    assertThat(NodeFields.isReady(client.nodes().withName("gpu-node").require()))
        .contains(false);
  }

  private static Node node(String ready) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName("gpu-node")
        .endMetadata()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready)
        .endCondition()
        .endStatus()
        .build();
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
