package io.github.mig4j.k8s.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mig4j.config.DeviceFilter;
import io.github.mig4j.config.DeviceSelector;
import io.github.mig4j.config.MigConfig;
import io.github.mig4j.config.MigConfigSpec;
import io.github.mig4j.gpu.GpuCatalog;
import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigProfile;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PartitioningTest {

  private static final GpuModel A100 = GpuCatalog.bundled().require("NVIDIA-A100-SXM4-40GB");
  private static final GpuModel H100 = GpuCatalog.bundled().require("NVIDIA-H100-80GB-HBM3");
  private static final GpuModel L4 = GpuCatalog.bundled().require("NVIDIA-L4");
  private static final MigProfile G1 = MigProfile.parse("1g.10gb");
  private static final MigProfile G2 = MigProfile.parse("2g.20gb");
  private static final MigProfile G3 = MigProfile.parse("3g.40gb");

  @Test
  void apply_toWholeGpus_enablesMigAndCreatesDevices() throws Exception {
    var node = new NodeGpus(List.of(H100, H100));
    var run = of(node, MigConfig.of(on(DeviceSelector.ALL, Map.of(G1, 7))));

    assertThat(run.isApplied()).isFalse();
    assertThat(run.isModeApplied()).isFalse();
    run.applyMode();
    assertThat(node.snapshot()).extracting(SimulatedGpu::migEnabled).containsExactly(true, true);
    assertThat(run.isModeApplied()).isTrue();
    assertThat(run.isApplied()).isFalse();
    run.apply();

    assertThat(run.isApplied()).isTrue();
    assertThat(devices(node)).containsExactly(Map.of(G1, 7), Map.of(G1, 7));
  }

  @Test
  void isApplied_withAGpuThatNoEntrySelects_isFalse() throws Exception {
    var node = new NodeGpus(List.of(H100, H100));
    var run = of(node, MigConfig.of(on(DeviceSelector.of(0), Map.of(G1, 7))));

    run.applyMode();
    run.apply();

    assertThat(devices(node)).containsExactly(Map.of(G1, 7), Map.of());
    assertThat(run.isApplied()).isFalse();
    assertThat(run.isModeApplied()).isTrue();
  }

  @Test
  void apply_profileThatNoGpuHas_destroysEverything_andSucceeds() throws Exception {
    var node = cut(List.of(H100), Map.of(G1, 7));

    of(node, MigConfig.of(on(DeviceSelector.ALL, Map.of(G1, 1, MigProfile.parse("1g.5gb"), 1))))
        .apply();

    assertThat(node.snapshot()).containsExactly(SimulatedGpu.whole(0, H100).holding(Map.of()));
  }

  @Test
  void apply_profileThatOnlyAnotherGpuHas_fails_andLosesTheLayout() throws Exception {
    var node = cut(List.of(H100, A100), Map.of(G1, 1));
    var small = MigProfile.parse("1g.5gb");
    var run = of(node, MigConfig.of(on(DeviceSelector.ALL, Map.of(small, 1))));

    assertThatThrownBy(run::apply)
        .isInstanceOf(Partitioning.PartitioningException.class)
        .hasMessage("GPU 0: Error getting GPU instance profile info for '1g.5gb': Not Supported");
    assertThat(devices(node)).containsExactly(Map.of(), Map.of(G1, 1));
  }

  @Test
  void apply_infeasibleOnTheSecondGpu_isNotAtomic() throws Exception {
    var node = cut(List.of(H100, H100, H100), Map.of(G2, 3));
    var run = of(
        node,
        MigConfig.of(
            on(DeviceSelector.of(0), Map.of(G1, 7)),
            on(DeviceSelector.of(1), Map.of(G3, 2, G1, 1)),
            on(DeviceSelector.of(2), Map.of(G1, 7))));

    assertThatThrownBy(run::apply)
        .isInstanceOf(Partitioning.PartitioningException.class)
        .hasMessage("GPU 1: Error creating GPU instance for '3g.40gb': Insufficient Resources");
    assertThat(devices(node)).containsExactly(Map.of(G1, 7), Map.of(), Map.of(G2, 3));
  }

  @Test
  void apply_existingDevices_changesNothing() throws Exception {
    var node = cut(List.of(H100), Map.of(G1, 7));
    var before = node.snapshot();
    var run = of(node, MigConfig.of(on(DeviceSelector.ALL, Map.of(G1, 7))));

    run.applyMode();
    run.apply();

    assertThat(node.snapshot().get(0)).isSameAs(before.get(0));
  }

  @Test
  void applyMode_onHopper_clearsTheSelectedGpus() throws Exception {
    var node = cut(List.of(H100, H100, H100), Map.of(G1, 7));
    node.set(node.snapshot().get(2).disabled());

    of(node, MigConfig.of(on(DeviceSelector.of(0, 2), Map.of(G1, 7)))).applyMode();

    assertThat(devices(node)).containsExactly(Map.of(), Map.of(G1, 7), Map.of());
    assertThat(node.snapshot()).allMatch(SimulatedGpu::migEnabled);
  }

  @Test
  void applyMode_onAmpere_resetsAndClearsEveryGpu() throws Exception {
    var g1 = MigProfile.parse("1g.5gb");
    var node = cut(List.of(A100, A100), Map.of(g1, 7));

    of(
            node,
            MigConfig.of(MigConfigSpec.builder()
                .devices(DeviceSelector.of(0))
                .migEnabled(false)
                .build()))
        .applyMode();

    assertThat(node.snapshot())
        .containsExactly(
            SimulatedGpu.whole(0, A100), SimulatedGpu.whole(1, A100).holding(Map.of()));
  }

  @Test
  void apply_withAGpuWithoutMig_skipsIt_butIsNeverApplied() throws Exception {
    var node = new NodeGpus(List.of(H100, L4));
    var run = of(node, MigConfig.of(on(DeviceSelector.ALL, Map.of(G1, 7))));

    run.applyMode();
    run.apply();

    assertThat(devices(node)).containsExactly(Map.of(G1, 7), Map.of());
    assertThat(run.isApplied()).isFalse();
  }

  @Test
  void apply_filters_selectByBoard_andTheLastEntryDecides() throws Exception {
    var node = new NodeGpus(List.of(H100, A100));
    var run = of(
        node,
        MigConfig.of(
            on(DeviceSelector.ALL, Map.of(G1, 4)),
            filtered("0x233010DE", Map.of(G1, 7)),
            filtered("H100", Map.of(G2, 3)),
            filtered("0x20b010de", Map.of(MigProfile.parse("1g.5gb"), 7))));

    run.applyMode();
    run.apply();

    assertThat(devices(node)).containsExactly(Map.of(G1, 7), Map.of(MigProfile.parse("1g.5gb"), 7));
    assertThat(run.isApplied()).isTrue();
  }

  private static Partitioning of(NodeGpus node, MigConfig config) {
    return new Partitioning(
        node,
        new ConfigFile.Selection(config, ConfigFile.Recognition.BY_DEVICES),
        new Traps(List.of()));
  }

  private static MigConfigSpec on(DeviceSelector devices, Map<MigProfile, Integer> counts) {
    return MigConfigSpec.builder()
        .devices(devices)
        .migEnabled(true)
        .putAllMigDevices(counts)
        .build();
  }

  private static MigConfigSpec filtered(String filter, Map<MigProfile, Integer> counts) {
    return MigConfigSpec.builder()
        .addDeviceFilters(new DeviceFilter(filter))
        .devices(DeviceSelector.ALL)
        .migEnabled(true)
        .putAllMigDevices(counts)
        .build();
  }

  private static NodeGpus cut(List<GpuModel> models, Map<MigProfile, Integer> devices)
      throws Exception {
    var node = new NodeGpus(models);
    node.snapshot().forEach(gpu -> node.set(gpu.holding(devices)));
    return node;
  }

  private static List<Map<MigProfile, Integer>> devices(NodeGpus node) {
    return node.snapshot().stream()
        .<Map<MigProfile, Integer>>map(gpu -> new TreeMap<>(gpu.devices()))
        .toList();
  }
}
