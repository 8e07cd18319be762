package io.github.mig4j.k8s.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.change.ApplyTimings;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.sharing.DevicePluginConfig;
import io.github.mig4j.sharing.GpuSharing;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A sharing configuration is rolled out as a layout is. */
@ExtendWith(MockApiServer.class)
@Timeout(120)
class SharingRolloutTest {

  private static final GpuModel L40S = GpuCatalog.bundled().require("l40s");
  private static final List<String> NODES = List.of("node-a", "node-b", "node-c");
  private static final DevicePluginConfig FOUR = DevicePluginConfig.of(GpuSharing.timeSlicing(4));
  private static final DevicePluginConfig SIX = DevicePluginConfig.of(GpuSharing.timeSlicing(6));
  private static final ApplyTimings QUICK =
      ApplyTimings.builder().stability(Duration.ofMillis(100)).build();

  KubernetesClient client;

  @Test
  void run_sharesEveryNode_andRollsThoseThatFailBack() {
    MigClient mig = MigClient.of(client);
    mig.sharingMap("plugin-config").merge("four", FOUR);
    mig.sharingMap("plugin-config").merge("six", SIX);
    try (var simulator = start()) {
      var toFour = rollout(mig, "to-four").share("four");

      assertThat(toFour.dryRun().toText()).isEqualTo("""
              Rollout 'to-four': 3 of 3 nodes would be changed, 0 skipped, 2 at once, 0 GPU resets
                node-a would be changed
                node-b would be changed
                node-c would be changed""");
      assertThat(toFour.run()).hasToString("Rollout 'to-four': DONE, 3 of 3 nodes verified");
      assertThat(NODES).allSatisfy(node -> {
        var status = mig.node(node).status();
        assertThat(status.allocatable()).hasToString("{nvidia.com/gpu=4}");
        assertThat(status.sharingConfig()).contains(FOUR.contentName("four"));
      });
      assertThat(toFour.dryRun().nodes()).allMatch(RolloutPlan.PlannedNode::isInForce);

      RolloutStatus toSix = rollout(mig, "to-six")
          .share("six")
          .maxUnavailable(Amount.nodes(1))
          .onFailure(RollBack.ALL)
          .healthGate(status -> !status.node().equals("node-b"))
          .run();

      assertThat(toSix.phase()).isEqualTo(RolloutPhase.STOPPED);
      assertThat(NODES)
          .allSatisfy(node -> assertThat(mig.node(node).status().sharingConfig())
              .contains(FOUR.contentName("four")));
    }
  }

  private static Rollout rollout(MigClient mig, String name) {
    return mig.rollout(name).nodes(NODES).maxUnavailable(Amount.nodes(2)).timings(QUICK);
  }

  private GpuOperatorSimulator start() {
    var builder = GpuOperatorSimulator.on(client).devicePluginConfigMap("plugin-config");
    for (String node : NODES) {
      builder.node(node, L40S, 1);
    }
    return builder.start().awaitReady(Duration.ofMinutes(1));
  }
}
