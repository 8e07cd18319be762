package io.github.mig4j.k8s.scenario;

import static io.github.mig4j.k8s.scenario.Scenario.H100;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.fixture.TestClients;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A scenario in which only the client of this library is behind a proxy. */
abstract class BehindProxy {

  KubernetesClient client;
  FaultProxy proxy;
  private KubernetesClient far;

  @BeforeEach
  void connect() {
    proxy = FaultProxy.to(client.getConfiguration());
    far = TestClients.builder().withConfig(proxy.config()).build();
  }

  @AfterEach
  void disconnect() {
    far.close();
    proxy.close();
  }

  Scenario start() {
    return Scenario.on(client).through(MigClient.of(far)).start(H100);
  }
}
