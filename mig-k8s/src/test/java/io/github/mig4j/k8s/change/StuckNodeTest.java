package io.github.mig4j.k8s.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.MigClient;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigRefusedException;
import io.github.mig4j.k8s.fixture.MockApiServer;
import io.github.mig4j.k8s.fixture.TestCluster;
import io.github.mig4j.k8s.simulator.GpuOperatorSimulator;
import io.github.mig4j.k8s.simulator.Trap;
import io.github.mig4j.layout.MigLayout;
import io.github.mig4j.node.NodeGpu;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A node whose labels do not tell its GPUs any more is freed without being told them again. */
@ExtendWith(MockApiServer.class)
class StuckNodeTest {

  private static final GpuModel B200 = GpuCatalog.bundled().require("b200-180gb");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final ApplyTimings QUICK = ApplyTimings.builder()
      .stability(Duration.ofMillis(100))
      .failure(Duration.ofMillis(500))
      .transition(Duration.ofSeconds(1))
      .propagation(Duration.ZERO)
      .build();
  private static final MigConfigSpec SMALL =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("1g.23gb", 7).build());
  private static final MigConfigSpec MEDIUM =
      MigConfigSpec.allDevices(MigLayout.on(B200).add("2g.45gb", 3).build());

  KubernetesClient client;
  private MigClient mig;

  @BeforeEach
  void connect() {
    mig = MigClient.of(client);
  }

  @Test
  void recover_underSingle_knowsTheGpusFromTheChangeThatGotStuck() {
    try (var simulator = single()) {
      assertThat(apply("small").allocatable()).hasToString("{nvidia.com/gpu=14}");
      getStuckAt("medium", simulator);

      var outcome = mig.node("gpu-node").recover().timings(QUICK).await(LONG);

      assertThat(outcome.status().configName()).contains("medium");
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu=6}");
    }
  }

  /** Feature discovery is stopped for the change, and what it said may go with it. */
  @Test
  void recover_aNodeWithoutProductLabel_knowsItsGpusFromTheChange() {
    try (var simulator = single()) {
      apply("small");
      getStuckAt("medium", simulator);
      forgetGpus();

      var outcome = mig.node("gpu-node").recover().timings(QUICK).await(LONG);

      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu=6}");
    }
  }

  @Test
  void recover_aNodeThatNeverSaidItsGpus_isRefused_andCanBeTold() {
    try (var simulator = single()) {
      apply("small");
      getStuckAt("medium", simulator);
      forgetGpus();
      edit(node ->
          node.editMetadata().removeFromAnnotations("mig4j.github.io/gpus").endMetadata());

      assertThatThrownBy(() -> mig.node("gpu-node").recover().timings(QUICK).await(LONG))
          .isInstanceOf(MigRefusedException.class)
          .hasMessage(
              "Config '%s' on node gpu-node: the node has no label nvidia.com/gpu.product,"
                  + " so its GPU is not known; deploy GPU Feature Discovery or set the label",
              config());
      var outcome = mig.node("gpu-node")
          .recover()
          .gpus(NodeGpu.several(B200, 2))
          .timings(QUICK)
          .await(LONG);
      assertThat(outcome.allocatable()).hasToString("{nvidia.com/gpu=6}");
    }
  }

  @Test
  void rollback_underSingle_knowsTheGpusFromTheChangeThatFailed() {
    try (var simulator = single()) {
      apply("small");
      simulator.set("gpu-node", Trap.GPU_IN_USE);
      assertThatThrownBy(() -> apply("medium")).isInstanceOf(MigFailedException.class);

      var back = mig.node("gpu-node").rollback().timings(QUICK).await(LONG);

      assertThat(back.status().configName()).contains("small");
      assertThat(back.allocatable()).hasToString("{nvidia.com/gpu=14}");
    }
  }

  /** What its client began goes on with another that was told nothing. */
  @Test
  void apply_underSingle_goesOnWithWhatIsUnderWay() {
    try (var simulator = single()) {
      apply("small");
      simulator.set("gpu-node", Trap.PODS_DO_NOT_STOP);
      assertThatThrownBy(() -> mig.node("gpu-node")
              .apply("medium")
              .timings(ApplyTimings.builder().work(Duration.ofMillis(200)).build())
              .await(LONG))
          .isInstanceOf(MigDeadlineException.class);
      simulator.remove("gpu-node", Trap.PODS_DO_NOT_STOP);

      assertThat(apply("medium").allocatable()).hasToString("{nvidia.com/gpu=6}");
    }
  }

  /** The labels of a node with several models speak of one of them only. */
  @Test
  void rollback_onSeveralModels_knowsThemFromTheChange() {
    GpuModel a30 = GpuCatalog.bundled().require("a30-24gb");
    List<NodeGpu> gpus = List.of(NodeGpu.of(0, a30), NodeGpu.of(1, B200));
    publish("one", entry(0, "1g.6gb", 4), entry(1, "1g.23gb", 7));
    publish("two", entry(0, "2g.12gb", 2), entry(1, "2g.45gb", 3));
    try (var simulator = started(
        GpuOperatorSimulator.on(client).node("gpu-node", a30, B200).strategy(MigStrategy.MIXED))) {
      mig.node("gpu-node").apply("one").gpus(gpus).timings(QUICK).await(LONG);
      mig.node("gpu-node").apply("two").gpus(gpus).timings(QUICK).await(LONG);

      var back = mig.node("gpu-node").rollback().timings(QUICK).await(LONG);

      assertThat(back.allocatable())
          .isEqualTo(Map.of("nvidia.com/mig-1g.6gb", 4L, "nvidia.com/mig-1g.23gb", 7L));
    }
  }

  private void getStuckAt(String config, GpuOperatorSimulator simulator) {
    simulator.set("gpu-node", Trap.API_ERROR_DURING_POD_WAIT);
    assertThatThrownBy(() -> mig.node("gpu-node")
            .apply(config)
            .timings(ApplyTimings.builder().work(Duration.ofMillis(200)).build())
            .await(LONG))
        .isInstanceOf(MigDeadlineException.class);
  }

  private void forgetGpus() {
    edit(node -> node.editMetadata()
        .removeFromLabels(Labels.GPU_PRODUCT)
        .removeFromLabels(Labels.GPU_COUNT)
        .removeFromLabels(Labels.GPU_MEMORY)
        .endMetadata());
  }

  private String config() {
    return mig.node("gpu-node").status().config().orElseThrow();
  }

  private static MigConfigSpec entry(int index, String profile, int count) {
    return MigConfigSpec.builder()
        .devices(DeviceSelector.of(index))
        .migEnabled(true)
        .putMigDevices(MigProfile.parse(profile), count)
        .build();
  }

  private void publish(String name, MigConfigSpec... entries) {
    mig.configMap("mig-config").merge(name, MigConfig.of(entries));
  }

  private GpuOperatorSimulator single() {
    publish("small", SMALL);
    publish("medium", MEDIUM);
    return started(
        GpuOperatorSimulator.on(client).node("gpu-node", B200, 2).strategy(MigStrategy.SINGLE));
  }

  private GpuOperatorSimulator started(GpuOperatorSimulator.Builder builder) {
    return builder.configMap("mig-config").start().awaitReady(LONG);
  }

  private ApplyOutcome apply(String config) {
    return mig.node("gpu-node").apply(config).timings(QUICK).await(LONG);
  }

  private void edit(Consumer<NodeBuilder> change) {
    TestCluster.of(client).edit(change);
  }
}
