package io.github.mig4j.sharing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.github.mig4j.gpu.MigProfile;
import io.github.mig4j.gpu.MigStrategy;
import org.junit.jupiter.api.Test;

class SharingEvidenceTest {

  private static final MigProfile G1 = MigProfile.parse("1g.10gb");
  private static final MigProfile G1_ME = MigProfile.parse("1g.10gb+me");
  private static final NodeDevices FOUR_T4 = NodeDevices.wholeGpus("Tesla-T4", 4);

  private static SharingEvidence expected(GpuSharing sharing, NodeDevices node) {
    return DevicePluginConfig.of(sharing).expectedOn(node);
  }

  @Test
  void timeSlicing_multipliesTheCount_andMarksTheProduct() {
    SharingEvidence evidence = expected(GpuSharing.timeSlicing(4), FOUR_T4);

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/gpu", 16));
    assertThat(evidence.labels())
        .containsExactly(
            entry("nvidia.com/gpu.count", "4"),
            entry("nvidia.com/gpu.product", "Tesla-T4-SHARED"),
            entry("nvidia.com/gpu.replicas", "4"),
            entry("nvidia.com/gpu.sharing-strategy", "time-slicing"),
            entry("nvidia.com/mps.capable", "false"));
  }

  @Test
  void renamed_isOfferedUnderAnotherName_andTheProductIsNotMarked() {
    SharingEvidence evidence = expected(GpuSharing.timeSlicing(4).renamed(), FOUR_T4);

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/gpu.shared", 16));
    assertThat(evidence.labels())
        .containsEntry("nvidia.com/gpu.product", "Tesla-T4")
        .containsEntry("nvidia.com/gpu.replicas", "4")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "time-slicing");
  }

  @Test
  void mps_saysSoInTwoLabels() {
    SharingEvidence evidence =
        expected(GpuSharing.mps(10), NodeDevices.wholeGpus("NVIDIA-L40S", 1));

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/gpu", 10));
    assertThat(evidence.labels())
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-L40S-SHARED")
        .containsEntry("nvidia.com/gpu.replicas", "10")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "mps")
        .containsEntry("nvidia.com/mps.capable", "true");
  }

  @Test
  void unshared_isOneReplica_andNoStrategy() {
    SharingEvidence evidence = DevicePluginConfig.unshared().expectedOn(FOUR_T4);

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/gpu", 4));
    assertThat(evidence.labels())
        .containsEntry("nvidia.com/gpu.product", "Tesla-T4")
        .containsEntry("nvidia.com/gpu.replicas", "1")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "none");
  }

  @Test
  void single_migDevicesAreGpus_markedByProfileAndSharing() {
    NodeDevices node = NodeDevices.builder()
        .product("NVIDIA-H100-80GB-HBM3")
        .strategy(MigStrategy.SINGLE)
        .migGpus(2)
        .putMigDevices(G1, 14)
        .build();

    SharingEvidence evidence = expected(GpuSharing.timeSlicing(3), node);

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/gpu", 42));
    assertThat(evidence.labels())
        .containsEntry("nvidia.com/gpu.count", "14")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb-SHARED")
        .containsEntry("nvidia.com/gpu.replicas", "3");
  }

  @Test
  void mixed_sharesOnlyWhatIsListed_andLabelsEachResource() {
    NodeDevices node = NodeDevices.builder()
        .product("NVIDIA-H100-80GB-HBM3")
        .strategy(MigStrategy.MIXED)
        .wholeGpus(1)
        .migGpus(1)
        .putMigDevices(G1, 3)
        .putMigDevices(G1_ME, 1)
        .build();
    GpuSharing sharing = GpuSharing.builder()
        .kind(SharingKind.TIME_SLICING)
        .addResources(SharedResource.mig(G1_ME, 2))
        .addResources(SharedResource.mig(MigProfile.parse("7g.80gb"), 2))
        .build();

    SharingEvidence evidence = expected(sharing, node);

    assertThat(evidence.allocatable())
        .containsExactly(
            entry("nvidia.com/gpu", 1),
            entry("nvidia.com/mig-1g.10gb", 3),
            entry("nvidia.com/mig-1g.10gb.me", 2));
    assertThat(evidence.labels())
        .containsEntry("nvidia.com/gpu.count", "2")
        .containsEntry("nvidia.com/gpu.replicas", "1")
        .containsEntry("nvidia.com/mig-1g.10gb.count", "3")
        .containsEntry("nvidia.com/mig-1g.10gb.replicas", "1")
        .containsEntry("nvidia.com/mig-1g.10gb.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb")
        .containsEntry(
            "nvidia.com/mig-1g.10gb.me.product", "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb.me-SHARED")
        .containsEntry("nvidia.com/mig-1g.10gb.me.sharing-strategy", "time-slicing")
        .hasSize(13);
  }

  @Test
  void mixed_whereEveryGpuIsCut_wholeGpusHaveNoReplicas() {
    NodeDevices node = NodeDevices.builder()
        .product("NVIDIA-H100-80GB-HBM3")
        .strategy(MigStrategy.MIXED)
        .migGpus(1)
        .putMigDevices(G1, 7)
        .build();

    SharingEvidence evidence = expected(GpuSharing.timeSlicing(4), node);

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/mig-1g.10gb", 7));
    assertThat(evidence.labels())
        .containsEntry("nvidia.com/gpu.count", "1")
        .containsEntry("nvidia.com/gpu.replicas", "0")
        .containsEntry("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
        .containsEntry("nvidia.com/gpu.sharing-strategy", "none");
  }

  @Test
  void duplicateEntries_offerTheMost_andLabelTheFirst() {
    GpuSharing twice = GpuSharing.builder()
        .kind(SharingKind.TIME_SLICING)
        .addResources(SharedResource.gpu(2), SharedResource.gpu(5))
        .build();

    SharingEvidence evidence = expected(twice, FOUR_T4);

    assertThat(evidence.allocatable()).containsExactly(entry("nvidia.com/gpu", 20));
    assertThat(evidence.labels()).containsEntry("nvidia.com/gpu.replicas", "2");
  }

  @Test
  void whatDoesNotStart_isRefused() {
    NodeDevices mig =
        NodeDevices.builder().product("p").migGpus(1).putMigDevices(G1, 1).build();

    assertThatThrownBy(() -> expected(GpuSharing.mps(2), mig))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("The device plugin or feature discovery does not start: MPS goes with neither"
            + " strategy mixed nor GPUs in MIG mode, but the strategy was none and 1 GPUs were; use"
            + " time-slicing");
    assertThatThrownBy(() -> expected(GpuSharing.timeSlicing(Integer.MAX_VALUE), FOUR_T4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("4 nvidia.com/gpu with 2147483647 replicas are more than a node can hold; use"
            + " fewer replicas");
  }

  @Test
  void nodeDevices_onWhichThePluginDoesNotStart_cannotBeMade() {
    NodeDevices.Builder single = NodeDevices.builder()
        .product("p")
        .strategy(MigStrategy.SINGLE)
        .wholeGpus(1)
        .migGpus(1);
    NodeDevices.Builder mixed = NodeDevices.builder()
        .product("p")
        .strategy(MigStrategy.MIXED)
        .migGpus(1)
        .putMigDevices(MigProfile.parse("1c.3g.40gb"), 1);

    assertThatThrownBy(single.putMigDevices(G1, 1)::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Under strategy single all GPUs are cut alike or the device plugin does not"
            + " start, but there were 1 whole GPUs and MIG devices {1g.10gb=1}");
    assertThatThrownBy(mixed::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Under strategy mixed the device plugin offers no resource for 1c.3g.40gb and"
            + " does not start; use 3g.40gb");
    assertThatThrownBy(() -> NodeDevices.wholeGpus("p", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A node has at least 1 GPU, but wholeGpus was 0 and migGpus 0");
  }
}
