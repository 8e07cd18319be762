package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.node.MigState;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AwaitReadyTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final GpuModel B200 = GpuCatalog.bundled().require("NVIDIA-B200");
  private static final GpuModel L40S = GpuCatalog.bundled().require("NVIDIA-L40S");

  private final EmbeddedCluster cluster = new EmbeddedCluster();
  private final MigClient mig = MigClient.of(cluster.client());

  @AfterEach
  void close() {
    cluster.close();
  }

  private GpuOperatorSimulator.Builder operator() {
    return GpuOperatorSimulator.on(cluster.client()).strategy(MigStrategy.MIXED);
  }

  @Test
  void awaitReady_generatedConfigurations_waitsForTheFirstRunOnEveryNode() {
    try (var simulator = operator().node("a", B200, 2).node("b", L40S).start().awaitReady(MINUTE)) {

      assertThat(simulator).hasToString("simulated GPU Operator with a, b");
      assertThat(mig.node("a").status().state()).contains(MigState.SUCCESS);
      assertThat(mig.node("a").status().allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 2L));
      assertThat(mig.node("b").status().allocatable()).isEqualTo(Map.of("nvidia.com/gpu", 1L));
    }
  }

  @Test
  void awaitReady_configMapComesLater_waitsForThePod_andAgainForTheFirstRun() {
    try (var simulator = operator().node("a", B200, 1).configMap("mig-config").start()) {
      simulator.awaitReady(MINUTE);

      assertThat(mig.node("a").status().config()).contains("all-disabled");
      assertThat(mig.node("a").status().state()).isEmpty();
      assertThat(cluster.client().pods().inAnyNamespace().list().getItems()).hasSize(1);

      mig.configMap("mig-config").merge("all-disabled", MigConfigSpec.allDisabled());
      cluster
          .client()
          .nodes()
          .withName("a")
          .waitUntilCondition(
              node -> node.getMetadata().getLabels().containsKey(Labels.MIG_CONFIG_STATE),
              1,
              TimeUnit.MINUTES);
      simulator.awaitReady(MINUTE);

      assertThat(mig.node("a").status().state()).contains(MigState.SUCCESS);
    }
  }

  @Test
  void awaitReady_runThatDoesNotEnd_saysWhatIsMissing() {
    try (var simulator = operator()
        .node("a", B200, 1)
        .timings(SimulatorTimings.builder().podStart(MINUTE).build())
        .start()) {

      assertThatThrownBy(() -> simulator.awaitReady(Duration.ofMillis(300)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Node a is not ready after 300 ms: device-plugin of a is not running");

      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> simulator.awaitReady(MINUTE))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Interrupted while node a is not ready: device-plugin of a is not running");
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
