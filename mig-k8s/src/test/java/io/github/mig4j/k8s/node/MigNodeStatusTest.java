package io.github.mig4j.k8s.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mig4j.gpu.GpuModel;
import io.github.mig4j.gpu.MigStrategy;
import io.github.mig4j.k8s.cluster.Labels;
import io.github.mig4j.k8s.cluster.MigSettings;
import io.github.mig4j.k8s.fixture.Nodes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MigNodeStatusTest {

  @Test
  void read_partitionedNode_hasItsDevicesAndResources() {
    var status =
        read(Nodes.cutIntoSeven().config("small-4f1c09ae-r2", "success").running());

    assertThat(status.product()).contains("NVIDIA-B200");
    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.gpus()).hasValue(1);
    assertThat(status.migCapable()).contains(true);
    assertThat(status.strategy()).isEqualTo(MigStrategy.MIXED);
    assertThat(status.config()).contains("small-4f1c09ae-r2");
    assertThat(status.configName()).contains("small");
    assertThat(status.state()).contains(MigState.SUCCESS);
    assertThat(status.allocatable()).hasToString("{nvidia.com/mig-1g.23gb=7}");
    assertThat(status.paused()).isEmpty();
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_singleStrategy_hasNoNumberOfGpus() {
    var status = read(Nodes.b200(7)
        .label(Labels.MIG_STRATEGY, "single")
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb"));

    assertThat(status.model()).map(GpuModel::id).contains("b200-180gb");
    assertThat(status.gpus()).isEmpty();
  }

  @Test
  void read_invalidUnderSingle_isAProblem() {
    var status = read(Nodes.b200(0).label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-INVALID"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node offers no GPU: feature discovery reports 'NVIDIA-B200-MIG-INVALID', because strategy single requires the same profile on all GPUs. Apply such a layout or use strategy mixed");
  }

  @Test
  void read_unknownValues_areUnknown() {
    var status = read(Nodes.b200(1).config("x", "sleeping").label(Labels.MIG_STRATEGY, "double"));

    assertThat(status.state()).contains(MigState.UNKNOWN);
    assertThat(status.strategy()).isEqualTo(MigStrategy.NONE);
    assertThat(status.problems())
        .containsExactly("Node gpu-node has MIG strategy 'double'; expected none, single or mixed");
  }

  @Test
  void read_mistakenKey_namesTheRightOne() {
    var status = read(Nodes.b200(1).label("nvidia.com/mig-config", "b200-split-small"));

    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has the label nvidia.com/mig-config=b200-split-small, which no component reads; the key is nvidia.com/mig.config. Remove it with 'kubectl label node gpu-node nvidia.com/mig-config-'");
  }

  @Test
  void read_mistakenKeyThatTheManagerWatches_isNoProblem() {
    var settings = MigSettings.builder().configLabel("nvidia.com/mig-config").build();

    var status =
        MigNodeStatus.of(Nodes.b200(1).label("nvidia.com/mig-config", "x").build(), settings);

    assertThat(status.config()).contains("x");
    assertThat(status.problems()).isEmpty();
  }

  @Test
  void read_sharedMigDevices_haveTheModel() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB200")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.23gb.shared", 14));

    assertThat(status.model()).map(GpuModel::id).contains("gb200-186gb");
    // How many devices these are depends on the replicas, which no label says.
    assertThat(status.devices()).isEmpty();
  }

  @Test
  void read_unknownProduct_isAProblem() {
    var status = read(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-Q1000"));

    assertThat(status.model()).isEmpty();
    assertThat(status.problems())
        .containsExactly(
            "Node gpu-node has GPU product 'NVIDIA-Q1000', which is not in the catalogue; add its model as docs/add-a-gpu.md describes");
  }

  /** Two boards are sold as NVIDIA GB200; their memory tells them apart. */
  @Test
  void read_productOfTwoModels_isDecidedByMemory() {
    var narrowed = read(
        Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").label(Labels.GPU_MEMORY, "189471"));
    var open =
        read(Nodes.b200(1).label(Labels.GPU_PRODUCT, "NVIDIA-GB200").without(Labels.GPU_MEMORY));

    assertThat(narrowed.model()).map(GpuModel::id).contains("gb200-186gb");
    assertThat(open.model()).isEmpty();
    assertThat(open.problems())
        .containsExactly("Node gpu-node has GPU product 'NVIDIA-GB200', which can be gb200-186gb or"
            + " gb200-189gb; narrow the catalogue in the settings");
  }

  @Test
  void read_productOfTwoModels_isDecidedByTheOfferedProfiles() {
    var status = read(Nodes.b200(1)
        .label(Labels.GPU_PRODUCT, "NVIDIA-GB200")
        .without(Labels.GPU_MEMORY)
        .offers("nvidia.com/mig-1g.24gb", 7));

    assertThat(status.model()).map(GpuModel::id).contains("gb200-189gb");
  }

  @Test
  void read_otherLabel_isThatOfTheSettings() {
    var settings = MigSettings.builder().configLabel("example.com/mig").build();
    var node = Nodes.b200(1).label("example.com/mig", "a").label("example.com/mig.state", "failed");

    var status = MigNodeStatus.of(node.build(), settings);

    assertThat(status.config()).contains("a");
    assertThat(status.state()).contains(MigState.FAILED);
  }

  @Test
  void read_resourcesByProfile_areMixed_withoutALabel() {
    var cut = read(Nodes.bare().offers("nvidia.com/mig-1g.10gb", 7));
    var whole = read(Nodes.bare().offers("nvidia.com/gpu", 8));

    assertThat(cut.strategy()).isEqualTo(MigStrategy.MIXED);
    assertThat(cut.devices()).hasToString("{1g.10gb=7}");
    assertThat(whole.strategy()).isEqualTo(MigStrategy.NONE);
    assertThat(whole.devices()).isEmpty();
  }

  @Test
  void read_devices_areThoseOfFeatureDiscovery() {
    var mixed = read(Nodes.b200(2)
        .label("nvidia.com/mig-1g.23gb.count", "6")
        .label("nvidia.com/mig-1g.23gb.me.count", "2")
        .label("nvidia.com/mig-3g.90gb.count", "0")
        .offers("nvidia.com/mig-1g.23gb", 12));
    var single = read(Nodes.b200(14)
        .label(Labels.GPU_PRODUCT, "NVIDIA-B200-MIG-1g.23gb-SHARED")
        .label(Labels.MIG_STRATEGY, "single"));
    var unlisted = read(Nodes.bare()
        .label("nvidia.com/mig-1g.99gb.gfx.count", "1")
        .label("nvidia.com/mig-odd.count", "1"));

    assertThat(mixed.devices()).hasToString("{1g.23gb=6, 1g.23gb+me=2}");
    assertThat(single.devices()).hasToString("{1g.23gb=14}");
    assertThat(unlisted.devices()).hasToString("{1g.99gb+gfx=1}");
  }

  /** As the kubelet keeps the names of an earlier layout until it restarts. */
  @Test
  void read_capacityThatIsNotAllocatable_isUnavailable() {
    var status = read(Nodes.bare()
        .hasCapacityFor("nvidia.com/gpu", 6)
        .hasCapacityFor("nvidia.com/mig-2g.10gb", 6)
        .hasCapacityFor("nvidia.com/mig-1g.5gb", 0)
        .offers("nvidia.com/gpu", 6)
        .offers("nvidia.com/mig-2g.10gb", 0));

    assertThat(status.capacity()).hasToString("{nvidia.com/gpu=6, nvidia.com/mig-2g.10gb=6}");
    assertThat(status.allocatable()).hasToString("{nvidia.com/gpu=6}");
    assertThat(status.unavailable()).hasToString("{nvidia.com/mig-2g.10gb=6}");
  }

  @Test
  void read_sharing_hasStrategyAndReplicas() {
    var shared =
        read(Nodes.b200(1).label(Labels.GPU_REPLICAS, "10").label(Labels.GPU_SHARING, "mps"));
    var cut = read(Nodes.b200(1).label(Labels.GPU_REPLICAS, "0"));

    assertThat(shared.replicas()).hasValue(10);
    assertThat(shared.sharing()).contains("mps");
    assertThat(cut.replicas()).isEmpty();
    assertThat(cut.sharing()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/gpu.deploy.operands, false, its operands are off",
    "nvidia.com/gpu.workload.config, vm-vgpu, its GPUs are for virtual machines",
    "nvidia.com/gpu.workload.config, vm-passthrough, its GPUs are for virtual machines",
    "nvidia.com/vgpu.host-driver-version, 550.54.16, its GPUs are partitioned by vGPU",
    "nvidia.com/gpu-operator.resource-allocation.mode, dra, the DRA driver allocates its GPUs"
  })
  void read_gpusOfAnotherOwner_isAProblem(String key, String value, String why) {
    assertThat(read(Nodes.b200(1).label(key, value)).problems())
        .containsExactly("Node gpu-node gets no MIG manager, because " + why + ": " + key + "="
            + value + ". Change that label before you partition the node");
  }

  @ParameterizedTest
  @CsvSource({
    "nvidia.com/gpu.deploy.operands, true",
    "nvidia.com/gpu.workload.config, container",
    "nvidia.com/vgpu.host-driver-version, ''",
    "nvidia.com/gpu-operator.resource-allocation.mode, device-plugin"
  })
  void read_gpusForContainers_areNoProblem(String key, String value) {
    assertThat(read(Nodes.b200(1).label(key, value)).problems()).isEmpty();
  }

  private static MigNodeStatus read(Nodes node) {
    return MigNodeStatus.of(node.build(), MigSettings.defaults());
  }
}
