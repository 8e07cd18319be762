package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.ClusterUser;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.RecordedRequests;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Changes that are made by looks alone, each of a client of its own. */
@ExtendWith(MockApiServer.class)
class ApplyStepTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(50))
      .build();
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());

  KubernetesClient client;
  private final RecordedRequests requests = new RecordedRequests();
  private KubernetesClient recorded;

  @BeforeEach
  void connect() {
    recorded = requests.client(client.getConfiguration());
  }

  @AfterEach
  void disconnect() {
    recorded.close();
  }

  @Test
  void poll_byAnotherProcessEachTime_changesTheNode() {
    try (var simulator = simulator(); var user = new ClusterUser(client, "gpu-node")) {
      ApplyStep first = as("operator").apply("small").timings(QUICK).poll();
      System.err.println(first);
      for (int i = 0; i < 40; i++) {
        ApplyStep step = as("operator").apply("small").timings(QUICK).poll();
        System.err.println(step);
        System.err.println(user.get().getMetadata().getAnnotations());
        if (step instanceof ApplyStep.InForce) break;
        try { Thread.sleep(50); } catch (InterruptedException e) {}
      }
      int before = requests.all().size();
      System.err.println(as("operator").apply("small").timings(QUICK).poll());
      System.err.println(requests.all().subList(before, requests.all().size()));
    }
  }

  private MigNode as(String identity) {
    return MigClient.of(recorded)
        .with(MigSettings.builder().identity(identity).build())
        .node("gpu-node");
  }

  private GpuOperatorSimulator simulator() {
    MigClient.of(client).configMap("mig-config").merge("small", SMALL);
    MigClient.of(client).configMap("mig-config").merge("medium", MEDIUM);
    GpuOperatorSimulator simulator = GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(SimulatorTimings.everyStep(Duration.ofMillis(20)))
        .start();
    try (var user = new ClusterUser(client, "gpu-node")) {
      user.await(n -> n.getMetadata().getLabels().containsKey("nvidia.com/gpu.count") && n.getMetadata().getLabels().containsKey("nvidia.com/mig.config.state"));
    }
    return simulator;
  }
}
