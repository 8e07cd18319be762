package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.diagnosis.FailureCode;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.Nodes;
import io.github.mig4j.k8s.fixture.PodLogs;
import io.github.mig4j.k8s.fixture.Pods;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.SimulatorTimings;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A failure that stood before a request is not taken for its own. */
@ExtendWith(MockApiServer.class)
class StaleFailureTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());
  private static final String KEY = MigConfig.of(SMALL).contentName("small");
  private static final String OTHER = MigConfig.of(MEDIUM).contentName("medium");

  KubernetesClient client;
  PodLogs logs;
  private MigClient mig;

  @BeforeEach
  void publish() {
    mig = MigClient.of(client);
    mig.configMap("mig-config").merge("small", SMALL);
    mig.configMap("mig-config").merge("medium", MEDIUM);
  }

  /** The MIG manager looks for longer at the GPUs than a failure takes to be believed. */
  @Test
  void rollback_byAManagerThatIsSlowToBegin_isWaitedFor() {
    ApplyTimings quick = ApplyTimings.builder()
        .stability(Duration.ofMillis(100))
        .failure(Duration.ofMillis(100))
        .transition(Duration.ofSeconds(1))
        .propagation(Duration.ZERO)
        .build();
    try (var simulator = slowToBegin()) {
      mig.node("gpu-node").apply("small").timings(quick).await(LONG);
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      assertThatThrownBy(
              () -> mig.node("gpu-node").apply("medium").timings(quick).await(LONG))
          .isInstanceOf(MigFailedException.class);

      var back = mig.node("gpu-node").rollback().timings(quick).await(LONG);

      assertThat(back.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    }
  }

  @Test
  void rollback_whoseLogShowsThatItFailed_isAFailure() {
    failedOn(OTHER);
    logs.set(
        "nvidia-mig-manager-x",
        line("Updating to MIG config: " + OTHER),
        line("Updating to MIG config: " + KEY),
        line("Changing the 'nvidia.com/mig.config.state' node label to 'failed'"),
        line("Waiting for change to 'nvidia.com/mig.config' label"));

    assertThatThrownBy(() -> mig.node("gpu-node")
            .rollback()
            .timings(ApplyTimings.builder().failure(Duration.ofMillis(1)).build())
            .await(LONG))
        .isInstanceOf(MigFailedException.class)
        .hasMessageStartingWith("Node gpu-node: the MIG manager failed to apply '%s'. ", KEY);
  }

  @Test
  void rollback_whoseLogShowsOnlyTheFailureBefore_endsAsNoSign() {
    failedOn(OTHER);
    logs.set(
        "nvidia-mig-manager-x",
        line("Updating to MIG config: " + OTHER),
        line("Changing the 'nvidia.com/mig.config.state' node label to 'failed'"),
        line("Waiting for change to 'nvidia.com/mig.config' label"));

    assertThatThrownBy(() -> mig.node("gpu-node")
            .rollback()
            .timings(ApplyTimings.builder()
                .failure(Duration.ofMillis(1))
                .reaction(Duration.ofMillis(500))
                .build())
            .await(LONG))
        .isInstanceOfSatisfying(
            MigDeadlineException.class,
            late -> assertThat(late.diagnosis().code()).isEqualTo(FailureCode.REQUEST_NOT_STARTED))
        .hasMessageStartingWith(
            "Node gpu-node: the MIG manager has shown no sign of '%s' for"
                + " 500 ms, but its MIG state is failed, as it was before, ",
            KEY);
  }

  private static String line(String message) {
    return "time=\"2026-01-01T12:00:00Z\" level=info msg=\"" + message + "\"";
  }

  /** Nobody is at work on the node. */
  private void failedOn(String config) {
    TestCluster.of(client).policy("mixed", "mig-config");
    client
        .resource(new NodeBuilder(Nodes.b200(1).config(config, "failed").build())
            .editMetadata()
            .addToAnnotations("mig4j.github.io/previous-config", KEY)
            .endMetadata()
            .build())
        .create();
    client.resource(Pods.manager("v0.15.0").build()).create();
  }

  private GpuOperatorSimulator slowToBegin() {
    return GpuOperatorSimulator.on(client)
        .node("gpu-node", B200, 1)
        .strategy(MigStrategy.MIXED)
        .configMap("mig-config")
        .timings(SimulatorTimings.builder().assertion(Duration.ofSeconds(1)).build())
        .start()
        .awaitReady(LONG);
  }
}
